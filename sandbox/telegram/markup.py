"""Telegram's HTML, with the refusals that it has for broken markup (Bot API, «HTML style»)."""

import re
from dataclasses import dataclass

from sandbox.telegram.errors import Json, bad_request

_TYPES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9-]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot)|#(\d+)|#x([0-9a-fA-F]+));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int
    position: int


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Text and entities of a piece of Telegram's HTML.

    Raises:
        ApiError: an unknown, unclosed or wrongly nested tag; offsets in the words are UTF-8 bytes of the source.
    """
    parts: list[str] = []
    entities: list[Json] = []
    stack: list[_Open] = []
    length = position = 0
    while position < len(source):
        if source[position] == "<":
            position = _read_tag(source, position, length, stack, parts, entities)
            continue
        piece, position = _read_text(source, position)
        parts.append(piece)
        length += len(piece.encode("utf-16-le")) // 2
    if stack:
        raise _broken(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return "".join(parts), entities


def _read_text(source: str, position: int) -> tuple[str, int]:
    if source[position] != "&":
        ends = [end for end in (source.find("<", position), source.find("&", position)) if end >= 0]
        end = min(ends, default=len(source))
        return source[position:end], end
    reference = _REFERENCE.match(source, position)
    if reference is None:
        return "&", position + 1
    name, decimal, hexadecimal = reference.groups()
    text = _NAMED[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))
    return text, reference.end()


def _read_tag(
    source: str, position: int, length: int, stack: list[_Open], parts: list[str], entities: list[Json]
) -> int:
    at = len(source[:position].encode())
    match = _TAG.match(source, position)
    if match is None:
        raise _broken(f'Unsupported start tag "{source[position + 1 : position + 11]}" at byte offset {at}')
    tag = match[1].lower()
    if source[position + 1] != "/":
        attributes = {name.lower(): a or b or c or "" for name, a, b, c in _ATTRIBUTE.findall(match[2])}
        if tag not in _TYPES or (tag == "span" and attributes.get("class") != "tg-spoiler"):
            raise _broken(f'Unsupported start tag "{tag}" at byte offset {at}')
        stack.append(_Open(tag, attributes, length, len(parts)))
        return match.end()
    if not stack:
        raise _broken(f"Unexpected end tag at byte offset {at}")
    opened = stack.pop()
    if opened.tag != tag:
        raise _broken(f'Unmatched end tag at byte offset {at}, expected "</{opened.tag}>", found "</{tag}>"')
    entity = _entity(opened, length, "".join(parts[opened.position :]))
    if entity is not None and not _names_language(opened, stack, length, entities):
        entities.append(entity)
    return match.end()


def _names_language(opened: _Open, stack: list[_Open], length: int, entities: list[Json]) -> bool:
    """``<pre><code class="language-…">``: the inner tag only names the language of the outer one."""
    if opened.tag == "pre" and entities and entities[-1].get("type") == "pre":
        last = entities[-1]
        return bool(last["offset"] == opened.offset and last["offset"] + last["length"] == length)
    language = opened.attributes.get("class", "")
    if opened.tag == "code" and stack and stack[-1].tag == "pre" and language.startswith("language-"):
        entities.append(
            {
                "type": "pre",
                "offset": opened.offset,
                "length": length - opened.offset,
                "language": language.removeprefix("language-"),
            }
        )
        return True
    return False


def _entity(opened: _Open, end: int, content: str) -> Json | None:
    if end == opened.offset:
        return None
    entity: Json = {"type": _TYPES[opened.tag], "offset": opened.offset, "length": end - opened.offset}
    if opened.tag == "a":
        href = opened.attributes.get("href") or content
        if href.startswith("tg://user?id="):
            return {**entity, "type": "text_mention", "user": {"id": int(href.rpartition("=")[2])}}
        if not re.match(r"(https?|tg|mailto|tel|ftp):", href):
            return None
        entity["url"] = href
    elif opened.tag == "blockquote" and "expandable" in opened.attributes:
        entity["type"] = "expandable_blockquote"
    elif opened.tag == "tg-emoji":
        entity["custom_emoji_id"] = opened.attributes.get("emoji-id", "")
    return entity


def _broken(what: str) -> Exception:
    return bad_request(f"can't parse entities: {what}")
