"""From Telegram's updates to the core's values."""

from typing import Any, Final

from aiogram.enums import ContentType
from aiogram.methods import CopyMessage, TelegramMethod
from aiogram.types import Message, User

from bot.unit import dump
from support.customers import Person
from support.jobs import Language
from support.turns import Words

MAX_NAME: Final = 100
METHOD: Final = "method"
"""Beside the call's parameters in ``Words.content``: the name of its method."""
_KINDS: Final = frozenset(
    [
        "text",
        "photo",
        "voice",
        "audio",
        "video",
        "video_note",
        "document",
        "animation",
        "sticker",
        "location",
        "venue",
        "contact",
        "poll",
        "dice",
    ]
)


def person_of(user: User, chat_id: int) -> Person:
    """Describe who writes."""
    language: Language = "ru" if (user.language_code or "").startswith(("ru", "be", "uk", "kk")) else "en"
    return Person(chat_id, user.full_name[:MAX_NAME] or str(user.id), user.username, language)


def words_of(message: Message) -> Words:
    """Return the message's text or caption, its kind, and the call that sends it again."""
    return Words(
        message.message_id,
        kind_of(message),
        message.text or message.caption or "",
        album=message.media_group_id,
        reply_to_id=_reply_of(message),
        content=content_of(message),
        forwarded=message.forward_origin is not None,
    )


def kind_of(message: Message) -> str:
    """Return what the message is; a kind that we do not know is «other»."""
    content = ContentType(message.content_type).value
    return content if content in _KINDS else "other"


def content_of(message: Message) -> dict[str, Any] | None:
    """Return the call that sends a message again, by file id; None for plain text, which needs none.

    What cannot be sent by id (a poll with its votes, a story …) is copied by Telegram itself, as long as it is there.
    """
    quote = _quote_of(message)
    if message.text is not None and not message.entities and not quote:
        return None
    try:
        call: TelegramMethod[Any] = message.send_copy(chat_id=0)
    except TypeError:
        call = CopyMessage(chat_id=0, from_chat_id=message.chat.id, message_id=message.message_id)
    parameters = dump(call)
    for ours in ("chat_id", "message_thread_id", "business_connection_id", "reply_markup"):
        parameters.pop(ours, None)
    if quote:
        parameters["reply_parameters"] = quote
    return {METHOD: type(call).__name__, **parameters}


def _reply_of(message: Message) -> int | None:
    """Return what a message replies to; in a topic every message replies to the topic's first, which says nothing."""
    target = message.reply_to_message
    if target is None or target.forum_topic_created is not None:
        return None
    return None if target.message_id == message.message_thread_id else target.message_id


def _quote_of(message: Message) -> dict[str, Any]:
    """Return the quoted part of the message that this one replies to (ReplyParameters)."""
    if message.quote is None or not message.quote.is_manual:
        return {}
    quote: dict[str, Any] = {"quote": message.quote.text}
    if message.quote.entities:
        quote["quote_entities"] = [
            entity.model_dump(mode="json", exclude_none=True) for entity in message.quote.entities
        ]
    return quote
