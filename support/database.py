"""The database: one engine, reading and writing sessions, SQLite or PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS = 10_000
UNAVAILABLE: Final = (OperationalError, InterfaceError, OSError, TimeoutError)
"""What it raises while it is away, locked or full: nothing was committed, try again."""


def is_unavailable(error: BaseException) -> bool:
    """Whether an error means that the database is away for now."""
    return isinstance(error, UNAVAILABLE)


class Database:
    """Sessions over one engine.

    SQLite knows one writer at a time: writers of this process queue up in order on a lock instead of
    polling for the file's lock, and begin with BEGIN IMMEDIATE so that a reader's snapshot is never upgraded.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # Parameters are customers' words, and errors are logged.
        self._engine = create_async_engine(parsed, pool_pre_ping=not self.is_sqlite, hide_parameters=True)
        self._writer = asyncio.Lock()
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _configure_sqlite)
            event.listen(self._engine.sync_engine, "begin", _begin_sqlite)
        self._reading = async_sessionmaker(self._engine, expire_on_commit=False)
        writing_engine = self._engine.execution_options(otvet_writes=True)
        self._writing = async_sessionmaker(writing_engine, expire_on_commit=False)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session whose work is not committed."""
        async with self._reading() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction: committed at the end, rolled back by an exception."""
        if not self.is_sqlite:
            async with self._writing.begin() as session:
                yield session
            return
        async with self._writer, self._writing.begin() as session:
            yield session

    async def try_locks(self, session: AsyncSession, keys: Collection[int]) -> set[int]:
        """Lock keys until the transaction ends, as far as no other process holds them; return the locked ones.

        On SQLite a writing transaction excludes every other writer already.
        """
        if self.is_sqlite or not keys:
            return set(keys)
        wanted = text("SELECT key FROM unnest(CAST(:keys AS bigint[])) AS key WHERE pg_try_advisory_xact_lock(key)")
        return {row[0] for row in await session.execute(wanted, {"keys": sorted(keys)})}

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _configure_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: _begin_sqlite says which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options: Any = connection.get_execution_options()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("otvet_writes") else "BEGIN")
