"""Lines of a PDF's pages → headings and paragraphs: what a PDF does not tell itself."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.documents import Block
from knowledge.loaders.outline import Outline

_LARGER = 1.15
"""A heading's letters are so much taller than those of the text."""
_MAX_HEADING = 120
_MAX_LEVELS = 3
_SENTENCE_END = (".", "!", "?", "…", ":", ";")
_ITEM = re.compile(r"[-–—•·▪◦*]\s|\d{1,3}[.)]\s")
_WORD = re.compile(r"[^\W\d_]+")
_PAGE_NUMBER = re.compile(
    r"(?:(?:page|p\.|страница|стр\.|с\.)\s*)?[-–—]?\s*\d{1,4}\s*[-–—]?(?:\s*(?:/|of|из)\s*\d{1,4})?", re.IGNORECASE
)
_SHORT = 0.75
"""A line shorter than this share of the page's longest ends its paragraph."""
_FEWEST_PAGES = 3
"""From so many on, a line that stands at the same end of most pages is a running head: once is enough."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page."""

    text: str
    size: float
    """Height of its letters, points; 0 if unknown."""


def lay_out(pages: list[list[Line]], named: Mapping[str, int]) -> Outline:
    """Tell headings, paragraphs and running heads apart; ``named``: headings by ``key`` with their levels.

    Where the file names no headings, lines in larger letters are taken for them.
    """
    pages = _without_running_heads(pages)
    layout = _Layout(pages, named)
    for page in pages:
        layout.add_page(page)
    layout.close()
    return layout.outline


def key(text: str) -> str:
    """Return the form in which headings are compared."""
    return " ".join(text.lower().split())


class _Layout:
    def __init__(self, pages: list[list[Line]], named: Mapping[str, int]) -> None:
        lines = [line for page in pages for line in page]
        self.outline = Outline()
        self._named, self._sizes = named, _levels(lines)
        self._words = {word for line in lines for word in _WORD.findall(line.text.lower())}
        self._paragraph: list[str] = []
        self._heading: list[str] = []
        self._level = 0

    def add_page(self, page: list[Line]) -> None:
        longest = max((len(line.text) for line in page), default=0)
        for line in page:
            level = self._level_of(line)
            if level:
                self._add_heading(level, line.text)
            else:
                self._add_text(line.text, ends=len(line.text) < _SHORT * longest)
        if self._paragraph and self._paragraph[-1].endswith(_SENTENCE_END):
            self.close()

    def close(self) -> None:
        if self._heading:
            self.outline.heading(self._level, " ".join(self._heading))
        if self._paragraph:
            self.outline.add([Block(_joined(self._paragraph, self._words))])
        self._heading, self._paragraph = [], []

    def _level_of(self, line: Line) -> int:
        if len(line.text) > _MAX_HEADING or not _WORD.search(line.text):
            return 0
        return self._named.get(key(line.text), 0) if self._named else self._sizes.get(line.size, 0)

    def _add_heading(self, level: int, text: str) -> None:
        # A heading of several lines has letters of one size; those that the outline names are whole.
        if self._named or level != self._level or sum(map(len, self._heading)) > _MAX_HEADING or self._paragraph:
            self.close()
        self._level = level
        self._heading.append(text)

    def _add_text(self, text: str, *, ends: bool) -> None:
        if self._heading or _ITEM.match(text):
            self.close()
        self._paragraph.append(text)
        if ends:
            self.close()


def _without_running_heads(pages: list[list[Line]]) -> list[list[Line]]:
    """Drop page numbers, and what stands at the same end of most pages after the first time."""
    if len(pages) < _FEWEST_PAGES:
        return pages
    for end in (-1, 0):
        for page in pages:
            if page and _PAGE_NUMBER.fullmatch(page[end].text):
                del page[end]
        ends = Counter(page[end].text for page in pages if page)
        running = {text for text, times in ends.items() if 2 * times > len(pages)}
        for page in [page for page in pages if page and page[end].text in running][1:]:
            del page[end]
    return pages


def _levels(lines: list[Line]) -> dict[float, int]:
    """Heights of letters that stand out → levels; the height of most letters is the text's."""
    letters = Counter[float]()
    for line in lines:
        letters[line.size] += len(line.text)
    if not letters:
        return {}
    text = max(letters, key=letters.__getitem__)
    larger = sorted((size for size in letters if size >= text * _LARGER and size > 0), reverse=True)
    return {size: min(level, _MAX_LEVELS) for level, size in enumerate(larger, start=1)}


def _joined(lines: list[str], words: set[str]) -> str:
    """Join lines; a word split at a line's end is one word if the document has it elsewhere."""
    text = lines[0]
    for line in lines[1:]:
        head = re.search(r"([^\W\d_]+)[-‐\xad]$", text)
        tail = _WORD.match(line)
        if head is None or tail is None or not tail[0][0].islower():
            text = f"{text} {line}"
        elif text.endswith("\xad") or (head[1] + tail[0]).lower() in words:
            text = text[:-1] + line
        else:
            text += line
    return text
