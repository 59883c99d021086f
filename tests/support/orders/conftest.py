from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from support.database import Database
from support.tables import CustomerRow

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
async def database(database_url) -> AsyncIterator[Database]:
    database = Database(database_url)
    async with database.writing() as session:
        session.add_all(
            CustomerRow(id=number, chat_id=number, name="", language="ru", created_at=NOW) for number in (1, 2)
        )
    yield database
    await database.close()


@pytest.fixture
async def session(database) -> AsyncIterator[AsyncSession]:
    async with database.writing() as session:
        yield session
