"""Outages as they are: a server that stops, a file that is locked, a disk that is full."""

import asyncio
import os
import signal
import socket
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from support.availability import DatabaseUnavailableError, is_unavailable
from support.database import WRITERS, Database
from support.tables import CustomerRow

on_postgres = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@asynccontextmanager
async def opened(url, **settings):
    database = Database(url, **settings)
    yield database
    await database.close()


@pytest.fixture
async def impatient(database_url):
    async with opened(database_url, patience_s=0.5, statement_timeout_s=1) as database:
        yield database


@pytest.fixture
async def another(database_url):
    async with opened(database_url) as database:
        yield database


@pytest.fixture
def add(now):
    """Write a customer in a transaction of his own."""

    async def write_one(database, chat_id=1):
        async with database.writing() as session:
            session.add(CustomerRow(chat_id=chat_id, name="", language="ru", created_at=now))

    return write_one


async def write(database, work):
    async with database.writing() as session:
        await work(session)


async def customers(database):
    async with database.reading() as session:
        return list(await session.scalars(select(CustomerRow.chat_id).order_by(CustomerRow.chat_id)))


async def backend_of(session):
    return await session.scalar(text("SELECT pg_backend_pid()"))


async def terminate(database, backend):
    await write(database, lambda session: session.execute(select(func.pg_terminate_backend(backend))))


def delete_all(session):
    return session.execute(text("DELETE FROM customer"))


async def delete_all_in(database):
    await write(database, delete_all)


@on_postgres
async def test_a_transaction_that_a_restart_interrupts_is_undone_and_can_be_done_again(postgres_server, database, add):
    async def delete_during_a_restart(session):
        await delete_all(session)
        async with postgres_server.stopped():
            pass
        await session.execute(text("SELECT 1"))

    await add(database, 1)
    with pytest.raises(DatabaseUnavailableError):
        await write(database, delete_during_a_restart)

    await add(database, 2)
    assert await customers(database) == [1, 2]


@on_postgres
async def test_a_server_that_is_away_is_an_outage_until_it_is_back(postgres_server, database, another, add):
    await add(database)
    async with postgres_server.stopped():
        for connected_before_or_not in (database, another):
            with pytest.raises(DatabaseUnavailableError):
                await add(connected_before_or_not)
            with pytest.raises(DatabaseUnavailableError):
                await customers(connected_before_or_not)

    assert await customers(database) == await customers(another) == [1]


@on_postgres
async def test_through_several_restarts_nothing_but_outages_is_seen(postgres_server, database_url):
    async def work():
        while not over.is_set():
            # Anew each time: a server may also go away while a connection is being made.
            async with opened(database_url) as database:
                for use in (delete_all_in, customers) * 5:
                    try:
                        await use(database)
                    except DatabaseUnavailableError:
                        await asyncio.sleep(0.01)

    over = asyncio.Event()
    async with asyncio.TaskGroup() as workers:
        for _ in range(8):
            workers.create_task(work())
        for _ in range(5):
            await asyncio.sleep(0.2)
            async with postgres_server.stopped():
                pass
        over.set()


@on_postgres
async def test_connections_that_died_while_they_waited_in_the_pool_are_replaced_unnoticed(database, another, add):
    await add(database)
    async with database.writing() as session:
        backend = await backend_of(session)
    await terminate(another, backend)
    await asyncio.sleep(0.05)

    assert await customers(database) == [1]
    async with database.writing() as session:
        assert await backend_of(session) != backend


@on_postgres
async def test_a_commit_that_the_server_did_not_confirm_is_an_outage(database, another, add):
    async def delete_and_lose_the_connection(session):
        await delete_all(session)
        await terminate(another, await backend_of(session))

    with pytest.raises(DatabaseUnavailableError):
        await write(database, delete_and_lose_the_connection)

    await add(database)
    assert await customers(database) == [1]


@on_postgres
async def test_of_two_transactions_that_lock_each_other_out_one_is_to_be_done_again(database, add):
    await add(database, 1)
    await add(database, 2)
    both = asyncio.Barrier(2)

    async def lock(first, second):
        async with database.writing() as session:
            await session.execute(update(CustomerRow).where(CustomerRow.chat_id == first).values(name="x"))
            await both.wait()
            await session.execute(update(CustomerRow).where(CustomerRow.chat_id == second).values(name="x"))

    ended = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)

    assert sorted(type(error).__name__ for error in ended) == ["DatabaseUnavailableError", "NoneType"]


@on_postgres
async def test_a_row_that_another_process_keeps_locked_is_an_outage(database, impatient, add):
    await add(database)
    async with database.writing() as session:
        await session.execute(update(CustomerRow).values(name="x"))
        with pytest.raises(DatabaseUnavailableError, match="lock timeout"):
            await write(impatient, lambda other: other.execute(update(CustomerRow).values(name="y")))


@on_postgres
async def test_a_statement_that_takes_too_long_is_an_outage(impatient):
    with pytest.raises(DatabaseUnavailableError, match="statement timeout"):
        async with impatient.reading() as session:
            await session.execute(text("SELECT pg_sleep(60)"))


@on_postgres
async def test_a_server_that_falls_silent_in_the_middle_is_an_outage(impatient, database, add):
    async def freeze(session):
        frozen.append(await backend_of(session))
        os.kill(frozen[0], signal.SIGSTOP)
        await session.execute(text("SELECT 1"))

    frozen = []
    try:
        with pytest.raises(DatabaseUnavailableError):
            await write(impatient, freeze)
    finally:
        for backend in frozen:
            os.kill(backend, signal.SIGCONT)

    await add(database)
    assert await customers(database) == [1]


async def test_a_server_that_takes_the_call_and_says_nothing_is_an_outage():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+asyncpg://otvet@127.0.0.1:{silent.getsockname()[1]}/otvet"
        async with opened(url, patience_s=0.2) as database:
            with pytest.raises(DatabaseUnavailableError):
                await customers(database)


@on_postgres
async def test_a_pool_whose_connections_are_all_taken_is_an_outage(database_url):
    async with opened(database_url, patience_s=2) as database, AsyncExitStack() as held:
        for _ in range(WRITERS):
            await (await held.enter_async_context(database.writing())).connection()

        with pytest.raises(DatabaseUnavailableError, match="timed out"):
            await write(database, delete_all)


@on_postgres
@pytest.mark.parametrize(
    ("state", "passes"),
    [
        ("08006", True),
        ("25006", True),
        ("40001", True),
        ("53100", True),
        ("53300", True),
        ("57P03", True),
        ("58030", True),
        ("23505", False),
        ("22001", False),
        ("42P01", False),
        ("P0001", False),
    ],
)
async def test_postgresqls_own_code_says_whether_an_error_passes(database, state, passes):
    with pytest.raises(DBAPIError) as caught:
        async with database.writing() as session:
            await session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'so' USING ERRCODE = '{state}'; END $$"))

    assert isinstance(caught.value, DatabaseUnavailableError) is passes


@on_postgres
async def test_a_schema_that_changes_under_an_open_connection_is_an_outage_once(database, another):
    def read_all(session):
        return session.execute(text("SELECT * FROM customer"))

    await write(database, read_all)
    await write(another, lambda session: session.execute(text("ALTER TABLE customer ADD COLUMN later INTEGER")))

    with pytest.raises(DatabaseUnavailableError):
        await write(database, read_all)
    await write(database, read_all)


@on_sqlite
async def test_a_file_that_another_process_keeps_locked_is_an_outage(database, impatient, add):
    async with database.writing() as session:
        await delete_all(session)
        with pytest.raises(DatabaseUnavailableError, match="locked"):
            await add(impatient)

    await add(impatient)
    assert await customers(database) == [1]


@on_sqlite
async def test_whoever_goes_on_after_an_outage_writes_nothing(database, impatient, now):
    async def go_on(session):
        async with database.writing() as other:
            await delete_all(other)
            with pytest.raises(DatabaseUnavailableError):
                await delete_all(session)
        session.add(CustomerRow(chat_id=1, name="", language="ru", created_at=now))

    with pytest.raises(DatabaseUnavailableError):
        await write(impatient, go_on)

    assert await customers(database) == []


@on_sqlite
async def test_a_full_disk_is_an_outage_and_leaves_nothing_half_done(database, add, now):
    async def fill(session):
        await session.execute(text("PRAGMA max_page_count = 1"))
        session.add(CustomerRow(chat_id=2, name="", language="ru", created_at=now))
        await session.flush()
        session.add(CustomerRow(chat_id=3, name="x" * 1_000_000, language="ru", created_at=now))

    await add(database, 1)
    with pytest.raises(DatabaseUnavailableError, match="full"):
        await write(database, fill)

    await add(database, 4)
    assert await customers(database) == [1, 4]


async def test_a_file_that_cannot_be_opened_is_an_outage(tmp_path):
    (tmp_path / "otvet.db").mkdir()
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'otvet.db'}") as database:
        with pytest.raises(DatabaseUnavailableError, match="unable to open"):
            await customers(database)


@on_sqlite
async def test_a_table_that_is_missing_is_no_outage(database):
    with pytest.raises(DBAPIError) as caught:
        await write(database, lambda session: session.execute(text("DELETE FROM nowhere")))

    assert not isinstance(caught.value, DatabaseUnavailableError)
    assert not is_unavailable(caught.value)


@pytest.mark.parametrize(
    ("code", "passes"), [(sqlite3.SQLITE_IOERR_FSYNC, True), (sqlite3.SQLITE_CONSTRAINT_UNIQUE, False)]
)
def test_sqlites_extended_codes_are_read_like_their_primary_ones(code, passes):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code

    assert is_unavailable(error) is passes
