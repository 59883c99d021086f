"""Which of two texts answers when they contradict each other, and which have expired.

Two articles contradict each other when they have the same language and title and different text; two question–answer
pairs when they have the same language and question and different answers. The one whose valid-from, or else date, is
later wins; a text without either is the oldest. When nothing tells them apart both stay, and both are named.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from knowledge.documents import Document, Section, SourceError, Validity
from knowledge.language import detect

_DAY = timedelta(days=1)
_SAMPLE = 2_000

_Place = tuple[int, int | None]
"""(number of a document, position of a pair in it or None for the whole)"""


@dataclass(frozen=True, slots=True)
class _Text:
    """An article as a whole, or one pair."""

    document: int
    section: int | None
    source: str
    called: str
    validity: Validity
    words: tuple[str, ...]

    def overlaps(self, other: "_Text") -> bool:
        mine, theirs = self.validity, other.validity
        apart = (mine.end and theirs.start and mine.end < theirs.start) or (
            theirs.end and mine.start and theirs.end < mine.start
        )
        return not apart


def settle(documents: Iterable[Document], day: date) -> tuple[tuple[Document, ...], tuple[SourceError, ...]]:
    """Return what may answer on ``day`` or later, and warnings that name what was left out or cut short."""
    warnings: list[SourceError] = []
    current = [left for document in documents for left in _unexpired(document, day, warnings)]
    decided: dict[_Place, Validity | None] = {}
    for group in _groups(current):
        for text in group:
            validity = _outcome(text, group, day, warnings)
            if validity != text.validity:
                decided[text.document, text.section] = validity
        warnings.extend(_undecided(group))
    return tuple(_applied(current, decided)), tuple(warnings)


def _unexpired(document: Document, day: date, warnings: list[SourceError]) -> Iterator[Document]:
    if document.validity.end and document.validity.end < day:
        reason = f"is not used: it was valid until {document.validity.end}"
        warnings.append(SourceError(document.source, None, reason, warning=True))
        return
    kept = []
    for section in document.sections:
        if section.validity.end and section.validity.end < day:
            reason = f"the answer to “{section.question}” is not used: it was valid until {section.validity.end}"
            warnings.append(SourceError(document.source, None, reason, warning=True))
        else:
            kept.append(section)
    if kept:
        yield document if len(kept) == len(document.sections) else replace(document, sections=tuple(kept))


def _groups(documents: list[Document]) -> Iterator[list[_Text]]:
    """Texts of the same title or question and language, where there are several."""
    named: dict[tuple[str, ...], list[_Place]] = defaultdict(list)
    for number, document in enumerate(documents):
        if document.titled:
            named["title", " ".join(_words(document.title))].append((number, None))
        for position, section in enumerate(document.sections):
            if section.question is not None:
                named["question", " ".join(_words(section.question))].append((number, position))
    for (kind, _), places in named.items():
        if len(places) == 1:
            continue
        spoken: dict[str | None, list[_Text]] = defaultdict(list)
        for place in places:
            document, part = documents[place[0]], place[1]
            sections = document.sections if part is None else (document.sections[part],)
            language = document.language or detect(_told(document, sections)[:_SAMPLE])
            spoken[language].append(_text(document, sections, place, kind))
        yield from (group for group in spoken.values() if len({text.words for text in group}) > 1)


def _text(document: Document, sections: tuple[Section, ...], place: _Place, kind: str) -> _Text:
    number, position = place
    called = "" if kind == "title" else f"the answer to “{sections[0].question}” "
    validity = document.validity if position is None else document.validity.within(sections[0].validity)
    return _Text(number, position, document.source, called, validity, tuple(_words(_told(document, sections))))


def _told(document: Document, sections: tuple[Section, ...]) -> str:
    parts = [document.title]
    for section in sections:
        parts += [*section.breadcrumb, section.question or "", *(block.text for block in section.blocks)]
    return "\n".join(parts if sections[0].question is None else parts[1:])


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower().replace("ё", "е"))


def _outcome(text: _Text, group: list[_Text], day: date, warnings: list[SourceError]) -> Validity | None:
    """Return when the text may answer beside all newer ones, None if it may not at all."""
    validity: Validity | None = text.validity
    for other in group:
        if other.words == text.words or not text.overlaps(other) or not _is_newer(other, text):
            continue
        start, end = other.validity.start, other.validity.end
        newer = f"“{other.source}” is newer ({other.validity.age})"
        if start and start > day:
            validity = validity and validity.within(Validity(end=start - _DAY))
            reason = f"answers until {start - _DAY} only: from then on {newer}"
        elif end:
            validity = validity and validity.within(Validity(start=end + _DAY))
            reason = f"does not answer until {end}: {newer}"
        else:
            validity = None
            reason = f"is not used: {newer}"
        warnings.append(SourceError(text.source, None, text.called + reason, warning=True))
    return validity


def _is_newer(one: _Text, other: _Text) -> bool:
    age = one.validity.age
    return age is not None and (other.validity.age is None or age > other.validity.age)


def _undecided(group: list[_Text]) -> Iterator[SourceError]:
    """Name the first of those that nothing tells apart, together with the others."""
    for position, text in enumerate(group):
        same_age = [
            other
            for other in group
            if other.validity.age == text.validity.age and other.words != text.words and text.overlaps(other)
        ]
        if same_age and not any(other in same_age for other in group[:position]):
            others = ", ".join(sorted({f"“{other.source}”" for other in same_age}))
            reason = f"contradicts {others}: a date (date: 2026-12-31) in the newer one would decide"
            yield SourceError(text.source, None, f"{text.called}{reason}", warning=True)


def _applied(documents: list[Document], decided: dict[_Place, Validity | None]) -> Iterator[Document]:
    concerned = {number for number, _ in decided}
    for number, document in enumerate(documents):
        if number not in concerned:
            yield document
            continue
        validity = decided.get((number, None), document.validity)
        sections = [
            (section, decided.get((number, position), section.validity))
            for position, section in enumerate(document.sections)
        ]
        kept = tuple(replace(section, validity=own) for section, own in sections if own is not None)
        if validity is not None and kept:
            yield replace(document, validity=validity, sections=kept)
