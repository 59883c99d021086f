"""From Telegram's updates to the core's values."""

from typing import Final

from aiogram.enums import ContentType
from aiogram.types import Message, User

from support.customers import Person
from support.jobs import Language
from support.turns import Words

MAX_NAME: Final = 100
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
        "contact",
    ]
)


def person_of(user: User, chat_id: int) -> Person:
    """Describe who writes."""
    language: Language = "ru" if (user.language_code or "").startswith(("ru", "be", "uk", "kk")) else "en"
    return Person(chat_id, user.full_name[:MAX_NAME] or str(user.id), user.username, language)


def words_of(message: Message) -> Words:
    """Return the message's text or caption, and its kind; a kind that we do not know is «other»."""
    text = message.text or message.caption or ""
    content = ContentType(message.content_type).value
    kind = content if content in _KINDS else "other"
    return Words(message.message_id, kind, text, album=message.media_group_id is not None)
