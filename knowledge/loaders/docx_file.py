"""DOCX files: headings by style or outline level, lists, tables, footnotes; tracked deletions are not text."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml
from docx.styles.style import BaseStyle

from knowledge.documents import Block, Document, Reading
from knowledge.loaders.limits import MAX_HEADING_LETTERS
from knowledge.loaders.links import with_address
from knowledge.loaders.names import title_from
from knowledge.loaders.outline import Outline
from knowledge.loaders.packages import check_package
from knowledge.loaders.tables import table_blocks

Element = Any
"""lxml's elements, as python-docx hands them out, have no types."""

_MAX_LEVEL = 9
_TEXT_LEVEL = 10
_NO_TEXT = frozenset(map(qn, ("w:del", "w:moveFrom", "w:instrText", "w:delText", "w:rPr", "w:pPr")))
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SPACES = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_NOTES = ("/footnotes", "/endnotes")
_CODE_STYLES = ("code", "preformatted", "source")


def read_docx(raw: bytes, source: str) -> Reading:
    """Read a Word document."""
    check_package(raw, "Word", "word/document.xml")
    document = docx.Document(io.BytesIO(raw))
    body = _Body(document, _Styles(document), _Lists(document))
    body.walk(document.element.body)
    body.notes()
    title, sections = body.outline.close()
    title = title or " ".join(document.core_properties.title.split())[:MAX_HEADING_LETTERS] or None
    return Reading(Document(source, title or title_from(source), sections, titled=title is not None))


@dataclass(frozen=True, slots=True)
class _Style:
    level: int = _TEXT_LEVEL
    """0 a title, 1–9 headings, 10 text."""
    name: str = ""
    numbering: Element | None = None
    """The list that its paragraphs are items of."""


class _Styles:
    """What a paragraph's style says of it."""

    def __init__(self, document: WordDocument) -> None:
        self._known = {style.style_id: _read_style(style) for style in document.styles}

    def of(self, paragraph: Element) -> _Style:
        properties = paragraph.find(qn("w:pPr"))
        if properties is None:
            return _Style()
        style = self._known.get(_value(properties.find(qn("w:pStyle"))), _Style())
        own = properties.find(qn("w:outlineLvl"))
        numbering = properties.find(qn("w:numPr"))
        level = _outline_level(own) if own is not None and style.level == _TEXT_LEVEL else style.level
        return _Style(level, style.name, style.numbering if numbering is None else numbering)


def _read_style(style: BaseStyle) -> _Style:
    name = (style.name or "").lower()
    level, numbering = 0 if name == "title" else _TEXT_LEVEL, None
    for _ in range(_MAX_LEVEL):
        kind, _, number = (style.name or "").lower().partition(" ")
        outline = style.element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
        if level == _TEXT_LEVEL and kind == "heading" and number.isdecimal() and 1 <= int(number) <= _MAX_LEVEL:
            level = int(number)
        elif level == _TEXT_LEVEL and outline is not None:
            level = _outline_level(outline)
        if numbering is None:
            numbering = style.element.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        base = getattr(style, "base_style", None)
        if base is None:
            break
        style = base
    return _Style(level, name, numbering)


def _outline_level(level: Element) -> int:
    written = level.get(qn("w:val")) or ""
    return min(int(written) + 1, _TEXT_LEVEL) if written.isdecimal() else _TEXT_LEVEL


class _Lists:
    """Marks of list items: dashes, or numbers counted as Word counts them."""

    def __init__(self, document: WordDocument) -> None:
        self._formats: dict[tuple[str, str], str] = {}
        self._counts: dict[tuple[str, str], int] = {}
        for relation in document.part.rels.values():
            if relation.reltype.endswith("/numbering") and not relation.is_external:
                self._learn(relation.target_part.element)

    def mark(self, properties: Element | None) -> str:
        """Return the mark of an item with these list properties; of a paragraph that is none, nothing."""
        if properties is None:
            return ""
        number, level = (_value(properties.find(qn(name))) for name in ("w:numId", "w:ilvl"))
        if number in {"", "0"}:
            return ""
        key = (number, level or "0")
        indent = "   " * min(int(level), _MAX_LEVEL) if level.isdecimal() else ""
        for deeper in [known for known in self._counts if known[0] == number and known[1] > key[1]]:
            del self._counts[deeper]
        if self._formats.get(key) != "decimal":
            return f"{indent}- "
        self._counts[key] = count = self._counts.get(key, 0) + 1
        return f"{indent}{count}. "

    def _learn(self, numbering: Element) -> None:
        abstract = {
            kind.get(qn("w:abstractNumId")): {
                level.get(qn("w:ilvl")): _value(level.find(qn("w:numFmt"))) for level in kind.findall(qn("w:lvl"))
            }
            for kind in numbering.findall(qn("w:abstractNum"))
        }
        for number in numbering.findall(qn("w:num")):
            formats = abstract.get(_value(number.find(qn("w:abstractNumId"))), {})
            self._formats |= {(number.get(qn("w:numId")), level): form for level, form in formats.items()}


def _value(element: Element | None) -> str:
    return "" if element is None else element.get(qn("w:val")) or ""


class _Body:
    """Walks the document's body, also through content controls, frames and text boxes."""

    def __init__(self, document: WordDocument, styles: _Styles, lists: _Lists) -> None:
        self.outline = Outline()
        self._document, self._styles, self._lists = document, styles, lists
        self._code: list[str] = []

    def walk(self, element: Element) -> None:
        """Take the paragraphs and tables below an element, in order."""
        for child in element:
            if child.tag == qn("w:p"):
                self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                self._end_code()
                self._table(child)
            elif child.tag not in _NO_TEXT and child.tag != _FALLBACK:
                self.walk(child)
        self._end_code()

    def notes(self) -> None:
        """Take the footnotes and endnotes, which libraries pass over."""
        for relation in self._document.part.rels.values():
            if relation.reltype.endswith(_NOTES) and not relation.is_external:
                self.walk(parse_xml(relation.target_part.blob))

    def _paragraph(self, paragraph: Element) -> None:
        style = self._styles.of(paragraph)
        level, text = style.level, self._text(paragraph)
        if any(word in style.name for word in _CODE_STYLES):
            self._code.append(text)
            return
        self._end_code()
        lines = "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
        if not lines:
            pass
        elif level == 0 and self.outline.title is None and len(lines) <= MAX_HEADING_LETTERS:
            self.outline.title = " ".join(lines.split())
        elif level < _TEXT_LEVEL:
            self.outline.heading(max(level, 1), lines)
        else:
            self.outline.add([Block(self._lists.mark(style.numbering) + lines)])
        for box in paragraph.iter(qn("w:txbxContent")):
            if not any(ancestor.tag == _FALLBACK for ancestor in box.iterancestors()):
                self.walk(box)

    def _end_code(self) -> None:
        code, self._code = "\n".join(self._code).strip("\n"), []
        if code.strip():
            self.outline.add([Block(code, whole=True)])

    def _table(self, table: Element) -> None:
        rows = [list(row.iter(qn("w:tc"))) for row in table.iter(qn("w:tr"))]
        if (
            max((len(row) for row in rows), default=0) <= 1
            or next(table.iterdescendants(qn("w:tbl")), None) is not None
        ):
            # It only arranges or frames other text.
            for cell in table.iterdescendants(qn("w:tc")):
                if next(cell.iterancestors(qn("w:tbl"))) is table:
                    self.walk(cell)
            return
        marked = table.find(f"{qn('w:tr')}/{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
        headed = marked or (bool(rows[0]) and all(_is_bold(cell) for cell in rows[0]))
        self.outline.add(table_blocks([[self._cell(cell) for cell in row] for row in rows], headed=headed))

    def _cell(self, cell: Element) -> str:
        return " ".join(" ".join(self._text(paragraph) for paragraph in cell.iter(qn("w:p"))).split())

    def _text(self, paragraph: Element) -> str:
        return "".join(self._words(paragraph))

    def _words(self, element: Element) -> Iterator[str]:
        for child in element:
            if child.tag == qn("w:t"):
                yield child.text or ""
            elif child.tag in _SPACES:
                yield _SPACES[child.tag]
            elif child.tag == qn("w:hyperlink"):
                yield with_address("".join(self._words(child)), self._address(child.get(qn("r:id"))))
            elif child.tag not in _NO_TEXT and child.tag not in {_FALLBACK, qn("w:txbxContent")}:
                yield from self._words(child)

    def _address(self, relation_id: str | None) -> str:
        relation = self._document.part.rels.get(relation_id or "")
        return relation.target_ref if relation is not None and relation.is_external else ""


def _is_bold(cell: Element) -> bool:
    runs = [run for run in cell.iter(qn("w:r")) if any((text.text or "").strip() for text in run.iter(qn("w:t")))]
    return bool(runs) and all(
        (bold := run.find(f"{qn('w:rPr')}/{qn('w:b')}")) is not None and bold.get(qn("w:val")) not in {"0", "false"}
        for run in runs
    )
