"""The values that reading sources gives: documents, their sections, and what could not be read."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Validity:
    """The days on which a text may answer, both included, and how old it is."""

    start: date | None = None
    end: date | None = None
    dated: date | None = None
    """When it was written: tells two texts that contradict each other apart, unless ``start`` does."""

    @property
    def age(self) -> date | None:
        """The day by which the newer of two texts is told."""
        return self.start or self.dated

    def within(self, other: "Validity") -> "Validity":
        """Return the days that both allow."""
        start = max(filter(None, (self.start, other.start)), default=None)
        end = min(filter(None, (self.end, other.end)), default=None)
        return Validity(start, end, self.dated or other.dated)


ALWAYS = Validity()


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item, table row or piece of code."""

    text: str
    whole: bool = False
    """Not split unless it is enormous: code."""


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading, or one question–answer pair."""

    breadcrumb: tuple[str, ...]
    """Headings below the title, outermost first."""
    blocks: tuple[Block, ...]
    question: str | None = None
    validity: Validity = ALWAYS
    """Of a question–answer pair with dates of its own."""


@dataclass(frozen=True, slots=True)
class Document:
    """One source file as read."""

    source: str
    """Path below the sources' folder, with forward slashes."""
    title: str
    sections: tuple[Section, ...]
    titled: bool = False
    """Whether the title stands in the document, rather than being made from the file's name."""
    language: str | None = None
    """``ru`` or ``en`` if the document names it; otherwise each chunk's own text tells."""
    validity: Validity = ALWAYS


@dataclass(frozen=True, slots=True)
class SourceError:
    """A file, or a line or page of it, that could not be read; or, as a warning, what an admin should know of it."""

    file: str
    line: int | None
    reason: str
    page: int | None = None
    warning: bool = False
    """The file was read all the same, or is left out on purpose."""

    @property
    def place(self) -> str:
        """File and line or page, as people read it."""
        if self.page is not None:
            return f"{self.file}, page {self.page}"
        return self.file if self.line is None else f"{self.file}, line {self.line}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file gave."""

    document: Document | None
    problems: tuple[SourceError, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that a folder of sources holds."""

    documents: tuple[Document, ...]
    errors: tuple[SourceError, ...]
    """Also warnings, in the order of files."""
