"""Keeps sentences that are addressed to a model out of the knowledge base, and says where they stood."""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Final

from knowledge.documents import Document, Section, SourceError
from knowledge.injection import cut, find

_SHOWN: Final = 80
_REMEMBERED: Final = 20_000
"""Documents; the build worker reads most of them again and again."""


def without_orders(documents: Iterable[Document]) -> tuple[tuple[Document, ...], tuple[SourceError, ...]]:
    """Return the documents without what tells a model what to do, and a warning for each place.

    A section ends before the first such sentence: what that announces need not look like anything. A section whose
    headings are addressed to a model goes whole, so does a question with its answer, and a document with such a title.
    """
    kept: list[Document] = []
    warnings: list[SourceError] = []
    for document in documents:
        left, found = _clean(document)
        warnings += found
        if left is not None:
            kept.append(left)
    return tuple(kept), tuple(warnings)


@lru_cache(maxsize=_REMEMBERED)
def _clean(document: Document) -> tuple[Document | None, tuple[SourceError, ...]]:
    if find(document.title, "document"):
        return None, (_warning(document, document.title),)
    sections: list[Section] = []
    warnings: list[SourceError] = []
    for section in document.sections:
        left, words = _section(section)
        if words:
            warnings.append(_warning(document, words))
        if left is not None:
            sections.append(left)
    if not warnings:
        return document, ()
    return (replace(document, sections=tuple(sections)) if sections else None), tuple(warnings)


def _section(section: Section) -> tuple[Section | None, str]:
    """Return what may stay of a section, and the words for which the rest goes."""
    for heading in (*section.breadcrumb, section.question or ""):
        if find(heading, "document"):
            return None, heading
    blocks = []
    for block in section.blocks:
        text, found = cut(block.text)
        if found is None:
            blocks.append(block)
            continue
        if text:
            blocks.append(replace(block, text=text))
        left = replace(section, blocks=tuple(blocks)) if blocks and section.question is None else None
        return left, block.text[found.start :]
    return section, ""


def _warning(document: Document, words: str) -> SourceError:
    flat = " ".join(words.split())
    shown = flat if len(flat) <= _SHOWN else f"{flat[:_SHOWN]}…"
    reason = f"“{shown}” tells the bot what to do: it and the rest of its section are not used"
    return SourceError(document.source, None, reason, warning=True)
