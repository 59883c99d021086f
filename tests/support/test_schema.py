from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, NullPool, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from support.schema import downgrade, is_current, upgrade
from support.tables import Base


@pytest.fixture
def missing_sqlite(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'new folder' / 'otvet.db'}"


@pytest.fixture
async def empty_postgres(postgres_server):
    async with postgres_server.database("template1") as url:
        yield url


async def tables(url: str) -> set[str]:
    return await on_connection(url, lambda connection: set(inspect(connection).get_table_names()))


async def on_connection(url: str, work):
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        result = await connection.run_sync(work)
    await engine.dispose()
    return result


def differences(connection: Connection) -> list[object]:
    return compare_metadata(MigrationContext.configure(connection), Base.metadata)


async def up_down_up(url: str) -> None:
    await upgrade(url)
    assert await is_current(url)
    assert {"inbox", "turn", "delivery"} < await tables(url)
    await downgrade(url, "base")
    assert await tables(url) == {"alembic_version"}
    assert not await is_current(url)
    await upgrade(url)
    await upgrade(url)
    assert await is_current(url)
    assert await on_connection(url, differences) == []


# SQLite's description of itself leaves indexes of expressions out.
@pytest.mark.filterwarnings("ignore:.*expression-based index:sqlalchemy.exc.SAWarning")
@pytest.mark.filterwarnings("ignore:autogenerate skipping:UserWarning")
async def test_migrations_go_up_down_and_up_again_on_sqlite_and_agree_with_the_tables(missing_sqlite):
    await up_down_up(missing_sqlite)


@pytest.mark.postgres
async def test_migrations_go_up_down_and_up_again_on_postgresql_and_agree_with_the_tables(empty_postgres):
    await up_down_up(empty_postgres)


async def test_a_database_that_does_not_exist_is_not_current_and_is_not_created_by_asking(missing_sqlite, tmp_path):
    assert not await is_current(missing_sqlite)
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_with_a_percent_sign_is_an_ordinary_folder(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / '100%'}/otvet.db"
    await upgrade(url)
    assert await is_current(url)
