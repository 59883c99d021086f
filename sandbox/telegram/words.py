"""What a person's message consists of: words, a file, a place, dice, a poll."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.telegram.entities import format_text, utf16_length
from sandbox.telegram.errors import ActionError, ApiError, Json
from sandbox.telegram.files import MEDIA_KINDS, Upload, in_message
from sandbox.telegram.methods import objects
from sandbox.telegram.state import World

# Of a text, and of a caption as premium users may write it: four times what a bot may.
TEXT_LIMIT = 4096
CAPTIONED = frozenset(MEDIA_KINDS) - {"sticker", "video_note"}


@dataclass(frozen=True, slots=True)
class Media:
    """A file or another object that a person sends."""

    kind: str
    upload: Upload
    emoji: str | None = None
    latitude: float = 0.0
    longitude: float = 0.0
    title: str = ""
    """A venue's name."""
    address: str = ""
    question: str = ""
    options: Sequence[str] = ()


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
    protected: bool = False
    """It can be neither copied nor forwarded."""
    quote: str | None = None
    """What the reply quotes."""
    quote_position: int = 0


def content(world: World, user_id: int, words: Words) -> Json:
    """The fields of a Message that say what is in it.

    Raises:
        ActionError: nothing to send, or too long.
    """
    if words.media is None:
        found = _worded("text", "entities", words.text or "", words.entities)
    else:
        found = _media(world, words.media)
        caption = words.caption or words.text
        if caption:
            found |= _worded("caption", "caption_entities", caption, words.entities)
        if words.album:
            found["media_group_id"] = f"{user_id}-{words.album}"
    if words.forwarded:
        origin = {"type": "hidden_user", "sender_user_name": "Somebody else", "date": int(world.clock())}
        found["forward_origin"] = origin
    if words.protected:
        found["has_protected_content"] = True
    return found


def pieces(text: str | None) -> list[str]:
    """Pieces that fit into a message each, cut at white space where there is some."""
    rest = (text or "").strip()
    cut = []
    while utf16_length(rest) > TEXT_LIMIT:
        head = rest.encode("utf-16-le")[: 2 * TEXT_LIMIT].decode("utf-16-le", errors="ignore")
        end = max(head.rfind(" "), head.rfind("\n")) + 1 or len(head)
        cut.append(rest[:end])
        rest = rest[end:].strip()
    return [*cut, rest]


def formatted(text: str, entities: list[Json] | None) -> tuple[str, list[Json]]:
    """Text and entities as Telegram makes them of what a person wrote.

    Raises:
        ActionError: empty, too long, or an entity outside of the text.
    """
    try:
        plain, found = format_text(text, None, entities)
    except ApiError as error:
        raise ActionError(error.description) from error
    if not plain:
        raise ActionError("there is nothing to send")
    if utf16_length(plain) > TEXT_LIMIT:
        raise ActionError(f"a message has at most {TEXT_LIMIT} characters")
    return plain, found


def _worded(text_name: str, entities_name: str, text: str, entities: list[Json] | None) -> Json:
    plain, found = formatted(text, entities)
    return {text_name: plain} | ({entities_name: found} if found else {})


def _media(world: World, media: Media) -> Json:
    try:
        match media.kind:
            case "location":
                return {"location": {"latitude": media.latitude, "longitude": media.longitude}}
            case "venue":
                named = {"title": media.title or "Somewhere", "address": media.address or "Main street 1"}
                return objects.venue(media.latitude, media.longitude, named)
            case "dice":
                return objects.dice(world, media.emoji or "🎲")
            case "poll":
                return objects.poll(world, media.question, media.options)
    except ApiError as error:
        raise ActionError(error.description) from error
    if media.kind not in MEDIA_KINDS:
        raise ActionError(f"there is no kind of media called {media.kind!r}")
    extra = {"emoji": media.emoji} if media.emoji else {}
    return in_message(media.kind, world.files.add(media.kind, media.upload, extra))
