import asyncio

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from support.database import Database
from support.tables import CustomerRow

SIDE_BY_SIDE = 64


@pytest.fixture
async def another(database_url):
    """Another process's view of the same database: another Database over it."""
    database = Database(database_url)
    yield database
    await database.close()


def customer(chat_id, now):
    return CustomerRow(chat_id=chat_id, name="", language="ru", created_at=now)


async def customers(database):
    async with database.reading() as session:
        return list(await session.scalars(select(CustomerRow.chat_id).order_by(CustomerRow.chat_id)))


async def test_an_error_of_the_database_does_not_repeat_customers_words(database):
    with pytest.raises(DBAPIError) as caught:
        async with database.writing() as session:
            await session.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": "мой телефон 89161234501"})

    assert "89161234501" not in str(caught.value)


async def test_an_exception_rolls_everything_back(database, now):
    async def fail():
        async with database.writing() as session:
            session.add(customer(1, now))
            await session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    assert await customers(database) == []


async def test_a_savepoint_rolls_back_no_more_than_itself(database, now):
    async with database.writing() as session:
        session.add(customer(1, now))
        await session.flush()
        savepoint = await session.begin_nested()
        session.add(customer(2, now))
        await session.flush()
        await savepoint.rollback()

    assert await customers(database) == [1]


async def test_readers_do_not_wait_for_a_writer(database, now):
    async with database.writing() as writer:
        writer.add(customer(1, now))
        await writer.flush()
        assert await customers(database) == []


async def test_many_writers_that_also_read_do_not_wait_for_each_other_for_ever(database, now):
    async def read_while_writing(chat_id):
        async with database.writing() as session:
            session.add(customer(chat_id, now))
            await session.flush()
            await customers(database)

    await asyncio.gather(*(read_while_writing(chat_id) for chat_id in range(SIDE_BY_SIDE)))

    assert len(await customers(database)) == SIDE_BY_SIDE


async def test_two_processes_that_count_up_lose_no_step(database, another, now):
    async with database.writing() as session:
        session.add(customer(1, now))

    async def step(process):
        async with process.writing() as session:
            row = (await session.scalars(select(CustomerRow).with_for_update())).one()
            row.name = f"{int(row.name or 0) + 1}"

    await asyncio.gather(*(step(process) for process in (database, another) for _ in range(10)))

    async with database.reading() as session:
        assert await session.scalar(select(CustomerRow.name)) == "20"


async def test_a_writer_that_is_cancelled_holds_nothing_up(database, now):
    written = asyncio.Event()

    async def write_and_hang():
        async with database.writing() as session:
            session.add(customer(1, now))
            await session.flush()
            written.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(write_and_hang())
    await written.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    async with asyncio.timeout(5), database.writing() as session:
        session.add(customer(1, now))
    assert await customers(database) == [1]


async def test_an_update_tells_how_many_rows_it_changed_and_an_insert_what_it_made(database, now):
    rows = [{"chat_id": chat_id, "name": "", "language": "ru", "created_at": now} for chat_id in (1, 2, 3)]
    async with database.writing() as session:
        made = await session.execute(insert(CustomerRow).returning(CustomerRow.chat_id), rows)
        assert sorted(made.scalars()) == [1, 2, 3]

        changed = await session.execute(update(CustomerRow).where(CustomerRow.chat_id > 1).values(name="x"))
        assert changed.rowcount == 2


async def test_a_naive_datetime_is_refused(database, now):
    with pytest.raises(Exception, match="naive datetime"):
        async with database.writing() as session:
            session.add(customer(1, now.replace(tzinfo=None)))


async def test_a_reading_session_cannot_write(database, now):
    async with database.reading() as session:
        session.add(customer(1, now))
        with pytest.raises(DBAPIError, match=r"read-?only"):
            await session.flush()


async def test_the_work_on_a_chat_that_another_process_has_is_left_to_it(database, another):
    chat_id = -1_009_990_000_000
    inside, seen = 0, []

    async def work(process):
        nonlocal inside
        async with process.writing() as session:
            if await process.try_locks(session, {chat_id}):
                await session.execute(select(func.count()).select_from(CustomerRow))
                inside += 1
                seen.append(inside)
                await asyncio.sleep(0.02)
                inside -= 1

    await asyncio.gather(*(work(process) for process in (database, another) for _ in range(5)))

    assert set(seen) == {1}


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_lock_is_refused_at_once_while_another_process_has_it_and_free_after_its_transaction(database, another):
    async with database.writing() as session:
        assert await database.try_locks(session, {101})
        assert await database.try_locks(session, {101})
        async with asyncio.timeout(1), another.writing() as other:
            assert not await another.try_locks(other, {101})
            assert await another.try_locks(other, {102})

    async with another.writing() as other:
        assert await another.try_locks(other, {101})


async def test_a_reading_session_cannot_take_a_lock(database):
    async with database.reading() as session:
        with pytest.raises(ValueError, match="writing session"):
            await database.try_locks(session, {101})
