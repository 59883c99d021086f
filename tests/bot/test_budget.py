import asyncio

import pytest

from bot.budget import Budget, Limit, Limits


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def budget(clock):
    """Telegram's own numbers, without the margin that the defaults add."""
    return Budget(Limits(Limit(30, 1), Limit(3, 3), Limit(20, 60)), clock)


def spend(budget, chat_id, calls):
    return sum(budget.take_now(chat_id) for _ in range(calls))


def test_a_private_chat_takes_three_calls_in_three_seconds(budget, clock):
    assert spend(budget, 101, 5) == 3
    assert budget.wait_s(101) == pytest.approx(3)
    clock.now += 3
    assert spend(budget, 101, 5) == 3


def test_the_window_slides(budget, clock):
    spend(budget, 101, 2)
    clock.now += 2
    spend(budget, 101, 1)
    clock.now += 1

    assert budget.wait_s(101) == 0
    assert spend(budget, 101, 5) == 2


def test_a_group_takes_twenty_calls_a_minute(budget, clock):
    assert spend(budget, -100, 25) == 20
    clock.now += 59
    assert budget.wait_s(-100) == pytest.approx(1)
    clock.now += 1
    assert spend(budget, -100, 25) == 20


def test_all_chats_together_take_thirty_calls_a_second(budget, clock):
    assert sum(spend(budget, chat_id, 1) for chat_id in range(1, 41)) == 30
    clock.now += 1
    assert spend(budget, 99, 1) == 1


def test_a_block_stops_that_chat_and_no_other(budget, clock):
    budget.block(-100, 2282)

    assert budget.wait_s(-100) == pytest.approx(2282)
    assert budget.wait_s(101) == 0
    clock.now += 2282
    assert budget.wait_s(-100) == 0


async def test_taking_waits_for_the_window():
    budget = Budget(limits=Limits(private_chat=Limit(1, 0.05)))
    await budget.take(101)
    started = budget.clock()

    await budget.take(101)

    assert budget.clock() - started >= 0.05


async def test_calls_that_were_dammed_up_do_not_leave_all_at_once():
    budget = Budget(limits=Limits(overall=Limit(2, 0.1)))
    left = []

    async def make():
        await budget.gate()
        left.append(budget.clock())

    await asyncio.gather(*(make() for _ in range(6)))

    assert all(left[number + 2] - left[number] >= 0.1 for number in range(4))


def test_chats_that_fell_silent_are_forgotten(budget, clock):
    for chat_id in range(1, 3000):
        budget.wait_s(chat_id)
        budget.block(chat_id, 1)
        clock.now += 1
        spend(budget, chat_id, 1)
    clock.now += 100
    for _ in range(3000):
        clock.now += 1
        spend(budget, 1, 1)

    assert budget.chats_remembered < 1100
