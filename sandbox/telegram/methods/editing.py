"""Changing what is there: edits, deletions, pins, reactions and answers to buttons."""

from sandbox.telegram.calls import Call, Method, formatted_caption, formatted_text, require_right
from sandbox.telegram.chats import Chat
from sandbox.telegram.entities import utf16_length
from sandbox.telegram.errors import Json, bad_request
from sandbox.telegram.files import MEDIA_KINDS, in_message
from sandbox.telegram.keyboards import checked
from sandbox.telegram.methods.sending import COPIES_AT_ONCE, resolve
from sandbox.telegram.reactions import REACTIONS, set_reaction
from sandbox.telegram.state import World, without_reply

CALLBACK_TEXT_LIMIT = 200
DELETABLE_S = 48 * 3600
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
_CAPTION = ("caption", "caption_entities")
_TEXT = ("text", "entities")


def edit_message_text(world: World, call: Call) -> Json:
    """Replace a text message's words; without reply_markup its buttons go."""
    chat, message = _editable(world, call)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return _edit(world, call, (chat, message), formatted_text(call), _TEXT)


def edit_message_caption(world: World, call: Call) -> Json:
    """Replace the words under a file."""
    chat, message = _editable(world, call)
    if "text" in message:
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, call, (chat, message), formatted_caption(call.params), _CAPTION)


def edit_message_media(world: World, call: Call) -> Json:
    """Replace the file and the words under it."""
    chat, message = _editable(world, call)
    item: Json = call.get("media")
    stored = resolve(world, call, item["type"], item["media"], item)
    content = in_message(item["type"], stored) | formatted_caption(item)
    return _edit(world, call, (chat, message), content, (*_TEXT, *_CAPTION, *MEDIA_KINDS))


def edit_message_reply_markup(world: World, call: Call) -> Json:
    """Replace or remove a message's buttons."""
    return _edit(world, call, _editable(world, call), {}, ())


def _editable(world: World, call: Call) -> tuple[Chat, Json]:
    if call.get("chat_id") is None or call.get("message_id") is None:
        raise bad_request("message identifier is not specified")
    chat = world.chat_for_bot(call.get("chat_id"))
    message = chat.messages.get(call.get("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    own = message["from"]["id"] == world.bot["id"]
    if not own or message["message_id"] in chat.keyboards or "forward_origin" in message:
        raise bad_request("message can't be edited")
    return chat, message


def _edit(world: World, call: Call, place: tuple[Chat, Json], content: Json, replaced: tuple[str, ...]) -> Json:
    chat, message = place
    inline, other = checked(call.get("reply_markup"), private=chat.private)
    if other is not None:
        raise bad_request("inline keyboard expected")
    kept = {name: value for name, value in message.items() if name not in {*replaced, "reply_markup", "edit_date"}}
    edited = kept | content | ({} if inline is None else {"reply_markup": inline})
    if edited == {name: value for name, value in message.items() if name != "edit_date"}:
        raise bad_request(NOT_MODIFIED)
    edited["edit_date"] = int(world.clock())
    world.replace(chat, edited)
    return edited


def delete_message(world: World, call: Call) -> bool:
    """Delete one message."""
    chat = world.chat_for_bot(call.get("chat_id"))
    message = chat.messages.get(call.get("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if not _deletable(world, chat, message):
        raise bad_request("message can't be deleted")
    world.remove(chat, message["message_id"])
    return True


def delete_messages(world: World, call: Call) -> bool:
    """Delete those of the messages that exist and may be deleted."""
    chat = world.chat_for_bot(call.get("chat_id"))
    ids: list[int] = call.get("message_ids")
    if not 1 <= len(ids) <= COPIES_AT_ONCE:
        raise bad_request("there must be 1-100 message identifiers")
    for message_id in ids:
        message = chat.messages.get(message_id)
        if message is not None and _deletable(world, chat, message):
            world.remove(chat, message_id)
    return True


def delete_ephemeral_message(world: World, call: Call) -> bool:
    """Delete what one person alone sees."""
    chat = world.chat_for_bot(call.get("chat_id"))
    message = chat.messages.get(call.get("ephemeral_message_id"), {})
    if message.get("receiver_user", {}).get("id") != call.get("receiver_user_id"):
        raise bad_request("message to delete not found")
    world.remove(chat, message["message_id"])
    return True


def _deletable(world: World, chat: Chat, message: Json) -> bool:
    if world.clock() - message["date"] > DELETABLE_S or "forum_topic_created" in message:
        return False
    return message["from"]["id"] == world.bot["id"] or chat.may(world.bot["id"], "can_delete_messages")


def pin_chat_message(world: World, call: Call) -> bool:
    """Pin a message; a service message says so."""
    chat = world.chat_for_bot(call.get("chat_id"))
    require_right(world, chat, "can_pin_messages", "manage pinned messages in the chat")
    message = chat.messages.get(call.get("message_id"))
    if message is None:
        raise bad_request("message to pin not found")
    if message["message_id"] not in chat.pinned:
        chat.pinned.append(message["message_id"])
        pinned = {"pinned_message": without_reply(message)}
        world.post(chat, world.bot, pinned, thread_id=message.get("message_thread_id"), reply_to=message)
    return True


def unpin_chat_message(world: World, call: Call) -> bool:
    """Unpin a message, the most recent pin by default."""
    chat = world.chat_for_bot(call.get("chat_id"))
    require_right(world, chat, "can_pin_messages", "manage pinned messages in the chat")
    message_id = call.get("message_id", chat.pinned[-1] if chat.pinned else None)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(message_id)
    world.changed()
    return True


def unpin_all_chat_messages(world: World, call: Call) -> bool:
    """Unpin everything in a chat."""
    chat = world.chat_for_bot(call.get("chat_id"))
    require_right(world, chat, "can_pin_messages", "manage pinned messages in the chat")
    if chat.pinned:
        world.changed()
    chat.pinned.clear()
    return True


def set_message_reaction(world: World, call: Call) -> bool:
    """Set the bot's one reaction on a message, or take it away."""
    chat = world.chat_for_bot(call.get("chat_id"))
    message = chat.messages.get(call.get("message_id"))
    if message is None:
        raise bad_request("message to react not found")
    wanted: list[Json] = call.get("reaction") or []
    if len(wanted) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(reaction["type"] != "emoji" or reaction["emoji"] not in REACTIONS for reaction in wanted):
        raise bad_request("REACTION_INVALID")
    set_reaction(world, chat, message["message_id"], world.bot, [reaction["emoji"] for reaction in wanted])
    return True


def answer_callback_query(world: World, call: Call) -> bool:
    """Stop the button's spinner, perhaps with words."""
    text = call.get("text")
    if text is not None and utf16_length(text) > CALLBACK_TEXT_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    callback = world.callbacks.get(call.get("callback_query_id"))
    if callback is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    callback.answered, callback.text, callback.show_alert = True, text, bool(call.get("show_alert"))
    world.changed()
    world.events.publish("callback_answered", callback_query_id=callback.id, text=text, show_alert=callback.show_alert)
    return True


METHODS: dict[str, Method] = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "deleteEphemeralMessage": delete_ephemeral_message,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "unpinAllChatMessages": unpin_all_chat_messages,
    "setMessageReaction": set_message_reaction,
    "answerCallbackQuery": answer_callback_query,
}
