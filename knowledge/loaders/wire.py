"""Readings as JSON: between the process that reads foreign files and the one that asked, and in the cache."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from knowledge.documents import ALWAYS, Block, Document, Reading, Section, SourceError, Validity

Json = dict[str, Any]


def to_json(reading: Reading) -> Json:
    """Return what ``from_json`` takes; values that are their defaults are left out."""
    document = reading.document
    return {
        "document": None if document is None else _document_to_json(document),
        "problems": [asdict(problem) for problem in reading.problems],
    }


def from_json(fields: Mapping[str, Any]) -> Reading:
    """Restore a reading.

    Raises:
        KeyError, TypeError, ValueError: ``fields`` is something else.
    """
    document = fields["document"]
    problems = tuple(SourceError(**problem) for problem in fields["problems"])
    return Reading(None if document is None else _document_from_json(document), problems)


def _document_to_json(document: Document) -> Json:
    return {
        "source": document.source,
        "title": document.title,
        "titled": document.titled,
        "language": document.language,
        "validity": _validity_to_json(document.validity),
        "sections": [
            [
                list(section.breadcrumb),
                [[block.text, block.whole] for block in section.blocks],
                section.question,
                _validity_to_json(section.validity),
            ]
            for section in document.sections
        ],
    }


def _document_from_json(fields: Json) -> Document:
    return Document(
        fields["source"],
        fields["title"],
        tuple(_sections(fields["sections"])),
        titled=fields["titled"],
        language=fields["language"],
        validity=_validity_from_json(fields["validity"]),
    )


def _sections(found: list[list[Any]]) -> Iterator[Section]:
    for breadcrumb, blocks, question, validity in found:
        texts = tuple(Block(text, whole) for text, whole in blocks)
        yield Section(tuple(breadcrumb), texts, question, _validity_from_json(validity))


def _validity_to_json(validity: Validity) -> list[str | None] | None:
    days = (validity.start, validity.end, validity.dated)
    return [None if day is None else day.isoformat() for day in days] if validity != ALWAYS else None


def _validity_from_json(days: list[str | None] | None) -> Validity:
    return Validity(*(None if day is None else date.fromisoformat(day) for day in days)) if days else ALWAYS
