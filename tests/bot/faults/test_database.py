"""The database locked, full, restarted: updates wait at Telegram, outcomes in memory, and nothing is said twice."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from sandbox.world import ANNA, EMMA, MARIA, OLEG
from support import schema
from support.database import BUSY_TIMEOUT_MS
from tests.databases import start_postgres

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

QUESTION = "Сколько дней есть на возврат товара?"
NO_LIMIT = 2**32 - 2


@asynccontextmanager
async def locked(scene):
    """Hold SQLite's one writing lock from another connection, as a backup tool would."""
    connection = sqlite3.connect(make_url(scene.product.settings.sql_url).database, isolation_level=None, timeout=0)
    while not connection.in_transaction:
        # The bot may hold it just now, and works in this very thread.
        with suppress(sqlite3.OperationalError):
            connection.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def test_a_database_locked_for_longer_than_anybody_waits_loses_nothing_and_repeats_nothing(scene):
    thread = await scene.conversation()
    await scene.people.fault("sendMessage", kind="slow", hang_s=1.5, chat_id=ANNA)
    await scene.operator_says(thread, "Первое")
    await scene.product.answer(ANNA, "Первое", timeout_s=30)  # shown; its outcome is not written down yet
    async with locked(scene):
        await scene.operator_says(thread, "Второе")
        await scene.people.say(OLEG, QUESTION)
        await asyncio.sleep(BUSY_TIMEOUT_MS / 1000 + 2)

    await scene.product.answer(ANNA, "Второе", timeout_s=40)
    await scene.product.answer(OLEG, "Источник", timeout_s=40)
    await scene.rest()
    assert (await scene.read_by(ANNA))[-2:] == ["Первое", "Второе"]
    assert len(await scene.read_by(OLEG)) == 1


@pytest.fixture
def full():
    """Let SQLite's files grow no further while the block lasts (PRAGMA max_page_count: SQLITE_FULL)."""
    limit = [NO_LIMIT]

    def limited(connection):
        # A limit below the present size means the present size.
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit[0]}")

    @contextmanager
    def run():
        limit[0] = 1
        try:
            yield
        finally:
            limit[0] = NO_LIMIT

    event.listen(Engine, "begin", limited)
    yield run
    event.remove(Engine, "begin", limited)


async def test_what_comes_while_the_disk_is_full_is_passed_on_afterwards_in_order_and_once(full, scene):
    thread = await scene.conversation()
    words = [f"{number} " + "слово " * 600 for number in range(20)]
    with full():
        for word in words:
            await scene.people.say(ANNA, word)
        await asyncio.sleep(4)
        assert (await scene.people.state())["updates_pending"] > 0
    await scene.people.say(OLEG, QUESTION)

    await scene.product.answer(OLEG, "Источник", timeout_s=60)
    await scene.product.in_group(words[-1].strip(), timeout_s=90)
    shown = await scene.read_in_topic(thread, "слово слово")
    assert shown == [word.strip() for word in words]


@pytest.fixture
def own_postgres():
    server = start_postgres()
    yield server
    server.server.cleanup()


@pytest.mark.postgres
async def test_a_postgresql_that_restarts_delays_and_loses_nothing(stage, own_postgres):
    await own_postgres.execute("CREATE DATABASE shop")
    url = own_postgres.url("shop")
    await schema.upgrade(url)
    async with stage(database_url=url) as scene:
        thread = await scene.conversation()
        await scene.people.fault("sendMessage", kind="slow", hang_s=1.5, chat_id=ANNA)
        await scene.operator_says(thread, "Первое")
        await scene.product.answer(ANNA, "Первое", timeout_s=30)
        await asyncio.to_thread(own_postgres.server.stop)
        await scene.operator_says(thread, "Второе")
        await scene.people.say(EMMA, "Within how many days can I return an item?")
        await asyncio.sleep(2)
        await asyncio.to_thread(own_postgres.server.start)

        await scene.product.answer(ANNA, "Второе", timeout_s=40)
        await scene.product.answer(EMMA, "Source", timeout_s=40)
        await scene.rest()
        assert (await scene.read_by(ANNA))[-2:] == ["Первое", "Второе"]
        assert len(await scene.read_by(EMMA)) == 1
        assert await scene.read_by(MARIA) == []
