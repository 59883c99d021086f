"""Orders from a CSV file into the SQL table: tolerant of how it was saved, strict about what stands in it."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from support.order_tables import OrderRow
from support.orders.fields import COLUMNS, FieldError, order_of, visible
from support.orders.identity import normalize_email, normalize_phone
from support.orders.models import Order
from support.orders.sql import to_order

_REQUIRED: Final = ("order_number", "status")
# SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535 (asyncpg 32,767); a row has thirteen.
_BATCH: Final = 500
# The session may still hold these rows as they were before an earlier import.
_AS_STORED: Final = {"populate_existing": True}

# A cell that a spreadsheet would run (OWASP, CSV injection), should the order ever be exported again.
_FORMULA = re.compile(r"^(?:[=@]+|[+-]+(?![\d(]))")
_QUOTED_NUMBER = re.compile(r'^="(.*)"$')


class OrdersFileError(Exception):
    """The file as a whole cannot be used; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row; it never quotes the row."""

    line: int
    """1-based line of the file where the row ends."""
    reason: str
    skipped: bool = True
    """False: a warning, the order is imported all the same."""


@dataclass(frozen=True, slots=True)
class OrdersFile:
    """What a file holds."""

    orders: tuple[Order, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What an import did."""

    added: int
    changed: int
    unchanged: int


def read_orders(path: Path, mapping: Mapping[str, str] | None = None) -> OrdersFile:
    """Read a CSV file; ``mapping``: our column → the file's header, for headers that differ.

    UTF-8, UTF-16 or CP1251; semicolons, commas or tabs; dates like 2026-11-21 or 21.11.2026.

    Raises:
        OrdersFileError: the file cannot be read, is no text, or columns are missing.
    """
    text = _decode(path)
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=_delimiter(text))
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise OrdersFileError(f"{path.name}: the header line cannot be read ({error}).") from error
    columns = _columns(path.name, header, mapping or {})
    orders: dict[str, Order] = {}
    problems: list[Problem] = []
    for line, cells in _rows(reader, problems):
        try:
            order = order_of({name: _clean(cells[place]) for name, place in columns.items() if place < len(cells)})
        except FieldError as error:
            problems.append(Problem(line, str(error)))
            continue
        if order.number in orders:
            problems.append(Problem(line, "the same order number stands further up; that row is kept"))
            continue
        orders[order.number] = order
        problems.extend(Problem(line, warning, skipped=False) for warning in _warnings(order))
    return OrdersFile(tuple(orders.values()), tuple(problems))


def _decode(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise OrdersFileError(f"{path.name}: cannot be read ({error.strerror or 'no access'}).") from error
    try:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return raw.decode("utf-16")
        if b"\x00" in raw[:1024]:
            raise OrdersFileError(f"{path.name}: is no text file. Save the table as CSV, best in UTF-8.")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Russian spreadsheets on Windows save; one byte of it means nothing.
        return raw.decode("cp1251", errors="replace")


def _delimiter(text: str) -> str:
    header = text.lstrip("\r\n").split("\n", 1)[0]
    return max(";,\t", key=header.count)


def _columns(file: str, header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Return our column → its place in the file."""
    unknown = sorted(set(mapping) - set(COLUMNS))
    if unknown:
        raise OrdersFileError(f"There is no column {unknown[0]} to map. Columns: {', '.join(COLUMNS)}.")
    places: dict[str, int] = {}
    for place, title in enumerate(header):
        places.setdefault(_clean(title).casefold(), place)
    if not any(places):
        raise OrdersFileError(f"{file}: is empty. Its first line must name the columns: {','.join(COLUMNS)}")
    wanted = {name: mapping.get(name, name) for name in COLUMNS}
    keys = {name: title.strip().casefold() for name, title in wanted.items()}
    found = {name: places[key] for name, key in keys.items() if key in places}
    missing = [wanted[name] for name in _REQUIRED if name not in found]
    missing += [wanted[name] for name in mapping if name not in found and name not in _REQUIRED]
    if not {"phone", "email"} & set(found):
        missing.append(f"{wanted['phone']} or {wanted['email']}")
    if missing:
        raise OrdersFileError(
            f"{file}: the column {', '.join(missing)} is missing. The file has: "
            f"{', '.join(_clean(title)[:40] for title in header[:30])}. If it is named otherwise there, map it."
        )
    return found


def _rows(reader: Iterator[list[str]], problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and cells of every row that is not empty."""
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line = getattr(reader, "line_num", line + 1)
            problems.append(Problem(line, f"the row cannot be read ({error})"))
            continue
        line = getattr(reader, "line_num", line + 1)
        if any(cell.strip() for cell in cells):
            yield line, cells


def _warnings(order: Order) -> Iterator[str]:
    if not normalize_phone(order.phone) and not normalize_email(order.email):
        yield "neither a usable phone nor an e-mail: nobody will be able to prove that the order is theirs"


def _clean(cell: str) -> str:
    """Return one line of visible text that no spreadsheet would run."""
    unwrapped = _QUOTED_NUMBER.sub(r"\1", visible(cell)).lstrip("'")
    while (plain := _FORMULA.sub("", unwrapped).strip()) != unwrapped:
        unwrapped = plain
    return unwrapped


async def import_orders(session: AsyncSession, orders: Sequence[Order]) -> ImportCounts:
    """Add new orders and update changed ones; orders that are not in the list stay. Does not commit."""
    added = changed = unchanged = 0
    for start in range(0, len(orders), _BATCH):
        batch = orders[start : start + _BATCH]
        numbers = [order.number for order in batch]
        rows = await session.scalars(select(OrderRow).where(OrderRow.number.in_(numbers)), execution_options=_AS_STORED)
        present = {row.number: to_order(row) for row in rows}
        different = [order for order in batch if present.get(order.number) != order]
        new = sum(order.number not in present for order in different)
        added, changed, unchanged = added + new, changed + len(different) - new, unchanged + len(batch) - len(different)
        if different:
            await _upsert(session, different)
    return ImportCounts(added, changed, unchanged)


async def _upsert(session: AsyncSession, orders: Sequence[Order]) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(OrderRow).values(
        [
            {
                **asdict(order),
                "phone_normal": normalize_phone(order.phone),
                "email_normal": normalize_email(order.email),
            }
            for order in orders
        ]
    )
    fresh = {column.name: column for column in statement.excluded if column.name != "number"}
    await session.execute(statement.on_conflict_do_update(index_elements=[OrderRow.number], set_=fresh))
