import asyncio
import random
from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.budget import Budget, Limit, Limits
from sandbox.telegram.limits import FloodLimits

GROUP, ANNA, IVAN = -100, 101, 102
PRIVATE_S, MINUTE_S, SECOND_S = 3 * 1.05, 60 * 1.05, 1.05


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
    return Budget(clock=clock)


def spend(budget, chat_id, calls):
    return sum(budget.take_now(chat_id) for _ in range(calls))


def test_a_private_chat_takes_three_calls_in_three_seconds(budget, clock):
    assert spend(budget, ANNA, 5) == 3
    assert budget.wait_s(ANNA) == pytest.approx(PRIVATE_S)
    clock.now += PRIVATE_S
    assert spend(budget, ANNA, 5) == 3


def test_the_window_slides(budget, clock):
    spend(budget, ANNA, 2)
    clock.now += 2
    spend(budget, ANNA, 1)
    clock.now += PRIVATE_S - 2

    assert budget.wait_s(ANNA) == 0
    assert spend(budget, ANNA, 5) == 2


def test_a_group_takes_twenty_calls_a_minute(budget, clock):
    assert spend(budget, GROUP, 25) == 20
    clock.now += MINUTE_S - 1
    assert budget.wait_s(GROUP) == pytest.approx(1)
    clock.now += 1
    assert spend(budget, GROUP, 25) == 20


def test_all_chats_together_take_thirty_calls_a_second(budget, clock):
    assert sum(spend(budget, chat_id, 1) for chat_id in range(1, 41)) == 30
    clock.now += SECOND_S
    assert spend(budget, 99, 1) == 1


def test_a_chats_own_wait_and_that_of_all_are_told_apart(budget):
    spend(budget, ANNA, 3)
    assert budget.overall_wait_s() == 0
    assert budget.chat_wait_s(ANNA) == pytest.approx(PRIVATE_S)

    for chat_id in range(1, 28):
        spend(budget, chat_id, 1)
    assert budget.overall_wait_s() == pytest.approx(SECOND_S)
    assert budget.chat_wait_s(IVAN) == 0
    assert budget.wait_s(IVAN) == pytest.approx(SECOND_S)
    assert budget.wait_s(ANNA) == pytest.approx(PRIVATE_S)


def test_an_album_waits_until_there_is_room_for_all_of_it(budget, clock):
    spend(budget, GROUP, 8)
    clock.now += 5
    spend(budget, GROUP, 4)

    assert budget.wait_s(GROUP, 8) == 0
    assert budget.wait_s(GROUP, 10) == pytest.approx(MINUTE_S - 5)
    assert budget.wait_s(GROUP, 17) == pytest.approx(MINUTE_S)
    assert budget.overall_wait_s(10) == 0
    assert budget.chat_wait_s(GROUP, 10) == budget.wait_s(GROUP, 10)


def test_an_album_counts_by_its_messages(budget):
    budget.count(GROUP, 10)

    assert spend(budget, GROUP, 25) == 10
    assert sum(spend(budget, chat_id, 1) for chat_id in range(1, 41)) == 10


def test_an_album_larger_than_the_burst_waits_for_an_empty_window_only(budget, clock):
    spend(budget, ANNA, 1)
    assert budget.wait_s(ANNA, 10) == pytest.approx(PRIVATE_S)
    clock.now += PRIVATE_S
    assert budget.wait_s(ANNA, 10) == 0
    assert budget.wait_s(ANNA, 500) == 0


def test_what_follows_a_large_album_pays_for_it(budget, clock):
    budget.count(ANNA, 10)

    assert budget.wait_s(ANNA) == pytest.approx(3 * PRIVATE_S)
    clock.now += 3 * PRIVATE_S
    assert spend(budget, ANNA, 5) == 2


def test_a_block_stops_that_chat_and_no_other(budget, clock):
    budget.block(GROUP, 2282)

    assert budget.wait_s(GROUP) == pytest.approx(2282)
    assert budget.blocked_s(GROUP) == pytest.approx(2282)
    assert budget.blocked_until(GROUP) == clock.now + 2282
    assert budget.wait_s(ANNA) == budget.blocked_s(ANNA) == budget.overall_wait_s() == 0
    clock.now += 2282
    assert budget.wait_s(GROUP) == budget.blocked_s(GROUP) == 0
    assert budget.blocked_until(GROUP) is None


def test_a_shorter_retry_after_does_not_shorten_a_longer_one(budget, clock):
    budget.block(GROUP, 3000)
    clock.now += 10
    budget.block(GROUP, 1)
    assert budget.blocked_s(GROUP) == pytest.approx(2990)

    budget.block(GROUP, 5000)
    assert budget.blocked_s(GROUP) == pytest.approx(5000)


def test_a_restart_breaks_no_limit(budget, clock):
    budget.restore([(GROUP, 5.0)] * 15 + [(ANNA, 2.0), (ANNA, 0.5), (GROUP, 50.0), (ANNA, 1.0)], [])

    assert budget.chat_wait_s(ANNA) == pytest.approx(PRIVATE_S - 2)
    assert spend(budget, GROUP, 25) == 4
    assert budget.chat_wait_s(GROUP) == pytest.approx(MINUTE_S - 50)
    clock.now += MINUTE_S
    assert spend(budget, ANNA, 5) == 3


def test_a_restart_stays_outside_of_what_telegram_told(budget):
    budget.restore([], [(GROUP, 1500.0), (ANNA, -3.0)])

    assert budget.blocked_s(GROUP) == pytest.approx(1500)
    assert budget.wait_s(ANNA) == 0


def test_a_restart_pays_for_an_album_of_before(budget):
    budget.restore([(ANNA, 2.0)] * 10, [])

    assert budget.wait_s(ANNA) == pytest.approx(3 * PRIVATE_S - 2)


def test_a_clock_set_back_between_two_processes_counts_as_just_now(budget):
    budget.restore([(ANNA, -3600.0)] * 3, [])

    assert budget.wait_s(ANNA) == pytest.approx(PRIVATE_S)


async def test_taking_waits_for_the_window():
    budget = Budget(limits=Limits(private_chat=Limit(1, 0.05)))
    started = budget.clock()

    await budget.take(ANNA)
    await budget.take(ANNA)

    assert budget.clock() - started >= 0.05


async def test_calls_that_were_dammed_up_do_not_leave_all_at_once():
    budget = Budget(limits=Limits(overall=Limit(2, 0.1)))
    left = []

    async def make():
        await budget.gate()
        left.append(budget.clock())

    await asyncio.gather(*(make() for _ in range(6)))

    assert all(left[number + 2] - left[number] >= 0.1 for number in range(4))


async def test_taking_an_album_waits_and_counts_all_of_it():
    budget = Budget(limits=Limits(group=Limit(4, 0.05)))
    await budget.take(GROUP, 2)
    started = budget.clock()

    await budget.take(GROUP, 3)

    assert budget.clock() - started >= 0.05
    assert [budget.take_now(GROUP), budget.take_now(GROUP)] == [True, False]


async def test_a_block_that_comes_while_a_call_waits_is_obeyed():
    budget = Budget(limits=Limits(private_chat=Limit(1, 0.02)))
    await budget.take(ANNA)
    waiting = asyncio.create_task(budget.take(ANNA))
    await asyncio.sleep(0)
    budget.block(ANNA, 0.2)
    until = budget.blocked_until(ANNA)

    await waiting

    assert budget.clock() >= until


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


def test_chats_that_only_refused_are_forgotten_too(budget, clock):
    for chat_id in range(1, 5000):
        budget.block(chat_id, 1)
        clock.now += 1

    assert budget.chats_remembered < 1100


ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.01, 0.3, 0.9, 1.0, 2.9, 20.0]) | st.floats(0, 4),
        st.sampled_from([1, 2, GROUP, -200]) | st.integers(10, 60),
        st.sampled_from([1, 1, 1, 1, 2, 5, 10]),
        st.booleans(),
    ),
    max_size=300,
)


@settings(deadline=None)
@given(ARRIVALS)
def test_telegram_never_refuses_what_the_budget_allows(arrivals):
    clock = Clock()
    budget, telegram = Budget(clock=clock), FloodLimits(clock)
    for pause_s, chat_id, amount, patient in arrivals:
        clock.now += pause_s
        if patient:
            clock.now += budget.wait_s(chat_id, amount)
        if budget.wait_s(chat_id, amount) == 0:
            budget.count(chat_id, amount)
            assert telegram.take(chat_id, private=chat_id > 0, amount=amount) is None


@settings(deadline=None)
@given(ARRIVALS, st.integers(0, 300))
def test_telegram_does_not_refuse_after_a_restart_either(arrivals, restart_at):
    clock = Clock()
    budget, telegram, made = Budget(clock=clock), FloodLimits(clock), []
    for number, (pause_s, chat_id, amount, _) in enumerate(arrivals):
        if number == restart_at:
            budget = Budget(clock=clock)
            budget.restore([(chat, clock.now - at) for chat, at in made if clock.now - at < 60], [])
        clock.now += pause_s
        if budget.wait_s(chat_id, amount) == 0:
            budget.count(chat_id, amount)
            made += [(chat_id, clock.now)] * amount
            assert telegram.take(chat_id, private=chat_id > 0, amount=amount) is None


def sent_as_fast_as_allowed(chats, limits):
    """Send 600 messages, each up to fifty milliseconds on its way; how many Telegram refuses."""
    clock, jitter = Clock(), random.Random(7)  # noqa: S311  # no secret
    budget, telegram, sent = Budget(limits, clock=clock), FloodLimits(clock), []
    for chat_id in islice(cycle(chats), 600):
        clock.now += budget.wait_s(chat_id)
        budget.count(chat_id)
        sent.append((clock.now + jitter.uniform(0, 0.05), chat_id))
    refused = 0
    for at, chat_id in sorted(sent):
        clock.now = at
        refused += telegram.take(chat_id, private=chat_id > 0) is not None
    return refused


@pytest.mark.parametrize("chats", [[ANNA], [GROUP], range(1, 200)], ids=["private", "group", "overall"])
def test_the_margin_forgives_a_jitter_of_fifty_milliseconds(chats):
    assert sent_as_fast_as_allowed(chats, Limits()) == 0
    assert sent_as_fast_as_allowed(chats, Limits(margin=1.0)) > 0


def test_the_margin_costs_no_more_than_a_twentieth(budget, clock):
    calls, end = 0, clock.now + 3600
    while clock.now < end:
        clock.now += budget.wait_s(GROUP)
        budget.count(GROUP)
        calls += 1

    assert calls >= 1140
