"""One file → a reading. Whatever is wrong with it ends as a sentence in the reading, never as an exception."""

import re
from dataclasses import replace
from pathlib import Path

from knowledge.documents import Block, Document, Reading, Section, SourceError
from knowledge.loaders.kinds import kind_of
from knowledge.loaders.limits import MAX_LETTERS
from knowledge.loaders.unreadable import UnreadableError

_UNSPEAKABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def read_file(path: Path, source: str) -> Reading:
    """Read the file at ``path``; ``source`` is its path below the sources' folder, by which it is cited."""
    try:
        kind = kind_of(source)
        reading = kind.load()(_bytes(path, kind.max_bytes), source)
        return _checked(reading, source)
    except UnreadableError as problem:
        return Reading(None, (SourceError(source, problem.line, problem.reason, problem.page),))
    except OSError as error:
        return Reading(None, (SourceError(source, None, f"cannot be read: {error.strerror}"),))


def _bytes(path: Path, most: int) -> bytes:
    if not path.is_file():
        raise UnreadableError("is not an ordinary file")
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise UnreadableError(f"is larger than {most // 1_000_000} MB: split it into several articles")
    if not raw:
        raise UnreadableError("is empty")
    return raw


def _checked(reading: Reading, source: str) -> Reading:
    document = reading.document
    if document is None or not document.sections:
        nothing = () if reading.problems else (SourceError(source, None, "holds no text"),)
        return Reading(None, (*reading.problems, *nothing))
    if sum(len(block.text) for section in document.sections for block in section.blocks) > MAX_LETTERS:
        raise UnreadableError(f"holds more than {MAX_LETTERS // 1_000_000} million letters: split it")
    return replace(reading, document=_speakable(document))


def _speakable(document: Document) -> Document:
    """Drop what no text holds and no file of a release could: controls, halves of surrogate pairs."""
    texts = [document.title]
    for section in document.sections:
        texts += [*section.breadcrumb, section.question or "", *(block.text for block in section.blocks)]
    if not any(_UNSPEAKABLE.search(text) for text in texts):
        return document
    sections = tuple(
        replace(
            section,
            breadcrumb=tuple(map(_clean, section.breadcrumb)),
            blocks=tuple(Block(_clean(block.text), block.whole) for block in section.blocks),
            question=section.question and _clean(section.question),
        )
        for section in document.sections
    )
    return replace(document, title=_clean(document.title), sections=_spoken(sections))


def _spoken(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    return tuple(section for section in sections if section.breadcrumb or any(b.text.strip() for b in section.blocks))


def _clean(text: str) -> str:
    return _UNSPEAKABLE.sub(" ", text)
