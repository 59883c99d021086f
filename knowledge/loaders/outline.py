"""Headings and blocks in reading order → title and sections with breadcrumbs; the same for every kind of file."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from knowledge.documents import Block, Section
from knowledge.loaders.limits import MAX_HEADING_LETTERS


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    text: str


@dataclass(slots=True)
class Outline:
    """Takes what a document says from top to bottom."""

    title: str | None = None
    """Named apart from the headings: front matter, a title style. A first heading that repeats it is dropped."""
    _items: list[_Heading | Block] = field(default_factory=list)

    def heading(self, level: int, text: str) -> None:
        """Add a heading; 1 is the outermost level."""
        text = " ".join(text.split())
        if len(text) > MAX_HEADING_LETTERS:
            self._items.append(Block(text))
        elif text:
            self._items.append(_Heading(level, text))

    def add(self, blocks: Iterable[Block]) -> None:
        """Add what stands under the last heading."""
        self._items.extend(blocks)

    def close(self) -> tuple[str | None, tuple[Section, ...]]:
        """Return the title and the sections.

        The title is the one named, else a heading of level 1 that stands first and is the only one of its level.
        """
        items = self._items
        first = items[0] if items else None
        outermost = [item for item in items if isinstance(item, _Heading) and item.level == 1]
        title = self.title
        if isinstance(first, _Heading) and first.level == 1 and (len(outermost) == 1 or title == first.text):
            title = title or first.text
            items = items[1:] if title == first.text else items
        sections = tuple(_sections(items))
        if not sections and title:
            sections = (Section((), (Block(title),)),)
        return title, sections


def _sections(items: Iterable[_Heading | Block]) -> Iterable[Section]:
    headings: dict[int, str] = {}
    blocks: list[Block] = []
    pending = False
    for item in items:
        if isinstance(item, Block):
            blocks.append(item)
            continue
        # A heading that only introduces deeper ones lives on in their breadcrumbs and needs no section of its own.
        if blocks or (pending and item.level <= max(headings)):
            yield Section(tuple(headings[level] for level in sorted(headings)), tuple(blocks))
            blocks = []
        headings = {level: text for level, text in headings.items() if level < item.level} | {item.level: item.text}
        pending = True
    if blocks or pending:
        yield Section(tuple(headings[level] for level in sorted(headings)), tuple(blocks))
