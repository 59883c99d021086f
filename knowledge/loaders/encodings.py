"""Bytes → text: UTF-8, UTF-16 with and without its mark, and the Cyrillic and Western pages of older programs."""

import codecs
import re

from knowledge.loaders.unreadable import UnreadableError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PAGES = ("cp1251", "koi8-r", "cp866", "cp1252")
"""Tried in this order; among equals the first wins."""
_DECLARED = re.compile(
    rb"""<\?xml[^>]*?encoding=["']([\w-]{1,40})|<meta[^>]*?charset=["']?\s*([\w-]{1,40})""", re.IGNORECASE
)
_DECLARED_WITHIN = 4_096
_SAMPLE = 200_000
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_BREAKS = re.compile("\r\n?|[\x0b\x0c]")
_CYRILLIC_WORD = re.compile("[А-ЯЁІЇЄҐЎ]?[а-яёіїєґў]+|[А-ЯЁІЇЄҐЎ]+")
_LATIN_WORD = re.compile("[A-ZÀ-ÖØ-ÞŒŠŽŸ]?[a-zß-öø-ÿœšž]+|[A-ZÀ-ÖØ-ÞŒŠŽŸ]+")
_SIGNS = frozenset("«»„“”‘’–—…№°§©®™•·€₽×\xa0\xad")
_PLAUSIBLE = 0.8
"""Share of the letters beyond ASCII that must stand in ordinary words of one alphabet."""


def decode(raw: bytes, *, markup: bool = False) -> str:
    """Return the text with ``\\n`` for line ends; ``markup``: believe an encoding that HTML declares.

    Raises:
        UnreadableError: it is no text, empty, or its encoding cannot be told.
    """
    if not raw.strip():
        raise UnreadableError("is empty")
    text = _CONTROLS.sub(" ", _BREAKS.sub("\n", _text(raw, markup=markup)))
    if not text.strip():
        raise UnreadableError("is empty")
    return text


def _text(raw: bytes, *, markup: bool) -> str:
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return _strictly(raw, name)
    if b"\0" in raw[:_SAMPLE]:
        return _strictly(raw, _without_mark(raw))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        if declared := _declared(raw) if markup else None:
            return raw.decode(declared, errors="replace")
        line = raw.count(b"\n", 0, error.start) + 1
        if _mostly_utf_8(raw):
            raise UnreadableError("is not UTF-8 text from here on: save it in the UTF-8 encoding", line) from error
        return _strictly(raw, _page(raw, line))


def _strictly(raw: bytes, name: str) -> str:
    try:
        return raw.decode(name)
    except UnicodeDecodeError as error:
        line = raw.decode(name, errors="ignore").count("\n") + 1 if error.start else 1
        raise UnreadableError("holds damaged letters: save it in the UTF-8 encoding", line) from error


def _declared(raw: bytes) -> str | None:
    found = _DECLARED.search(raw[:_DECLARED_WITHIN])
    if found is None:
        return None
    try:
        codec = codecs.lookup((found[1] or found[2]).decode("ascii"))
    except LookupError:
        return None
    # Python's codecs of bytes to bytes, escapes and the like are no encodings of a page.
    return (
        codec.name if codec.name in {"utf-8", *_PAGES} or codec.name.startswith(("iso8859", "cp12", "mac-")) else None
    )


def _without_mark(raw: bytes) -> str:
    """UTF-16 without its mark: the high bytes are 0 in Latin text and 4 in Cyrillic, the low ones hardly ever."""
    sample = raw[: _SAMPLE & ~1]
    even, odd = sample[0::2], sample[1::2]
    high_first, high_second = (sum(half.count(byte) for byte in (0, 4)) for half in (even, odd))
    fewest = len(sample) // 2 * 0.7
    if high_second >= fewest > high_first:
        return "utf-16-le"
    if high_first >= fewest > high_second:
        return "utf-16-be"
    raise UnreadableError("is not text", raw.count(b"\n", 0, raw.index(b"\0")) + 1)


def _mostly_utf_8(raw: bytes) -> bool:
    """Say whether a text that is not quite UTF-8 was meant to be: letters of other pages seldom form its own."""
    text = raw.decode(errors="replace")
    return sum(letter > "\x7f" and letter.isalpha() for letter in text) > text.count("\ufffd")


def _page(raw: bytes, line: int) -> str:
    share, _, name = max((_plausibility(raw, name), -number, name) for number, name in enumerate(_PAGES))
    if share < _PLAUSIBLE:
        raise UnreadableError("is in an encoding that cannot be told: save it in the UTF-8 encoding", line)
    return name


def _plausibility(raw: bytes, page: str) -> float:
    """Share of the characters beyond ASCII that stand in words of one alphabet, cased as words are, or are signs."""
    text = raw[:_SAMPLE].decode(page, errors="replace")
    beyond = sum(letter > "\x7f" for letter in text)
    good = sum(letter in _SIGNS for letter in text)
    for word in re.findall(r"[^\W\d_]+", text):
        foreign = sum(letter > "\x7f" for letter in word)
        good += foreign if foreign and (_CYRILLIC_WORD.fullmatch(word) or _LATIN_WORD.fullmatch(word)) else 0
    return good / beyond
