"""XLSX files: question–answer pairs if a sheet's header names them, otherwise one «header: value» line a row."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Self

import openpyxl

from knowledge.documents import Document, Reading, SourceError
from knowledge.loaders.limits import MAX_COLUMNS, MAX_ROWS
from knowledge.loaders.names import title_from
from knowledge.loaders.outline import Outline
from knowledge.loaders.packages import check_package
from knowledge.loaders.tables import looks_like_header, row_blocks, table_blocks
from knowledge.pairs import Columns, Pairs

_UNCOUNTED = re.compile(rb"<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_CURRENCY = re.compile("[₽$€£₴₸]|руб|р\\.")
_ERRORS = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"})

_PAIR = 2
_SHEET_LEVEL = 2

Cell = Any
Sheet = Any
"""openpyxl has no types."""


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    cells: list[str]
    bold: bool

    @classmethod
    def of(cls, number: int, cells: Sequence[Cell]) -> Self:
        """Take the cells up to the last one that says something."""
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        said = [cell for cell, text in zip(cells, texts, strict=False) if text]
        return cls(number, texts, len(said) > 1 and all(cell.font is not None and cell.font.b for cell in said))

    @property
    def filled(self) -> int:
        return sum(map(bool, self.cells))


def read_xlsx(raw: bytes, source: str) -> Reading:
    """Read an Excel workbook."""
    check_package(raw, "Excel", "xl/workbook.xml")
    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    problems = list(_uncounted(raw, source))
    pairs = Pairs(source)
    outline = Outline()
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            reason = f"the sheet “{sheet.title}” is hidden and is not read"
            problems.append(SourceError(source, None, reason, warning=True))
            continue
        if len(book.worksheets) > 1:
            outline.heading(_SHEET_LEVEL, sheet.title)
        _read_sheet(_tables(sheet, source, problems), outline, pairs)
    title, sections = outline.close()
    document = Document(
        source,
        title or title_from(source),
        (*(section for section in sections if section.blocks), *pairs.sections),
        titled=title is not None,
    )
    return Reading(document, (*problems, *pairs.problems))


def _read_sheet(tables: Iterator[list[_Row]], outline: Outline, pairs: Pairs) -> None:
    header: list[str] = []
    for rows in tables:
        wide = max(row.filled for row in rows)
        while rows and rows[0].filled == 1 < wide:
            # A line above a table tells what it is about.
            outline.heading(1 if not header else _SHEET_LEVEL + 1, " ".join(rows.pop(0).cells))
        first = rows[0]
        if columns := Columns.of(first.cells):
            for row in rows[1:]:
                pairs.add_row(columns, row.cells, row.number)
        elif first.bold or (wide > _PAIR and len(rows) > 1 and looks_like_header(first.cells)):
            header = first.cells
            outline.add(row_blocks(header, [row.cells for row in rows[1:]]))
        elif header and len(first.cells) <= len(header) and wide > 1:
            outline.add(row_blocks(header, [row.cells for row in rows]))
        else:
            outline.add(table_blocks([row.cells for row in rows]))


def _tables(sheet: Sheet, source: str, problems: list[SourceError]) -> Iterator[list[_Row]]:
    """Give the rows between empty rows."""
    sheet.reset_dimensions()  # what a file says of its own size may be wrong by a million rows
    rows: list[_Row] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > MAX_ROWS or len(cells) > MAX_COLUMNS:
            most = f"{MAX_ROWS:,} rows" if number > MAX_ROWS else f"{MAX_COLUMNS} columns"
            reason = f"the sheet “{sheet.title}” has more than {most}: split it; from here on it is not read"
            problems.append(SourceError(source, number, reason))
            break
        row = _Row.of(number, cells)
        if row.filled:
            rows.append(row)
        elif rows:
            yield rows
            rows = []
    if rows:
        yield rows


def _text(cell: Cell) -> str:
    """Return what the cell shows, nearly: dates as 2026-12-31, percent and currencies with their signs."""
    match cell.value:
        case None:
            shown = ""
        case bool(value):
            shown = str(value).upper()
        case datetime() as value:
            shown = f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
        case time() as value:
            shown = f"{value:%H:%M}"
        case int(value) | float(value):
            shown = _number(value, str(cell.number_format or ""))
        case value:
            shown = " ".join(str(value).split())
    return "" if shown in _ERRORS else shown


def _number(value: float, shown_as: str) -> str:
    if "%" in shown_as:
        return f"{value * 100:.10g}%"
    currency = _CURRENCY.search(shown_as)
    return f"{value:.15g}" + (f" {currency[0]}" if currency else "")


def _uncounted(raw: bytes, source: str) -> Iterator[SourceError]:
    """Formulas without a stored result: programs that are no Excel write them so, and nothing can be read there."""
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        sheets = [name for name in package.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        count = sum(len(_UNCOUNTED.findall(package.read(name))) for name in sheets)
    if count:
        reason = f"holds formulas without results ({count}): open it in Excel and save it again"
        yield SourceError(source, None, reason)
