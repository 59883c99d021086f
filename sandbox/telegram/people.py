"""What people do in their apps: write, press, share, edit, react, block. The bot hears of it through its updates."""

from dataclasses import dataclass, replace

from sandbox.telegram.belongings import Callback
from sandbox.telegram.chats import Chat
from sandbox.telegram.entities import format_text, utf16_length
from sandbox.telegram.errors import ActionError, ApiError, Json
from sandbox.telegram.files import MEDIA_KINDS, Upload, in_message
from sandbox.telegram.keyboards import callback_buttons
from sandbox.telegram.methods.topics import open_topic, remove_topic, set_closed
from sandbox.telegram.reactions import REACTIONS, set_reaction
from sandbox.telegram.state import World

TEXT_LIMIT = 4096
STRANGERS_PHONE = "+15550100"


@dataclass(frozen=True, slots=True)
class Media:
    """A file or a place that a person sends."""

    kind: str
    upload: Upload
    emoji: str | None = None
    latitude: float = 0.0
    longitude: float = 0.0


@dataclass(frozen=True, slots=True)
class Words:
    """Everything about a person's message except where it goes."""

    text: str | None = None
    entities: list[Json] | None = None
    media: Media | None = None
    caption: str | None = None
    album: str | None = None
    """Messages of one person that share it are one media group."""
    forwarded: bool = False


def say(
    world: World, chat_id: int, user_id: int, words: Words, *, thread_id: int | None = None, reply_to: int | None = None
) -> Json:
    """Send a person's message; apps split a text that is too long, the last piece is returned.

    Raises:
        ActionError: nothing to send, too long, not a member, no such topic, or a blocked bot.
    """
    chat, user = _present(world, chat_id, user_id)
    *first, last = [words] if words.media or words.entities else [replace(words, text=p) for p in _pieces(words.text)]
    for piece in first:
        _post(world, chat, user, _content(world, user_id, piece), thread_id=thread_id, reply_to=reply_to)
    return _post(world, chat, user, _content(world, user_id, last), thread_id=thread_id, reply_to=reply_to)


def share_contact(
    world: World, chat_id: int, user_id: int, *, own: bool, phone: str | None = None, thread_id: int | None = None
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
    return _post(world, chat, user, {"contact": contact}, thread_id=thread_id)


def edit(world: World, chat_id: int, message_id: int, user_id: int, text: str) -> Json:
    """Change the words of one's own message (of its caption, if it has a file)."""
    chat, user = _present(world, chat_id, user_id)
    message = _message(chat, message_id)
    if message["from"]["id"] != user["id"]:
        raise ActionError("only one's own messages can be edited")
    names = ("text", "entities") if "text" in message else ("caption", "caption_entities")
    plain, entities = _formatted(text, None)
    edited = {name: value for name, value in message.items() if name not in names}
    edited |= {names[0]: plain, "edit_date": int(world.clock())} | ({names[1]: entities} if entities else {})
    world.replace(chat, edited)
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


def _content(world: World, user_id: int, words: Words) -> Json:
    if words.media is None:
        text, entities = _formatted(words.text or "", words.entities)
        content: Json = {"text": text} | ({"entities": entities} if entities else {})
    else:
        content = _media(world, words.media)
        caption = words.caption or words.text
        if caption:
            text, entities = _formatted(caption, words.entities)
            content |= {"caption": text} | ({"caption_entities": entities} if entities else {})
        if words.album:
            content["media_group_id"] = f"{user_id}-{words.album}"
    if words.forwarded:
        origin = {"type": "hidden_user", "sender_user_name": "Somebody else", "date": int(world.clock())}
        content["forward_origin"] = origin
    return content


def _pieces(text: str | None) -> list[str]:
    """Pieces that fit into a message each, cut at white space where there is some."""
    rest = (text or "").strip()
    pieces = []
    while utf16_length(rest) > TEXT_LIMIT:
        head = rest.encode("utf-16-le")[: 2 * TEXT_LIMIT].decode("utf-16-le", errors="ignore")
        end = max(head.rfind(" "), head.rfind("\n")) + 1 or len(head)
        pieces.append(rest[:end])
        rest = rest[end:].strip()
    return [*pieces, rest]


def _formatted(text: str, entities: list[Json] | None) -> tuple[str, list[Json]]:
    try:
        plain, found = format_text(text, None, entities)
    except ApiError as error:
        raise ActionError(error.description) from error
    if not plain:
        raise ActionError("there is nothing to send")
    if utf16_length(plain) > TEXT_LIMIT:
        raise ActionError(f"a message has at most {TEXT_LIMIT} characters")
    return plain, found


def _media(world: World, media: Media) -> Json:
    if media.kind == "location":
        return {"location": {"latitude": media.latitude, "longitude": media.longitude}}
    if media.kind not in MEDIA_KINDS:
        raise ActionError(f"there is no kind of media called {media.kind!r}")
    extra = {"emoji": media.emoji} if media.emoji else {}
    return in_message(media.kind, world.files.add(media.kind, media.upload, extra))
