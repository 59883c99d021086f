"""Tables → one «header: value» line a row."""

from collections.abc import Iterator, Sequence

from knowledge.documents import Block

Row = Sequence[str]

_PAIR = 2
_MAX_NAME_LETTERS = 60


def row_blocks(header: Row, rows: Sequence[Row]) -> Iterator[Block]:
    """Name each cell by its column; cells beyond the header stand alone. A header without rows is kept as it is."""
    if not any(any(row) for row in rows):
        yield from _block("; ".join(filter(None, header)))
    for row in rows:
        names = [*header, *[""] * (len(row) - len(header))]
        cells = zip(names, row, strict=False)
        yield from _block("; ".join(f"{name}: {cell}" if name else cell for name, cell in cells if cell))


def table_blocks(rows: Sequence[Row], *, headed: bool = False) -> Iterator[Block]:
    """Do the same for a table that may lack a header; ``headed`` says that the file marks the first row as one.

    Two columns without such a mark are names and values: a wrong name would be worse than none.
    """
    rows = [row for row in rows if any(row)]
    if rows and (headed or (len(rows[0]) > _PAIR and len(rows) > 1 and looks_like_header(rows[0]))):
        yield from row_blocks(rows[0], rows[1:])
        return
    for row in rows:
        cells = [cell for cell in row if cell]
        yield from _block((": " if len(row) == len(cells) == _PAIR else "; ").join(cells))


def looks_like_header(row: Row) -> bool:
    """Say whether a row could name columns: at least two cells, all filled, different, short and without digits."""
    return (
        len(row) >= _PAIR
        and all(row)
        and len(set(row)) == len(row)
        and all(len(cell) <= _MAX_NAME_LETTERS and not any(letter.isdigit() for letter in cell) for cell in row)
    )


def _block(text: str) -> Iterator[Block]:
    if text.strip():
        yield Block(text.strip())
