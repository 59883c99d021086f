"""Formatted text: UTF-16 offsets, Telegram's HTML, and what Telegram finds in plain text by itself."""

import re

from sandbox.telegram.errors import Json, bad_request
from sandbox.telegram.markup import parse_html

_DETECTED = re.compile(
    r"(?P<url>https?://[^\s<>\"']+[^\s<>\"'.,;:!?)])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?:^|(?<=\s))(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)\b"
    r"|(?<!\w)(?P<mention>@[A-Za-z]\w{3,31})"
    r"|(?<!\w)(?P<hashtag>\#[^\W\d]\w*)"
)
_HINTS = ("/", "@", "#")


def utf16_length(text: str) -> int:
    """Length as Telegram counts it, in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def format_text(text: str, parse_mode: str | None, entities: list[Json] | None) -> tuple[str, list[Json]]:
    """Plain text and entities of what a bot or a person sends; white space at the ends is cut as Telegram does.

    Raises:
        ApiError: broken markup, an entity outside of the text, or a parse mode that the sandbox does not know.
    """
    given = list(entities or [])
    match (parse_mode or "").lower():
        case "":
            _check_offsets(text, given)
        case "html":
            text, given = parse_html(text)
        case "markdown" | "markdownv2":
            raise bad_request(f"the sandbox does not parse {parse_mode}: use HTML or entities")
        case _:
            raise bad_request("unsupported parse_mode")
    text, given = _trim(text, given)
    return text, sorted(given + _detect(text, given), key=lambda entity: (entity["offset"], -entity["length"]))


def _check_offsets(text: str, entities: list[Json]) -> None:
    end = utf16_length(text)
    for entity in entities:
        offset, length = entity["offset"], entity["length"]
        if offset < 0 or length < 0:
            raise bad_request("receive an entity with incorrect offset or length")
        if offset + length > end:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {end}"
            )


def _trim(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    stripped = text.strip()
    if not entities or len(stripped) == len(text):
        return stripped, [entity for entity in entities if entity["length"]]
    start = utf16_length(text[: len(text) - len(text.lstrip())])
    end = utf16_length(stripped)
    kept = []
    for entity in entities:
        first = max(0, entity["offset"] - start)
        last = min(end, entity["offset"] + entity["length"] - start)
        if last > first:
            kept.append({**entity, "offset": first, "length": last - first})
    return stripped, kept


def _detect(text: str, given: list[Json]) -> list[Json]:
    if not any(hint in text for hint in _HINTS):
        return []
    found: list[Json] = []
    for match in _DETECTED.finditer(text):
        kind = match.lastgroup
        assert kind is not None  # noqa: S101 - every branch of the pattern is a named group
        offset, length = utf16_length(text[: match.start(kind)]), utf16_length(match[kind])
        if not any(e["offset"] < offset + length and offset < e["offset"] + e["length"] for e in given):
            found.append({"type": kind, "offset": offset, "length": length})
    return found
