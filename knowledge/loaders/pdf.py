"""PDF files: text by page; headings are what the outline names, or lines that are larger than the rest."""

import io
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pypdf
from pypdf.errors import PdfReadError, PyPdfError
from pypdf.generic import Destination

from knowledge.documents import Document, Reading, SourceError
from knowledge.loaders.limits import MAX_PAGES
from knowledge.loaders.names import title_from
from knowledge.loaders.pdf_layout import Line, key, lay_out
from knowledge.loaders.unreadable import UnreadableError

_MAGIC_WITHIN = 1_024
_MAX_OUTLINE = 5_000
_UNKNOWN_LETTER = "\ufffd"
_MAX_UNKNOWN = 0.1


def read_pdf(raw: bytes, source: str) -> Reading:
    """Read a PDF with a text layer.

    Raises:
        UnreadableError: it is encrypted, damaged, too long, or holds only pictures.
    """
    if b"%PDF-" not in raw[:_MAGIC_WITHIN]:
        raise UnreadableError("is no PDF file")
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw), strict=False)
        _unlock(reader)
        count = len(reader.pages)
    except PyPdfError as error:
        raise UnreadableError("is damaged: open it in its own program and save it again") from error
    if count > MAX_PAGES:
        raise UnreadableError(f"has more than {MAX_PAGES:,} pages: split it")
    problems: list[SourceError] = []
    pages = _pages(reader, source, problems)
    if not any(pages):
        raise UnreadableError("holds pictures only, no text: recognise its text (OCR), or write it down")
    named = {problem.page for problem in problems}
    empty = [number for number, page in enumerate(pages, start=1) if not page and number not in named]
    problems += [
        SourceError(source, None, "holds no text that can be read: perhaps a picture", number, warning=True)
        for number in empty
    ]
    text = "".join(line.text for page in pages for line in page)
    if text.count(_UNKNOWN_LETTER) > _MAX_UNKNOWN * len(text):
        raise UnreadableError("keeps its letters as pictures: save it again as PDF from its own program, or as .docx")
    title, sections = lay_out(pages, _named(reader)).close()
    return Reading(Document(source, title or title_from(source), sections, titled=title is not None), tuple(problems))


def _unlock(reader: pypdf.PdfReader) -> None:
    """Open files that are only protected against changes: their password for reading is empty."""
    if not reader.is_encrypted:
        return
    try:
        opened = bool(reader.decrypt(""))
    except (PyPdfError, NotImplementedError):
        opened = False
    if not opened:
        raise UnreadableError("is protected with a password: save it without one")


def _pages(reader: pypdf.PdfReader, source: str, problems: list[SourceError]) -> list[list[Line]]:
    pages: list[list[Line]] = []
    for number, page in enumerate(reader.pages, start=1):
        try:
            pages.append(_lines(page))
        except (MemoryError, RecursionError):
            raise
        except Exception:  # noqa: BLE001  # broken pages end in any exception; the others are read
            problems.append(SourceError(source, None, "this page is damaged and is not read", number))
            pages.append([])
    return pages


def _lines(page: pypdf.PageObject) -> list[Line]:
    fragments: list[tuple[str, float]] = []

    def take(text: str, page_matrix: list[float], text_matrix: list[float], _: object, size: float) -> None:
        if text:
            fragments.append(
                (text, abs(size * (text_matrix[3] or text_matrix[1]) * (page_matrix[3] or page_matrix[1])))
            )

    whole = page.extract_text(visitor_text=take)
    if "".join(text for text, _ in fragments).split() != whole.split():
        fragments = [(whole, 0.0)]
    lines: list[Line] = []
    text, heights = "", Counter[float]()
    for fragment, size in [*fragments, ("\n", 0.0)]:
        for number, part in enumerate(fragment.split("\n")):
            if number:
                if line := " ".join(text.split()):
                    lines.append(Line(line, max(heights, key=heights.__getitem__)))
                text, heights = "", Counter()
            text += part
            if part.strip():
                heights[round(size * 2) / 2] += len(part.strip())
    return lines


def _named(reader: pypdf.PdfReader) -> dict[str, int]:
    """Headings of the file's own outline by their text, with their levels."""
    found: dict[str, int] = {}

    def walk(entries: Iterable[Any], level: int) -> None:
        for entry in entries:
            if isinstance(entry, list):
                walk(entry, min(level + 1, 6))
            elif isinstance(entry, Destination) and len(found) < _MAX_OUTLINE:
                found.setdefault(key(entry.title or ""), level)

    try:
        walk(reader.outline, 1)
    except (PdfReadError, RecursionError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return {}  # a damaged outline takes nothing from the text
    return found
