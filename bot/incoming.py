"""From Telegram's updates to the core's values."""

from typing import Any, Final

from aiogram.enums import ContentType
from aiogram.methods import CopyMessage, ForwardMessage, SendMessage, TelegramMethod
from aiogram.types import Message, Poll, User

from bot.unit import dump
from support.customers import Person
from support.jobs import Language
from support.operators import Member
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
_WRITTEN: Final = _KINDS | {
    "unknown",
    "live_photo",
    "paid_media",
    "story",
    "checklist",
    "game",
    "invoice",
    "giveaway",
    "giveaway_winners",
    "rich_message",
    "gift",
    "unique_gift",
}
"""What people send each other; every other kind is a note of Telegram about the chat itself."""
_UNCOPYABLE: Final = frozenset(
    ["unknown", "paid_media", "invoice", "giveaway", "giveaway_winners", "gift", "unique_gift", "checklist", "game"]
)
"""Telegram copies none of these (Bot API, copyMessage), or may not."""
_OURS: Final = ("chat_id", "message_thread_id", "business_connection_id", "reply_markup", "message_effect_id")
"""Parameters that depend on where a copy goes: buttons belong to who made them, effects to private chats."""


def person_of(user: User, chat_id: int) -> Person:
    """Describe who writes."""
    language: Language = "ru" if (user.language_code or "").startswith(("ru", "be", "uk", "kk")) else "en"
    return Person(chat_id, user.full_name[:MAX_NAME] or str(user.id), user.username, language)


def member_of(user: User) -> Member:
    """Describe a member of an operators' group."""
    return Member(user.id, user.full_name[:MAX_NAME] or str(user.id), user.username)


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


def is_service(message: Message) -> bool:
    """Whether Telegram notes that something happened in the chat: nobody said anything."""
    return ContentType(message.content_type).value not in _WRITTEN


def content_of(message: Message) -> dict[str, Any] | None:
    """Return the call that sends a message again, by file id; None for plain text, which needs none.

    What cannot be sent by id (a story, a kind that we do not know) Telegram itself copies, as long as it is there.
    """
    quote = _quote_of(message)
    if message.text is not None and not message.entities and not quote:
        return None
    call = _again(message)
    parameters = {name: value for name, value in dump(call).items() if name not in _OURS}
    if quote:
        parameters["reply_parameters"] = quote
    return {METHOD: type(call).__name__, **parameters}


def _again(message: Message) -> TelegramMethod[Any]:
    copy = CopyMessage(chat_id=0, from_chat_id=message.chat.id, message_id=message.message_id)
    match kind := ContentType(message.content_type).value:
        case "dice" if message.dice is not None:
            # Sent again it would be thrown anew.
            return SendMessage(chat_id=0, text=f"{message.dice.emoji} {message.dice.value}")
        case "poll" if message.poll is not None:
            # Votes in a copy would be seen by nobody.
            return SendMessage(chat_id=0, text=_poll_in_words(message.poll))
        case "story":
            return ForwardMessage(chat_id=0, from_chat_id=message.chat.id, message_id=message.message_id)
        case _ if kind in _UNCOPYABLE:
            return copy
    try:
        call: TelegramMethod[Any] = message.send_copy(chat_id=0)
    except TypeError:
        return copy
    return call.model_copy(update=_forgotten_by_aiogram(message, call))


def _forgotten_by_aiogram(message: Message, call: TelegramMethod[Any]) -> dict[str, Any]:
    """Return what ``Message.send_copy`` leaves out."""
    found = {
        "caption": message.caption,
        "caption_entities": message.caption_entities,
        "has_spoiler": message.has_media_spoiler,
        "show_caption_above_media": message.show_caption_above_media,
    }
    fields = type(call).model_fields
    return {name: value for name, value in found.items() if value and name in fields}


def _poll_in_words(poll: Poll) -> str:
    return "\n".join([f"📊 {poll.question}", *(f"• {option.text}" for option in poll.options)])


def _reply_of(message: Message) -> int | None:
    """Return what a message replies to; in a topic every message replies to the topic's first, which says nothing."""
    target = message.reply_to_message
    if target is None or target.forum_topic_created is not None:
        return None
    return None if target.message_id == message.message_thread_id else target.message_id


def _quote_of(message: Message) -> dict[str, Any]:
    """Return the quoted part of the message that this one replies to (ReplyParameters; whose copy, is seen later)."""
    if message.quote is None or not message.quote.is_manual or _reply_of(message) is None:
        return {}
    quote: dict[str, Any] = {"message_id": 0, "quote": message.quote.text}
    if message.quote.entities:
        quote["quote_entities"] = [
            entity.model_dump(mode="json", exclude_none=True) for entity in message.quote.entities
        ]
    if message.quote.position:
        quote["quote_position"] = message.quote.position
    return quote
