import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from support.tables import CustomerRow


async def test_an_error_of_the_database_does_not_repeat_customers_words(database):
    with pytest.raises(DBAPIError) as caught:
        async with database.writing() as session:
            await session.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": "мой телефон 89161234501"})

    assert "89161234501" not in str(caught.value)


async def test_an_exception_rolls_everything_back(database, now):
    async def fail():
        async with database.writing() as session:
            session.add(CustomerRow(chat_id=1, name="", language="ru", created_at=now))
            await session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    async with database.reading() as session:
        assert (await session.scalars(select(CustomerRow))).all() == []


async def test_readers_do_not_wait_for_a_writer(database, now):
    async with database.writing() as writer:
        writer.add(CustomerRow(chat_id=1, name="", language="ru", created_at=now))
        await writer.flush()
        async with database.reading() as reader:
            assert (await reader.scalars(select(CustomerRow))).all() == []


async def test_a_naive_datetime_is_refused(database, now):
    with pytest.raises(Exception, match="naive datetime"):
        async with database.writing() as session:
            session.add(CustomerRow(chat_id=1, name="", language="ru", created_at=now.replace(tzinfo=None)))
