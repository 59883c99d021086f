"""The database's schema: upgrading it, and asking whether it is the one that this version needs.

Addresses are SQLAlchemy's, with an async driver (``Settings.sql_url``).
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from support.database import BUSY_TIMEOUT_MS
from support.settings import PACKAGE_ROOT

T = TypeVar("T")


def script_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration over the package ``migrations``; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(PACKAGE_ROOT / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to the revision, the newest by default; safe to repeat, also by several processes at once."""
    await _in_transaction(url, lambda connection: command.upgrade(script_config(connection), revision))


async def downgrade(url: str, revision: str) -> None:
    """Take the database back to the revision; ``base`` empties it."""
    await _in_transaction(url, lambda connection: command.downgrade(script_config(connection), revision))


async def is_current(url: str) -> bool:
    """Whether the database has exactly the schema that this version needs; False when there is none yet."""
    file = _sqlite_file(url)
    if file is not None and not file.exists():
        return False
    newest = set(ScriptDirectory.from_config(script_config()).get_heads())
    return await _in_transaction(url, _applied, begin="BEGIN") == newest


def _applied(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


def _sqlite_file(url: str) -> Path | None:
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


async def _in_transaction(url: str, work: Callable[[Connection], T], *, begin: str = "BEGIN IMMEDIATE") -> T:
    engine = create_async_engine(url, poolclass=NullPool)
    file = _sqlite_file(url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        # The driver would commit before each CREATE TABLE; and foreign keys stay off while tables are rebuilt.
        event.listen(engine.sync_engine, "connect", _leave_transactions_to_us)
        event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _leave_transactions_to_us(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()
