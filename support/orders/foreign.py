"""Orders in the company's own database: one SELECT of theirs, in a transaction that can only read."""

import asyncio
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from support.orders.base import OrderSourceError, UnreachableError, only
from support.orders.fields import FieldError, order_from
from support.orders.models import Order
from support.orders.numbers import foreign_spellings, same_number, spellings

CONNECTIONS: Final = 4
MOST_ROWS: Final = 64
_LOOK_EVERY: Final = 1000
"""Steps of SQLite's virtual machine between two looks at the clock."""
_CONNECTION_GONE: Final = ("08", "57P", "53", "40")
"""SQLSTATE classes (PostgreSQL, Appendix A): connection, shutdown, no room, conflict. 57014 is the time limit."""

Rows = tuple[tuple[str, ...], list[Mapping[str, object]]]
"""The columns, and at most MOST_ROWS rows."""


class _Reader(Protocol):
    """Runs the query: one of PostgreSQL, one of SQLite."""

    async def rows(self, number: str) -> Rows: ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class ForeignOrders:
    """OrderSource over a query on another database."""

    reader: _Reader
    fields: Mapping[str, str] = field(default_factory=dict)
    """Our column → the query's."""

    async def find(self, number: str) -> Order | None:
        """Ask for the likeliest spellings in turn.

        Raises:
            OrderSourceError: the database cannot be reached, the query fails, or its rows are no orders.
        """
        for spelling in foreign_spellings(number):
            _, rows = await self.reader.rows(spelling)
            if rows:
                return self._order(rows, spelling)
        return None

    async def columns(self, number: str) -> tuple[str, ...]:
        """Return the columns that the query gives, whether it finds the number or not.

        Raises:
            OrderSourceError: the database cannot be reached, or the query fails.
        """
        columns, _ = await self.reader.rows(number)
        return columns

    async def close(self) -> None:
        """Close the connections."""
        await self.reader.close()

    def _order(self, rows: Sequence[Mapping[str, object]], asked: str) -> Order | None:
        try:
            orders = [order_from(row, self.fields, asked) for row in rows]
        except FieldError as error:
            raise OrderSourceError(f"a row of ORDERS_QUERY cannot be used: {error} (see ORDERS_FIELDS)") from error
        if len({order.number for order in orders}) < len(orders):
            raise OrderSourceError("ORDERS_QUERY finds several rows for one order: gather its items into one row")
        if not all(same_number(order.number, asked) for order in orders):
            raise OrderSourceError("ORDERS_QUERY finds another order than it was asked for: compare with :number")
        return only(orders, spellings(asked))


def reader_of(url: str, query: str, timeout_s: float) -> _Reader:
    """Return the reader of a database address; nothing is connected yet.

    Raises:
        OrderSourceError: the address is neither PostgreSQL's nor SQLite's.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise OrderSourceError("ORDERS_DATABASE_URL is no database address") from error
    match parsed.get_backend_name():
        case "sqlite":
            return SqliteReader(Path(parsed.database or ""), query, timeout_s)
        case "postgresql" | "postgres":
            return PostgresReader(parsed.set(drivername="postgresql+asyncpg"), query, timeout_s)
        case name:
            raise OrderSourceError(f"ORDERS_DATABASE_URL: {name} is not supported, only postgresql:// and sqlite:///")


@dataclass(slots=True)
class SqliteReader:
    """A file that somebody else writes: opened for each look, read only, given up in time."""

    path: Path
    query: str
    timeout_s: float

    async def rows(self, number: str) -> Rows:
        """Run the query in a thread."""
        return await asyncio.to_thread(self._rows, number)

    async def close(self) -> None:
        """Nothing stays open."""

    def _rows(self, number: str) -> Rows:
        until = time.monotonic() + self.timeout_s
        try:
            # Immediately closed with the block, unlike sqlite3's own context manager.
            connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True, timeout=self.timeout_s)
            try:
                connection.execute("PRAGMA query_only=ON")
                connection.set_progress_handler(lambda: time.monotonic() > until, _LOOK_EVERY)
                cursor = connection.execute(self.query, {"number": number})
                columns = tuple(column[0] for column in cursor.description or ())
                return columns, [dict(zip(columns, row, strict=True)) for row in cursor.fetchmany(MOST_ROWS)]
            finally:
                connection.close()
        except sqlite3.OperationalError as error:
            reason = str(error)
            if "interrupted" in reason:
                raise UnreachableError(f"ORDERS_QUERY takes longer than {self.timeout_s:g} s") from error
            if any(word in reason for word in ("locked", "busy", "unable to open")):
                raise UnreachableError(f"the orders' database cannot be read now ({reason})") from error
            raise OrderSourceError(f"ORDERS_QUERY fails: {reason}") from error
        except sqlite3.Error as error:
            raise OrderSourceError(f"the orders' database cannot be read ({error})") from error


class PostgresReader:
    """A server that somebody else keeps: a few connections, each look in a read-only transaction of its own."""

    def __init__(self, url: URL, query: str, timeout_s: float) -> None:
        self._query = text(query)
        self._timeout_s = timeout_s
        self._engine: AsyncEngine = create_async_engine(
            url,
            # The parameter is a customer's order, and errors are logged.
            hide_parameters=True,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=timeout_s,
            pool_pre_ping=True,
            connect_args={"timeout": timeout_s, "command_timeout": timeout_s * 1.2},
        )

    async def rows(self, number: str) -> Rows:
        """Run the query; whatever it does is rolled back."""
        try:
            async with self._engine.connect() as connection:
                await connection.execute(text("SET TRANSACTION READ ONLY"))
                await connection.execute(text(f"SET LOCAL statement_timeout = {int(self._timeout_s * 1000)}"))
                result = await connection.execute(self._query, {"number": number})
                columns = tuple(map(str, result.keys()))
                rows: list[Mapping[str, object]] = [dict(row) for row in result.mappings().fetchmany(MOST_ROWS)]
                await connection.rollback()
                return columns, rows
        except (DBAPIError, OSError, TimeoutError) as error:
            raise _failure(error) from error
        except SQLAlchemyError as error:
            raise UnreachableError(f"the orders' database cannot be reached ({type(error).__name__})") from error

    async def close(self) -> None:
        """Close the pool."""
        await self._engine.dispose()


def _failure(error: Exception) -> OrderSourceError:
    if not isinstance(error, DBAPIError):
        return UnreachableError(f"the orders' database cannot be reached ({type(error).__name__})")
    driver: Any = error.orig
    state = str(getattr(driver, "sqlstate", None) or "")
    if state == "25006":
        return OrderSourceError("ORDERS_QUERY tries to write: the company's database is only read")
    if error.connection_invalidated or not state or state.startswith(_CONNECTION_GONE) or state == "57014":
        return UnreachableError(f"the orders' database does not answer ({type(driver).__name__})")
    if isinstance(error, OperationalError | InterfaceError) and state.startswith("28"):
        return OrderSourceError("the orders' database refuses us: check ORDERS_DATABASE_URL")
    if state.startswith("22"):
        # The message quotes the value.
        return OrderSourceError(
            f"ORDERS_QUERY fails ({state}): the number comes as text, compare with CAST(id AS text) = :number"
        )
    # A server quotes values in the lines after the first.
    return OrderSourceError(f"ORDERS_QUERY fails ({state}): {str(driver).splitlines()[0]}")
