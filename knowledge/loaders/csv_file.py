"""CSV files: question–answer pairs if the header names them, otherwise a table."""

import csv
import io
from collections.abc import Iterator

from knowledge.documents import Block, Document, Reading, Section, SourceError
from knowledge.loaders.encodings import decode
from knowledge.loaders.limits import MAX_COLUMNS, MAX_ROWS
from knowledge.loaders.names import title_from
from knowledge.loaders.tables import row_blocks
from knowledge.loaders.unreadable import UnreadableError
from knowledge.pairs import Columns, Pairs

_SEPARATORS = ",;\t"
_PAIR = 2


def read_csv(raw: bytes, source: str) -> Reading:
    """Read rows under a header; the separator is a comma, semicolon or tab."""
    text = decode(raw)
    broken: list[SourceError] = []
    rows = _rows(text, source, broken)
    header, _ = next(rows, ([], 1))
    if len(header) > MAX_COLUMNS:
        raise UnreadableError(f"has more than {MAX_COLUMNS} columns", 1)
    columns = Columns.of(header)
    if columns is None:
        if len(header) == _PAIR and header[0].strip().endswith("?"):
            raise UnreadableError("the first line must name the columns question and answer", 1)
        return _table(source, header, [row for row, _ in rows], broken)
    pairs = Pairs(source)
    for row, line in rows:
        pairs.add_row(columns, row, line)
    pairs.problems.extend(broken)
    return pairs.reading()


def _rows(text: str, source: str, broken: list[SourceError]) -> Iterator[tuple[list[str], int]]:
    """Give every row with its first line; what is not CSV ends it and goes to ``broken``."""
    first = text.lstrip("\n").split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(_SEPARATORS, key=first.count), strict=True)
    line = 1
    try:
        for number, row in enumerate(reader):
            if number > MAX_ROWS:
                broken.append(
                    SourceError(source, line, f"has more than {MAX_ROWS:,} rows: split it; the rest is not read")
                )
                return
            if any(cell.strip() for cell in row):
                yield row, line
            line = reader.line_num + 1
    except csv.Error as error:
        broken.append(SourceError(source, line, f"is not valid CSV from here on: {error}"))


def _table(source: str, header: list[str], rows: list[list[str]], broken: list[SourceError]) -> Reading:
    cleaned = [[" ".join(cell.split()) for cell in row] for row in (header, *rows)]
    blocks: tuple[Block, ...] = tuple(row_blocks(cleaned[0], cleaned[1:]))
    document = Document(source, title_from(source), (Section((), blocks),))
    return Reading(document if blocks else None, tuple(broken))
