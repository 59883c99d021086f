from datetime import UTC, datetime, timedelta

import pytest

from support.desk_file import Hours
from support.escalations import EscalationReason, EscalationRepository
from support.expectation import Closed, Expectation, expect, rounded_up
from support.tables import EscalationRow

MINUTE = timedelta(minutes=1)
ALWAYS = Hours()


@pytest.fixture
def wait(session, add_customer, now):
    """Let customers wait for an operator, the first one longest."""

    async def open_for(count, **values):
        rows = []
        for number in range(count):
            customer = await add_customer(200 + number, name=str(number))
            row, _ = await EscalationRepository(session).open(customer.id, EscalationReason.COMPLAINT, now)
            row.waiting_since = now + number * MINUTE
            rows.append(row)
        return rows

    return open_for


@pytest.fixture
def answer(session, anna, now):
    """Add conversations that were answered so many minutes after their beginning."""

    async def add(*minutes, reason="risky"):
        for took in minutes:
            replied = now + took * MINUTE
            session.add(
                EscalationRow(customer_id=anna.id, reason=reason, opened_at=now, closed_at=now, first_reply_at=replied)
            )
        await session.flush()

    return add


async def test_before_a_customer_are_those_who_wait_longer_or_more_urgently(session, wait, now):
    first, second, third = await wait(3)
    assert [(await expect(session, row, ALWAYS, now)).before for row in (first, second, third)] == [0, 1, 2]

    third.priority = 1
    second.waiting_since = None
    await session.flush()

    assert [(await expect(session, row, ALWAYS, now)).before for row in (first, third)] == [1, 0]
    assert await expect(session, second, ALWAYS, now) == Expectation(0, None)


async def test_the_wait_is_the_median_of_first_replies_and_unknown_after_a_few(session, wait, answer, now):
    [row] = await wait(1)
    await answer(2, 3, 4, 60)
    await answer(1, 1, 1, reason=EscalationReason.OPERATOR_WROTE)
    assert await expect(session, row, ALWAYS, now) == Expectation(0, None)

    await answer(50)

    assert await expect(session, row, ALWAYS, now) == Expectation(0, 4)


async def test_outside_opening_hours_the_next_opening_is_known(session, wait, now):
    [row] = await wait(1)
    hours = Hours.model_validate({"week": {"mon": [{"begins": "09:00", "ends": "18:00"}]}})

    assert await expect(session, row, hours, now) == Closed(datetime(2026, 11, 23, 9, tzinfo=UTC))


@pytest.mark.parametrize(("minutes", "told"), [(0.2, 1), (1, 1), (3.2, 4), (5, 5), (5.1, 10), (21, 25)])
def test_no_wait_is_told_too_short(minutes, told):
    assert rounded_up(minutes) == told
