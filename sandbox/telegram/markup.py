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
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int
    part: int


class _Reader:
    """Reads a source from left to right; ``length`` is what came out so far, in UTF-16 units."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.length = 0
        self.parts: list[str] = []
        self.entities: list[Json] = []
        self.stack: list[_Open] = []

    def read(self) -> tuple[str, list[Json]]:
        while self.position < len(self.source):
            match self.source[self.position]:
                case "<":
                    self._read_tag()
                case "&":
                    self._read_reference()
                case _:
                    self._read_text()
        if self.stack:
            raise _broken(f'Can\'t find end tag corresponding to start tag "{self.stack[-1].tag}"')
        return "".join(self.parts), self.entities

    def _put(self, text: str, end: int) -> None:
        self.parts.append(text)
        self.length += len(text.encode("utf-16-le")) // 2
        self.position = end

    def _read_text(self) -> None:
        found = (self.source.find(mark, self.position) for mark in "<&")
        end = min((place for place in found if place >= 0), default=len(self.source))
        self._put(self.source[self.position : end], end)

    def _read_reference(self) -> None:
        reference = _REFERENCE.match(self.source, self.position)
        if reference is None:
            self._put("&", self.position + 1)
            return
        name, decimal, hexadecimal = reference.groups()
        self._put(_NAMED[name] if name else _character(decimal, hexadecimal, reference[0]), reference.end())

    def _read_tag(self) -> None:
        at = len(self.source[: self.position].encode())
        match = _TAG.match(self.source, self.position)
        if match is None:
            name = self.source[self.position + 1 : self.position + 11]
            raise _broken(f'Unsupported start tag "{name}" at byte offset {at}')
        tag = match[1].lower()
        if self.source[self.position + 1] == "/":
            self._close(tag, at)
        else:
            self._open(tag, match[2], at)
        self.position = match.end()

    def _open(self, tag: str, written: str, at: int) -> None:
        attributes = {name.lower(): a or b or c or "" for name, a, b, c in _ATTRIBUTE.findall(written)}
        if tag not in _TYPES or (tag == "span" and attributes.get("class") != "tg-spoiler"):
            raise _broken(f'Unsupported start tag "{tag}" at byte offset {at}')
        self.stack.append(_Open(tag, attributes, self.length, len(self.parts)))

    def _close(self, tag: str, at: int) -> None:
        if not self.stack:
            raise _broken(f"Unexpected end tag at byte offset {at}")
        opened = self.stack.pop()
        if opened.tag != tag:
            raise _broken(f'Unmatched end tag at byte offset {at}, expected "</{opened.tag}>", found "</{tag}>"')
        entity = _entity(opened, self.length, "".join(self.parts[opened.part :]))
        if entity is not None and not _names_language(opened, self.stack, self.length, self.entities):
            self.entities.append(entity)


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Text and entities of a piece of Telegram's HTML.

    Raises:
        ApiError: an unknown, unclosed or wrongly nested tag; offsets in the words are UTF-8 bytes of the source.
    """
    return _Reader(source).read()


def _character(decimal: str | None, hexadecimal: str | None, written: str) -> str:
    """The character of a numeric reference; what names none stays as it is written."""
    code = int(decimal) if decimal else int(hexadecimal or "0", 16)
    is_text = 0 < code <= _LAST_CODE_POINT and code not in _SURROGATES
    return chr(code) if is_text else written


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
