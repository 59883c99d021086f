import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from support.deliveries import Delivery, DeliveryRepository, DeliveryState, Priority
from support.transport_tables import DeliveryRow, LeaseRow
from tests.databases import ON_SQLITE


@pytest.fixture
def deliveries(session):
    return DeliveryRepository(session)


@pytest.fixture
async def begin(session, deliveries, now):
    """Begin a call as the holder of the lease does."""
    session.add(LeaseRow(name="test", owner="me", fence=3, beat=0))
    await session.flush()

    async def begin(delivery_id, *, fence=3, at=now):
        return await deliveries.begin(delivery_id, lease="test", fence=fence, peer_id=101, now=at)

    return begin


def call(key, priority=Priority.ANSWER):
    return Delivery(key=key, method="SendMessage", payload={"text": "секрет"}, priority=priority, chat_id=101)


async def rows(session):
    return list(await session.scalars(select(DeliveryRow).order_by(DeliveryRow.id)))


async def test_a_key_is_enqueued_once(session, deliveries, now):
    await deliveries.add(call("turn:1:1:Answered"), now)
    await deliveries.add(call("turn:1:1:Answered"), now)

    assert len(await rows(session)) == 1


async def test_the_database_refuses_a_second_row_under_a_key(session, deliveries, now):
    await deliveries.add(call("a"), now)
    session.add(DeliveryRow(key="a", method="m", payload={}, priority=0, state="pending", created_at=now))

    with pytest.raises(IntegrityError):
        await session.flush()
    await session.rollback()


async def test_a_call_is_begun_by_one_only(session, deliveries, begin, now):
    await deliveries.add(call("a"), now)
    [row] = await rows(session)

    assert await begin(row.id)
    assert not await begin(row.id)


async def test_who_lost_the_lease_begins_nothing(session, deliveries, begin, now):
    await deliveries.add(call("a"), now)
    [row] = await rows(session)

    assert not await begin(row.id, fence=2)
    assert await begin(row.id)


async def test_a_call_that_must_wait_is_not_begun_before(session, deliveries, begin, now):
    await deliveries.add(dataclasses.replace(call("a"), not_before=now + timedelta(seconds=1)), now)
    [row] = await rows(session)

    assert not await begin(row.id)
    assert await begin(row.id, at=now + timedelta(seconds=1))


async def test_what_was_attempted_lately_is_known_after_a_restart(session, deliveries, begin, now):
    await deliveries.add(call("a"), now)
    [row] = await rows(session)
    await begin(row.id)

    assert await deliveries.recent(now - timedelta(seconds=60)) == [(101, now)]
    assert await deliveries.recent(now + timedelta(seconds=1)) == []


@pytest.mark.parametrize("priority", [Priority.ANSWER, Priority.CARD, Priority.RELAY])
async def test_words_that_a_killed_process_left_in_the_middle_go_out_again_once(
    session, deliveries, begin, now, priority
):
    await deliveries.add(call("a", priority), now)
    [row] = await rows(session)
    await begin(row.id)

    session.expire_all()
    assert (await deliveries.recover(now))[0] == 1
    await session.flush()
    [row] = await rows(session)
    assert row.state == DeliveryState.PENDING
    await begin(row.id)
    session.expire_all()
    assert (await deliveries.recover(now))[0] == 0
    [row] = await rows(session)
    assert row.state == DeliveryState.UNKNOWN


@pytest.mark.parametrize("priority", [Priority.EDIT, Priority.ACTION])
async def test_an_edit_left_in_the_middle_is_not_repeated(session, deliveries, begin, now, priority):
    await deliveries.add(call("a", priority), now)
    [row] = await rows(session)
    await begin(row.id)
    await session.refresh(row)

    assert (await deliveries.recover(now))[0] == 0
    assert row.state == DeliveryState.UNKNOWN


async def test_calls_that_certainly_had_no_effect_do_not_count_as_attempts(session, deliveries, begin, now):
    await deliveries.add(call("a"), now)
    [row] = await rows(session)
    for _ in range(5):
        await begin(row.id)
        assert await deliveries.postpone(row.id, 1, "429", had_no_effect=True)
    await begin(row.id)
    await session.refresh(row)

    assert row.attempts == 1
    assert (await deliveries.recover(now))[0] == 1


async def test_an_outcome_that_is_written_down_twice_counts_once(session, deliveries, begin, now):
    await deliveries.add(call("a"), now)
    [row] = await rows(session)
    await begin(row.id)
    await deliveries.postpone(row.id, 1, "502", had_no_effect=False)
    await begin(row.id)

    assert await deliveries.postpone(row.id, 2, "429", had_no_effect=True)
    assert not await deliveries.postpone(row.id, 2, "429", had_no_effect=True)
    await session.refresh(row)
    assert row.attempts == 1


async def test_who_comes_late_does_not_undo_a_newer_attempt(session, deliveries, begin, now):
    await deliveries.add(call("a"), now)
    [row] = await rows(session)
    await begin(row.id)
    session.expire_all()
    await deliveries.recover(now)  # another process took over while the first one still waited for an answer
    await begin(row.id)

    assert not await deliveries.postpone(row.id, 1, "429", had_no_effect=True)
    assert not await deliveries.finish(row.id, 1, DeliveryState.FAILED, now)
    await session.refresh(row)
    assert (row.state, row.attempts) == (DeliveryState.ATTEMPTING, 2)


async def test_a_late_confirmation_spares_the_repetition(session, deliveries, begin, now):
    await deliveries.add(call("a"), now)
    [row] = await rows(session)
    await begin(row.id)
    session.expire_all()
    await deliveries.recover(now)

    assert await deliveries.finish(row.id, 1, DeliveryState.DELIVERED, now, message_id=7)
    assert await begin(row.id) is None


async def test_what_was_begun_meanwhile_is_not_withdrawn(session, deliveries, begin, now):
    await deliveries.add(call("a"), now)
    await deliveries.add(call("b"), now)
    begun, waits = await rows(session)
    await begin(begun.id)

    for row in (begun, waits):
        await deliveries.withdraw(row.id, "a newer edit follows", now)
        await session.refresh(row)

    assert (begun.state, waits.state) == (DeliveryState.ATTEMPTING, DeliveryState.WITHDRAWN)


async def test_pending_calls_are_read_in_order_and_page_by_page(deliveries, now):
    for number in range(5):
        await deliveries.add(call(f"k{number}"), now)

    first = await deliveries.open_after(0, limit=3)
    second = await deliveries.open_after(first[-1].id, limit=3)

    assert [row.key for row in (*first, *second)] == ["k0", "k1", "k2", "k3", "k4"]


def test_a_delivery_does_not_show_its_words():
    assert "секрет" not in repr(call("a"))


@pytest.mark.parametrize("database_url", [ON_SQLITE], indirect=True)
async def test_sqlite_reads_what_is_open_by_its_index_and_not_the_whole_ledger(session, deliveries):
    said, connection = [], await session.connection()
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *call: said.append((call[2], call[3])), once=True)
    await deliveries.open_after(0)

    [(statement, parameters)] = said
    plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    assert any("ix_delivery_open" in str(step) for step in plan)
