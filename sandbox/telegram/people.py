"""What people do in their apps: write, press, share, edit, react, block. The bot hears of it through its updates."""

from dataclasses import replace

from sandbox.telegram.belongings import Callback
from sandbox.telegram.chats import Chat
from sandbox.telegram.errors import ActionError, Json
from sandbox.telegram.keyboards import callback_buttons
from sandbox.telegram.methods.topics import open_topic, remove_topic, set_closed
from sandbox.telegram.quotes import find_quote
from sandbox.telegram.reactions import REACTIONS, set_reaction
from sandbox.telegram.state import World
from sandbox.telegram.words import CAPTIONED, Words, content, formatted, pieces

__all__ = [
    "Words", "block", "change_topic", "create_topic", "delete", "edit", "press", "react", "say", "share_contact",
    "stop_generation",
]  # fmt: skip

STRANGERS_PHONE = "+15550100"


def say(
    world: World, chat_id: int, user_id: int, words: Words, *, thread_id: int | None = None, reply_to: int | None = None
) -> Json:
    """Send a person's message; apps split a text that is too long, the last piece is returned.

    Raises:
        ActionError: nothing to send, too long, not a member, no such topic, or a blocked bot.
    """
    chat, user = _present(world, chat_id, user_id)
    *first, last = [words] if words.media or words.entities else [replace(words, text=p) for p in pieces(words.text)]
    quoted = _quoted(chat, words, reply_to)
    for piece in first:
        _post(world, chat, user, content(world, user_id, piece) | quoted, thread_id=thread_id, reply_to=reply_to)
    return _post(world, chat, user, content(world, user_id, last) | quoted, thread_id=thread_id, reply_to=reply_to)


def share_contact(
    world: World,
    chat_id: int,
    user_id: int,
    *,
    own: bool,
    phone: str | None = None,
    thread_id: int | None = None,
    reply_to: int | None = None,
) -> Json:
    """Send a contact: one's own with the user id that proves it, or a stranger's without."""
    chat, user = _present(world, chat_id, user_id)
    if own:
        number = phone or world.phones.get(user_id)
        if number is None:
            raise ActionError(f"user {user_id} has no phone: give one")
        contact: Json = {"phone_number": number, "first_name": user["first_name"], "user_id": user_id}
        if "last_name" in user:
            contact["last_name"] = user["last_name"]
    else:
        contact = {"phone_number": phone or STRANGERS_PHONE, "first_name": "Stranger"}
    return _post(world, chat, user, {"contact": contact}, thread_id=thread_id, reply_to=reply_to)


def edit(
    world: World, chat_id: int, message_id: int, user_id: int, text: str, *, entities: list[Json] | None = None
) -> Json:
    """Change the words of one's own message: of its caption, if it has a file; no words take a caption away.

    Raises:
        ActionError: somebody else's message, a forward, or one without words to edit.
    """
    chat, user = _present(world, chat_id, user_id)
    message = _message(chat, message_id)
    if message["from"]["id"] != user["id"] or "forward_origin" in message:
        raise ActionError("only one's own messages can be edited")
    names = ("text", "entities") if "text" in message else ("caption", "caption_entities")
    if "text" not in message and message.keys().isdisjoint(CAPTIONED):
        raise ActionError("there are no words to edit in this message")
    edited = {name: value for name, value in message.items() if name not in names}
    if text or "text" in message:
        plain, found = formatted(text, entities)
        edited |= {names[0]: plain} | ({names[1]: found} if found else {})
    edited["edit_date"] = int(world.clock())
    world.replace(chat, edited)
    if world.hears_of(chat, edited):
        world.updates.push("edited_message", edited)
    return edited


def delete(world: World, chat_id: int, message_id: int, user_id: int) -> None:
    """Delete one's own message, or any as an administrator; Telegram tells the bot nothing."""
    chat, _ = _present(world, chat_id, user_id)
    message = _message(chat, message_id)
    if message["from"]["id"] != user_id and not chat.may(user_id, "can_delete_messages"):
        raise ActionError("this message is not yours to delete")
    world.remove(chat, message_id)


def press(world: World, chat_id: int, message_id: int, user_id: int, data: str) -> Callback:
    """Press an inline button.

    Raises:
        ActionError: there is no such button.
    """
    chat, user = _present(world, chat_id, user_id)
    message = _message(chat, message_id)
    if not any(button["callback_data"] == data for button in callback_buttons(message)):
        raise ActionError(f"message {message_id} has no button with the data {data!r}")
    callback = Callback(f"{4_000_000_000 + len(world.callbacks)}", user_id)
    world.callbacks[callback.id] = callback
    query = {"id": callback.id, "from": user, "message": message, "chat_instance": str(chat.id), "data": data}
    world.updates.push("callback_query", query)
    return callback


def react(world: World, chat_id: int, message_id: int, user_id: int, emoji: str) -> None:
    """Set one's reaction, or take it away with an empty one."""
    chat, user = _present(world, chat_id, user_id)
    _message(chat, message_id)
    if emoji and emoji not in REACTIONS:
        raise ActionError(f"{emoji} is no reaction that Telegram has")
    new = [emoji] if emoji else []
    old = set_reaction(world, chat, message_id, user, new)
    if chat.private or chat.is_admin(world.bot["id"]):
        body = {
            "chat": chat.info,
            "message_id": message_id,
            "user": user,
            "date": int(world.clock()),
            "old_reaction": [{"type": "emoji", "emoji": one} for one in old],
            "new_reaction": [{"type": "emoji", "emoji": one} for one in new],
        }
        world.updates.push("message_reaction", body)


def block(world: World, user_id: int, *, blocked: bool) -> None:
    """Block the bot, or start it again."""
    chat = world.chat(user_id)
    if not chat.private:
        raise ActionError("only a person can block the bot")
    if chat.blocked == blocked:
        return
    chat.blocked = blocked
    kicked = {"user": world.bot, "status": "kicked", "until_date": 0}
    member = {"user": world.bot, "status": "member"}
    change = {
        "chat": chat.info,
        "from": world.users[user_id],
        "date": int(world.clock()),
        "old_chat_member": member if blocked else kicked,
        "new_chat_member": kicked if blocked else member,
    }
    world.updates.push("my_chat_member", change)


def stop_generation(world: World, chat_id: int, user_id: int, draft_id: int) -> None:
    """Press the stop button of a preview."""
    chat, _ = _present(world, chat_id, user_id)
    world.updates.push("stopped_message_generation", {"chat": chat.info, "draft_id": draft_id})


def create_topic(world: World, chat_id: int, user_id: int, name: str) -> Json:
    """Open a topic by hand."""
    chat, user = _present(world, chat_id, user_id)
    if not chat.forum:
        raise ActionError("the chat is not a forum")
    return open_topic(world, chat, user, name).view()


def change_topic(world: World, chat_id: int, user_id: int, thread_id: int, action: str) -> None:
    """Close, reopen or delete a topic by hand; of a deletion Telegram tells the bot nothing."""
    chat, user = _present(world, chat_id, user_id)
    topic = chat.topics.get(thread_id)
    if topic is None:
        raise ActionError(f"there is no topic {thread_id}", status=404)
    if not chat.may(user_id, "can_manage_topics"):
        raise ActionError("only an administrator can change topics")
    match action:
        case "delete":
            remove_topic(world, chat, topic)
        case "close" | "reopen" if topic.closed != (action == "close"):
            set_closed(world, chat, topic, user, closed=action == "close")
        case _:
            raise ActionError("nothing to do: the topic is like that already")


def _present(world: World, chat_id: int, user_id: int) -> tuple[Chat, Json]:
    chat = world.chat(chat_id)
    user = world.users.get(user_id)
    if user is None:
        raise ActionError(f"there is no user {user_id}", status=404)
    if chat.private and chat_id != user_id:
        raise ActionError("this private chat belongs to somebody else")
    if not chat.private and user_id not in chat.members:
        raise ActionError(f"user {user_id} is not a member of the group")
    return chat, user


def _message(chat: Chat, message_id: int) -> Json:
    message = chat.messages.get(message_id)
    if message is None:
        raise ActionError(f"there is no message {message_id} in this chat", status=404)
    return message


def _quoted(chat: Chat, words: Words, reply_to: int | None) -> Json:
    if words.quote is None:
        return {}
    if reply_to is None:
        raise ActionError("quote: say with reply_to which message it is from")
    quote = find_quote(_message(chat, reply_to), words.quote, None, words.quote_position)
    if quote is None:
        raise ActionError("quote: the message does not say that")
    return {"quote": quote}


def _post(
    world: World, chat: Chat, user: Json, content: Json, *, thread_id: int | None = None, reply_to: int | None = None
) -> Json:
    if chat.blocked:
        raise ActionError("the bot is blocked: unblock it first")
    target = None if reply_to is None else _message(chat, reply_to)
    if target is not None and thread_id is None and chat.forum:
        thread_id = target.get("message_thread_id")
    if thread_id is not None:
        topic = chat.topics.get(thread_id) if chat.forum else None
        if topic is None:
            raise ActionError(f"there is no topic {thread_id}", status=404)
        if topic.closed and not chat.is_admin(user["id"]):
            raise ActionError("the topic is closed")
    return world.post(chat, user, content, thread_id=thread_id, reply_to=target)
