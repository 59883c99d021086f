"""SQLite behind asyncio: each statement is one trip to the connection's thread.

aiosqlite takes four (a cursor, the statement, its rows, the cursor's end), and most of a small transaction's time goes
into them. SQLAlchemy sees the same interface (``sqlalchemy.connectors.asyncio.AsyncIODBAPIConnection``).
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import aiosqlite

ITER_CHUNK_SIZE = 64
"""aiosqlite's own default; rows are not read in chunks here."""


class OneTripConnection(aiosqlite.Connection):
    """A connection whose transactions are begun by ``begin``, together with their first statement."""

    _pending_begin: str | None = None

    def begin(self, statement: str) -> None:
        """Begin a transaction when its first statement is executed."""
        self._pending_begin = statement

    def cursor(self) -> "OneTripCursor":  # type: ignore[override]  # what SQLAlchemy awaits of it is the same
        """Return a cursor; costs nothing."""
        return OneTripCursor(self)

    async def commit(self) -> None:
        """Commit, if anything was executed."""
        if self._pending_begin is None:
            await super().commit()
        self._pending_begin = None

    async def rollback(self) -> None:
        """Roll back, if there is a transaction."""
        self._pending_begin = None
        if self.in_transaction:
            await super().rollback()

    async def run(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do the work in the connection's thread, inside the transaction."""
        await self._execute(self._in_transaction, work)  # type: ignore[no-untyped-call]

    def _in_transaction(self, work: Callable[[sqlite3.Connection], None]) -> None:
        if self._pending_begin is not None:
            self._conn.execute(self._pending_begin)
            # Only now: after a BEGIN that failed, the next statement must not run outside a transaction.
            self._pending_begin = None
        work(self._conn)


class OneTripCursor:
    """What SQLAlchemy needs of a cursor; rows are fetched with the statement."""

    __slots__ = ("_connection", "_rows", "arraysize", "description", "lastrowid", "rowcount")

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.arraysize = 1
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1

    async def __aenter__(self) -> "OneTripCursor":
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Execute the statement and fetch its rows."""
        await self._connection.run(lambda connection: self._take(connection.execute(sql, parameters)))

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Execute the statement for each set of parameters."""
        await self._connection.run(lambda connection: self._take(connection.executemany(sql, parameters)))

    async def fetchall(self) -> list[Any]:
        """Return the rows that came with the statement."""
        return self._rows

    async def close(self) -> None:
        """Do nothing: SQLite's own cursor was closed with the statement."""

    def _take(self, cursor: sqlite3.Cursor) -> None:
        self.description, self.lastrowid = cursor.description, cursor.lastrowid
        self._rows = cursor.fetchall() if cursor.description else []
        # An INSERT … RETURNING knows it only after its rows.
        self.rowcount = cursor.rowcount
        cursor.close()


async def connect(database: str, *, pragmas: Sequence[str], **arguments: Any) -> OneTripConnection:  # noqa: ANN401  # sqlite3's own
    """Open a connection; its transactions begin only by ``begin``."""
    connection = OneTripConnection(partial(_open, database, pragmas, arguments), ITER_CHUNK_SIZE)
    # A bot that is told to stop does not wait for a statement that hangs.
    connection._thread.daemon = True  # as SQLAlchemy does
    try:
        await connection
    except sqlite3.Error:
        # aiosqlite lets go of the thread, which would report its end to a loop that may be closed by then.
        connection._thread.join()
        raise
    return connection


def _open(database: str, pragmas: Sequence[str], arguments: dict[str, Any]) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite3.connect(database, isolation_level=None, **arguments)
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
