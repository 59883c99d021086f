"""One Bot API call with its checked parameters, and what sending methods have in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.telegram import keyboards
from sandbox.telegram.chats import Chat, Right
from sandbox.telegram.entities import format_text, utf16_length
from sandbox.telegram.errors import Json, bad_request
from sandbox.telegram.files import Upload
from sandbox.telegram.quotes import find_quote
from sandbox.telegram.state import World

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
GENERAL_THREAD_ID = 1


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose parameters have passed the schema; ``uploads`` are the files that came along, by form field."""

    params: Json
    uploads: Mapping[str, Upload]

    def get(self, name: str, default: object = None) -> Any:  # noqa: ANN401 - the schema has checked the type
        """A parameter, or the default when it was not given."""
        return self.params.get(name, default)


Method = Callable[[World, Call], object]


def formatted_text(call: Call) -> Json:
    """``text`` and ``entities`` of a message.

    Raises:
        ApiError: empty, too long, or wrongly formatted.
    """
    text, entities = format_text(call.get("text", ""), call.get("parse_mode"), call.get("entities"))
    if not text:
        raise bad_request("message text is empty")
    if utf16_length(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return {"text": text, "entities": entities} if entities else {"text": text}


def formatted_caption(params: Json) -> Json:
    """``caption`` and ``caption_entities`` of a message, or nothing.

    Raises:
        ApiError: too long or wrongly formatted.
    """
    text, entities = format_text(params.get("caption") or "", params.get("parse_mode"), params.get("caption_entities"))
    if utf16_length(text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    if not text:
        return {}
    return {"caption": text, "caption_entities": entities} if entities else {"caption": text}


def send(world: World, call: Call, content: Json) -> Json:
    """Put the bot's message where the call says: chat, topic, reply, keyboard."""
    chat = world.chat_for_bot(call.get("chat_id"))
    reply_to = _reply_target(chat, call)
    thread_id = call.get("message_thread_id")
    if thread_id is None and reply_to is not None and chat.forum:
        thread_id = reply_to.get("message_thread_id")
    check_thread(world, chat, thread_id)
    inline, other = keyboards.checked(call.get("reply_markup"), private=chat.private)
    if inline is not None:
        content = {**content, "reply_markup": inline}
    if call.get("protect_content"):
        content = {**content, "has_protected_content": True}
    if reply_to is not None:
        content = {**content, **_quoted(reply_to, call.get("reply_parameters") or {})}
    return world.post(chat, world.bot, content, thread_id=thread_id, reply_to=reply_to, keyboard=other)


def check_thread(world: World, chat: Chat, thread_id: int | None) -> None:
    """Refuse a topic that does not exist (General's id 1 included) or is closed to the bot."""
    if thread_id is None:
        return
    topic = chat.topics.get(thread_id) if chat.forum else None
    if topic is None or thread_id == GENERAL_THREAD_ID:
        raise bad_request("message thread not found")
    if topic.closed and not chat.may(world.bot["id"], "can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")


def _reply_target(chat: Chat, call: Call) -> Json | None:
    given = call.get("reply_parameters") or {}
    message_id = given.get("message_id") or call.get("reply_to_message_id")
    if message_id is None:
        return None
    if given.get("chat_id") not in {None, chat.id}:
        raise bad_request("the sandbox does not support replies to a message of another chat")
    target = chat.messages.get(message_id)
    if target is None and not (given.get("allow_sending_without_reply") or call.get("allow_sending_without_reply")):
        raise bad_request("message to be replied not found")
    return target


def _quoted(original: Json, given: Json) -> Json:
    if not given.get("quote"):
        return {}
    text, entities = format_text(given["quote"], given.get("quote_parse_mode"), given.get("quote_entities"))
    quote = find_quote(original, text, entities, given.get("quote_position", 0))
    if quote is None:
        raise bad_request("QUOTE_TEXT_INVALID")
    return {"quote": quote}


def require_right(world: World, chat: Chat, right: Right, what: str) -> None:
    """Refuse what the bot as a member of this group may not do."""
    if not chat.may(world.bot["id"], right):
        raise bad_request(f"not enough rights to {what}")
