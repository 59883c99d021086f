"""The database: reading and writing sessions over SQLite or PostgreSQL. docs/adr/0012 says what each isolates."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Dialect, event, text
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from support import sqlite_driver
from support.availability import DatabaseUnavailableError, is_unavailable

PATIENCE_S: Final = 10.0
BUSY_TIMEOUT_MS: Final = int(PATIENCE_S * 1000)
STATEMENT_TIMEOUT_S: Final = 30.0
FORGOTTEN_TRANSACTION_S: Final = 60
WRITERS: Final = 20
"""Connections of one process on PostgreSQL, which by default has 100 for all; work of milliseconds needs no more."""
READERS: Final = 10


class Database:
    """Sessions over two pools: a reading session inside a writing one never waits for other writers.

    SQLite knows one writer at a time: writers of this process queue up in order on a lock instead of
    polling for the file's lock, and begin with BEGIN IMMEDIATE so that a reader's snapshot is never upgraded.
    """

    def __init__(
        self, url: str, *, patience_s: float = PATIENCE_S, statement_timeout_s: float = STATEMENT_TIMEOUT_S
    ) -> None:
        """Wait at most ``patience_s`` for a connection, and for a lock that somebody else holds.

        ``statement_timeout_s`` is PostgreSQL's: SQLite's own thread cannot be left alone in the middle of a statement.
        """
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        if self.is_sqlite:
            self._write_engine = _sqlite_engine(parsed, patience_s, writes=True)
            self._read_engine = _sqlite_engine(parsed, patience_s, writes=False)
        else:
            self._write_engine = _postgres_engine(parsed, patience_s, statement_timeout_s, writes=True)
            self._read_engine = _postgres_engine(parsed, patience_s, statement_timeout_s, writes=False)
        self.errors = 0
        """Statements that failed since the start, whatever the reason."""
        for engine in (self._write_engine, self._read_engine):
            # Before the one that raises: SQLAlchemy asks nobody after it.
            event.listen(engine.sync_engine, "handle_error", self._count_error, insert=True)
        self._writer = asyncio.Lock()
        self._reading = async_sessionmaker(self._read_engine, expire_on_commit=False)
        self._writing = async_sessionmaker(self._write_engine, expire_on_commit=False)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session that only reads. SQLite shows it one moment, PostgreSQL one moment a statement.

        Raises:
            DatabaseUnavailableError: the database cannot be read now.
        """
        try:
            async with self._reading() as session:
                yield session
        except (PoolTimeoutError, PendingRollbackError) as error:
            if is_unavailable(error):
                raise DatabaseUnavailableError(error) from error
            raise

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction: committed at the end, rolled back by an exception.

        Raises:
            DatabaseUnavailableError: rolled back, or a commit's answer got lost; do all of it again after a moment.
        """
        try:
            if self.is_sqlite:
                async with self._writer, self._writing.begin() as session:
                    yield session
            else:
                async with self._writing.begin() as session:
                    yield session
        except (PoolTimeoutError, PendingRollbackError) as error:
            if is_unavailable(error):
                raise DatabaseUnavailableError(error) from error
            raise

    async def try_locks(self, session: AsyncSession, keys: Collection[int]) -> set[int]:
        """Take the locks of chats, or of whatever the keys mean, until the writing session ends; return those taken.

        Never waits on PostgreSQL. On SQLite a writing session excludes every other one: there is nothing left to lock.
        """
        if session.bind is not self._write_engine:
            raise ValueError("a lock is held by a writing session")
        if self.is_sqlite or not keys:
            return set(keys)
        wanted = text("SELECT key FROM unnest(CAST(:keys AS bigint[])) AS key WHERE pg_try_advisory_xact_lock(key)")
        return {row[0] for row in await session.execute(wanted, {"keys": sorted(keys)})}

    async def empty_log(self) -> bool:
        """Write SQLite's log into its file and cut it: what was erased stands there still. False: somebody reads it.

        PostgreSQL looks after its own; its vacuum takes what was erased away.
        """
        if not self.is_sqlite:
            return True
        async with self._writer, self._write_engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            found: list[int] = []
            await driver.run(lambda raw: found.extend(raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()))
        return found[0] == 0

    def _count_error(self, context: ExceptionContext) -> None:
        if isinstance(context.original_exception, Exception):
            self.errors += 1

    async def close(self) -> None:
        """Close every connection."""
        await self._read_engine.dispose()
        await self._write_engine.dispose()


def _sqlite_engine(url: URL, patience_s: float, *, writes: bool) -> AsyncEngine:
    pragmas = [
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={int(patience_s * 1000)}",
        # What is deleted is overwritten: a customer who was erased must not be found in the file's free pages.
        "secure_delete=ON",
        f"query_only={'OFF' if writes else 'ON'}",
    ]
    connect = partial(sqlite_driver.connect, pragmas=pragmas)
    engine = _engine(url, patience_s, 1 if writes else READERS, connect_args={"async_creator_fn": connect})
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    def begin_transaction(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.begin(begin)

    event.listen(engine.sync_engine, "begin", begin_transaction)
    return engine


def _postgres_engine(url: URL, patience_s: float, statement_timeout_s: float, *, writes: bool) -> AsyncEngine:
    settings = {
        "lock_timeout": f"{int(patience_s * 1000)}ms",
        "statement_timeout": f"{int(statement_timeout_s * 1000)}ms",
        "idle_in_transaction_session_timeout": f"{FORGOTTEN_TRANSACTION_S}s",
        "default_transaction_read_only": "off" if writes else "on",
    }
    # The driver's own limit is for a server that has vanished; one that is there has given up before.
    limits = {"timeout": patience_s, "command_timeout": statement_timeout_s * 1.2, "server_settings": settings}
    # A read needs no transaction: at READ COMMITTED each statement sees its own moment anyway.
    more = {} if writes else {"isolation_level": "AUTOCOMMIT"}
    engine = _engine(url, patience_s, WRITERS if writes else READERS, connect_args=limits, **more)
    event.listen(engine.sync_engine, "do_connect", _connect_postgres)
    event.listen(engine.sync_engine, "checkout", _leave_closed_connection)
    return engine


def _engine(url: URL, patience_s: float, connections: int, **more: Any) -> AsyncEngine:  # noqa: ANN401  # SQLAlchemy's own
    engine = create_async_engine(
        url,
        # Parameters are customers' words, and errors are logged.
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=patience_s,
        **more,
    )
    event.listen(engine.sync_engine, "handle_error", _raise_unavailable)
    return engine


def _raise_unavailable(context: ExceptionContext) -> None:
    error = context.original_exception
    if not isinstance(error, Exception):
        return  # cancelled
    if not (context.is_disconnect or is_unavailable(error)):
        return
    if not getattr(error, "sqlstate", None):
        # Not a server's orderly answer: whoever goes on in spite of it must not do so outside the transaction.
        context.is_disconnect = True
    # Connections that have died are noticed one by one.
    context.invalidate_pool_on_disconnect = False
    raise DatabaseUnavailableError(error) from error


def _connect_postgres(
    dialect: Dialect, _entry: ConnectionPoolEntry, arguments: tuple[Any, ...], options: dict[str, Any]
) -> DBAPIConnection:
    try:
        return dialect.connect(*arguments, **options)
    except OSError as error:
        # SQLAlchemy passes on what is not the driver's own error without asking handle_error.
        raise DatabaseUnavailableError(error) from error


def _leave_closed_connection(
    connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    # Costs nothing, where SQLAlchemy's ping takes three round trips.
    driver: Any = connection.driver_connection
    if driver.is_closed():
        raise DisconnectionError
