"""Long texts in pieces that Telegram takes: cut where a reader pauses anyway, markup balanced in every piece."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate
from typing import Final, Self

from aiogram.enums import MessageEntityType as Kind
from aiogram.types import MessageEntity

TEXT_LIMIT: Final = 4096
CAPTION_LIMIT: Final = 1024
"""Both in UTF-16 units, after entities parsing (Bot API, sendMessage and sendPhoto)."""
SPANNING: Final = frozenset(
    {
        Kind.BOLD,
        Kind.ITALIC,
        Kind.UNDERLINE,
        Kind.STRIKETHROUGH,
        Kind.SPOILER,
        Kind.BLOCKQUOTE,
        Kind.EXPANDABLE_BLOCKQUOTE,
        Kind.PRE,
    }
)
"""What may be closed at the end of a piece and opened again; every other entity means something only as a whole."""
Piece = tuple[str, list[MessageEntity]]

_SPACE = re.compile(r"\s+")
_UNBREAKABLE: Final = "\u00a0\u2007\u202f"
_END = re.compile(r"[.!?…]+(?=[»”’\"')\]]*$)")
_WORD = re.compile(r"[\w.-]*$")
_LETTERS = re.compile(r"\w(?:\.\w)*")
_ITEM = re.compile(r"(?:^|\n)[ \t]*\d{1,3}$")
_HEAD: Final = 40
"""How far a sentence end looks back for an abbreviation."""
_ABBREVIATIONS = re.compile(
    "ул|им|тел|стр|др|пр|просп|пер|пл|корп|кв|обл|рис|табл|гл|см|ср|руб|коп|тыс|млн|млрд|мин|сек|напр|проф|акад|доц|гр|ст|"
    "англ|рус|ред|изд|etc|vs|cf|mr|mrs|ms|dr|prof|st|no|fig|inc|ltd|co|jr|sr|approx|dept|est|vol"
)
_REGIONAL: Final = range(0x1F1E6, 0x1F200)
_EXTENDING: Final = (
    range(0x200C, 0x200E),  # zero width joiner and non-joiner
    range(0x1F3FB, 0x1F400),  # skin tones
    range(0xE0020, 0xE0080),  # tags of the flags of Scotland and others
    range(0x1160, 0x1200),  # conjoining vowels and finals of Hangul
    range(0xD7B0, 0xD7FC),
)


def fits(text: str, limit: int) -> bool:
    """Whether a text is at most `limit` UTF-16 units long."""
    return len(text.encode("utf-16-le")) <= 2 * limit


def split(text: str, entities: Sequence[MessageEntity] = (), limit: int = TEXT_LIMIT) -> list[Piece]:
    """Cut a text into pieces of at most `limit` UTF-16 units; one that fits comes back unchanged, a blank one as none.

    Cuts at the end of a paragraph, else of a line, a sentence, a word, as long as that fills half a piece. White space
    at a cut is dropped (and around a text that is cut, as Telegram does itself), but not a code block's indentation.

    Raises:
        ValueError: the limit does not hold one emoji.
    """
    if limit < 2:  # noqa: PLR2004  # one emoji
        raise ValueError(f"a piece must hold two UTF-16 units at least, not {limit}")
    if not text.strip():
        return []
    source = _Source.of(text, entities, limit)
    if source.at[-1] <= limit:
        return [(text, list(entities))]
    pieces, start = [], source.resume(0)
    while start < source.stop:
        cut = source.cut(start)
        pieces.append(source.piece(start, cut))
        start = source.resume(cut)
    return pieces


def split_caption(
    text: str, entities: Sequence[MessageEntity] = (), limit: int = CAPTION_LIMIT
) -> tuple[Piece | None, list[Piece]]:
    """Return the caption that goes with the media, and the messages that follow it.

    A caption that fits stays whole with its media. A longer one is not torn in two: the media go without a caption,
    and the text follows as messages of its own.
    """
    if not text.strip():
        return None, []
    pieces = split(text, entities, limit)
    return (pieces[0], []) if len(pieces) == 1 else (None, split(text, entities))


class _Boundary(IntEnum):
    WORD = 1
    SENTENCE = 2
    LINE = 3
    PARAGRAPH = 4


@dataclass(frozen=True, slots=True)
class _Source:
    """The whole text; positions are those of Python's characters."""

    text: str
    limit: int
    at: list[int]
    """UTF-16 units before every position."""
    spans: list[tuple[int, int, MessageEntity]]
    within: bytearray
    """1 at every position inside of an entity that is kept whole."""
    stop: int

    @classmethod
    def of(cls, text: str, entities: Sequence[MessageEntity], limit: int) -> Self:
        at = list(accumulate((2 if ord(character) > 0xFFFF else 1 for character in text), initial=0))  # noqa: PLR2004
        spans = [(bisect_left(at, e.offset), bisect_left(at, e.offset + e.length), e) for e in entities]
        spans = [(start, min(end, len(text)), entity) for start, end, entity in spans]
        within = bytearray(len(at))
        for start, end, entity in spans:
            if entity.type not in SPANNING and entity.length <= limit and end > start:
                within[start + 1 : end] = b"\x01" * (end - start - 1)
        return cls(text, limit, at, spans, within, len(text.rstrip()))

    def piece(self, start: int, cut: int) -> Piece:
        """Return what is between two positions, with the entities clipped to it."""
        words = self.text[start:cut].rstrip()
        clipped = []
        for first, last, entity in self.spans:
            first, last = max(first, start), min(last, start + len(words))  # noqa: PLW2901
            if first < last:
                place = {"offset": self.at[first] - self.at[start], "length": self.at[last] - self.at[first]}
                clipped.append(entity.model_copy(update=place))
        return words, clipped

    def resume(self, cut: int) -> int:
        """Return where the next piece begins: after the white space, in a code block at its line's indentation."""
        run = _SPACE.match(self.text, cut)
        if run is None:
            return cut
        first = run.end()
        line = self.text.rfind("\n", cut, first) + 1
        if first == len(self.text) or (cut and not line) or not self._is_code(line):
            return first
        return line if 2 * (self.at[first + 1] - self.at[line]) <= self.limit else first

    def cut(self, start: int) -> int:
        """Return where the piece that begins there ends."""
        if self.at[self.stop] - self.at[start] <= self.limit:
            return self.stop
        end = bisect_right(self.at, self.at[start] + self.limit) - 1
        best, last = None, None
        for position, kind in self._boundaries(start, end):
            if 2 * (self.at[position] - self.at[start]) < self.limit:
                last = position
            elif best is None or kind >= best[1]:
                best = position, kind
        if best is not None:
            return best[0]
        return last if last is not None and self._fits_from(last, end) else self._hard_cut(start, end)

    def _boundaries(self, start: int, end: int) -> Iterator[tuple[int, _Boundary]]:
        for run in _SPACE.finditer(self.text, start):
            if run.start() > end:
                return
            breaks = run[0].strip(_UNBREAKABLE) and not _joined(self.text, run.end())
            if run.start() > start and breaks and self._may_cut(run.start()):
                yield run.start(), self._kind(run)

    def _kind(self, white: re.Match[str]) -> _Boundary:
        if line_breaks := white[0].count("\n"):
            return _Boundary.LINE if line_breaks == 1 else _Boundary.PARAGRAPH
        before = self.text[max(0, white.start() - _HEAD) : white.start()]
        after = self.text[white.end() : white.end() + 1]
        return _Boundary.SENTENCE if _ends_sentence(before, after) else _Boundary.WORD

    def _fits_from(self, cut: int, end: int) -> bool:
        """Whether what cannot be cut after this position fits into the next piece."""
        first = self.resume(cut)
        runs = _SPACE.finditer(self.text, first)
        following = (run.start() for run in runs if run.start() > end and self._may_cut(run.start()))
        return self.at[next(following, self.stop)] - self.at[first] <= self.limit

    def _hard_cut(self, start: int, end: int) -> int:
        first = start + len(self.text[start:end]) - len(self.text[start:end].lstrip())
        for position in range(end, first, -1):
            if self._may_cut(position):
                return position
        # One entity overlaps the next, or one letter carries more marks than a piece holds.
        return next((position for position in range(end, first, -1) if not _joined(self.text, position)), end)

    def _may_cut(self, position: int) -> bool:
        return not self.within[position] and not _joined(self.text, position)

    def _is_code(self, position: int) -> bool:
        return any(first <= position < last and e.type == Kind.PRE for first, last, e in self.spans)


def _ends_sentence(head: str, following: str) -> bool:
    mark = _END.search(head)
    if mark is None or following in {"—", "–", "-"}:
        return False
    before = head[: mark.start()]
    if mark[0][-1] in ".…" and following.islower():
        return False
    if mark[0] != ".":
        return True
    word = _WORD.search(before)
    word_before = word[0].casefold() if word else ""
    if _ITEM.search(before) or _ABBREVIATIONS.fullmatch(word_before):
        return False
    return word_before.isdigit() or not _LETTERS.fullmatch(word_before)


def _joined(text: str, position: int) -> bool:
    """Whether the characters on both sides make one sign: UAX #29 without its rarer rules (prepended marks)."""
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if after.isascii():
        return before == "\u200d" or before + after == "\r\n"
    if before == "\u200d" or unicodedata.category(after).startswith("M"):
        return True
    if ord(after) in _REGIONAL:
        first = position
        while first and ord(text[first - 1]) in _REGIONAL:
            first -= 1
        return (position - first) % 2 == 1
    return any(ord(after) in extending for extending in _EXTENDING)
