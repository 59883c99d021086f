"""The values that reading sources gives: documents, their sections, and what could not be read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item, table row or piece of code."""

    text: str
    whole: bool = False
    """Never split: code."""


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading, or one question–answer pair."""

    breadcrumb: tuple[str, ...]
    """Headings below the title, outermost first."""
    blocks: tuple[Block, ...]
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One source file as read."""

    source: str
    """Path below the sources' folder, with forward slashes."""
    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class SourceError:
    """A file, or a line of it, that could not be read."""

    file: str
    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that a folder of sources holds."""

    documents: tuple[Document, ...]
    errors: tuple[SourceError, ...]
