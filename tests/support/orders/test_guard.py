import asyncio
from datetime import UTC, datetime, timedelta

from support.database import Database
from support.orders.guard import Locked, Open, check, record_right, record_wrong

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


async def test_a_lock_survives_a_restart(database, database_url):
    for _ in range(5):
        async with database.writing() as session:
            await record_wrong(session, 1, NOW)
    await database.close()
    reopened = Database(database_url)

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
