import asyncio
from datetime import UTC, datetime

import pytest

from support.orders.ahead import OrdersAhead, OrderWanted
from support.orders.base import OrderSourceError, UnreachableError
from support.orders.lookup import DialogueState, LockedOut, OrderLookup, Refused
from support.orders.models import Order
from support.orders.remote import Breaker, RemoteOrders

ORDER = Order(number="KD-10427", status="shipped", phone="+79161234501")


class Shop:
    """A source that does what it is told next; the last word stands."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    async def find(self, _number):
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return await answer() if callable(answer) else answer

    async def close(self):
        self.answers = []


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def patient(shop, clock=None, **more):
    breaker = Breaker(most_failures=2, rest_s=30, clock=clock or Clock())
    return RemoteOrders(shop, breaker=breaker, pause_s=lambda: 0.0, **more)


async def hang():
    await asyncio.sleep(60)


async def test_a_failure_that_may_pass_is_tried_once_more():
    shop = Shop(UnreachableError("down"), ORDER)

    assert await patient(shop).find("KD-10427") == ORDER
    assert shop.asked == 2


@pytest.mark.parametrize("answer", [OrderSourceError("no JSON"), hang])
async def test_neither_a_wrong_answer_nor_lost_time_is_repeated(answer):
    shop = Shop(answer)

    with pytest.raises(OrderSourceError):
        await patient(shop, timeout_s=0.05).find("KD-10427")
    assert shop.asked == 1


async def test_after_failures_a_source_rests_and_one_question_probes_it():
    shop, clock = Shop(UnreachableError("down")), Clock()
    orders = patient(shop, clock)
    for _ in range(2):
        with pytest.raises(UnreachableError, match="down"):
            await orders.find("KD-10427")
    asked = shop.asked

    with pytest.raises(UnreachableError, match="rest"):
        await orders.find("KD-10427")
    assert shop.asked == asked, "an open breaker asks nothing"

    clock.now = 31
    shop.answers = [hang]
    probe = asyncio.create_task(orders.find("KD-10427"))
    await asyncio.sleep(0)
    with pytest.raises(UnreachableError, match="rest"):
        await orders.find("KD-10427")
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)

    clock.now = 62
    shop.answers = [ORDER]
    assert await orders.find("KD-10427") == ORDER, "a probe that was cancelled does not lock the source for ever"
    assert await orders.find("KD-10427") == ORDER


async def test_orders_that_cannot_be_read_do_not_hide_the_others():
    orders = patient(Shop(OrderSourceError("odd"), OrderSourceError("odd"), OrderSourceError("odd"), ORDER))
    for _ in range(3):
        with pytest.raises(OrderSourceError, match="odd"):
            await orders.find("KD-10427")

    assert await orders.find("KD-10427") == ORDER


async def test_within_a_transaction_nothing_is_waited_for():
    shop = Shop(ORDER)
    ahead = OrdersAhead(shop)

    with pytest.raises(OrderWanted) as wanted:
        await ahead.find("KD-10427")
    assert shop.asked == 0
    await asyncio.gather(wanted.value.fetch(), wanted.value.fetch())

    assert await ahead.find("KD-10427") == ORDER
    assert shop.asked == 1, "who asks for the same meanwhile shares the answer"


@pytest.mark.parametrize("failure", [OrderSourceError("down"), KeyError("a mistake")])
async def test_a_failed_fetch_is_something_to_decide_about(failure):
    ahead = OrdersAhead(Shop(failure))

    await ahead.fetch("KD-10427")

    with pytest.raises(OrderSourceError):
        await ahead.find("KD-10427")


async def test_what_was_fetched_is_forgotten_soon():
    ahead = OrdersAhead(Shop(ORDER), kept_s=0.01)
    await ahead.fetch("KD-10427")
    await asyncio.sleep(0.05)

    with pytest.raises(OrderWanted):
        await ahead.find("KD-10427")


async def test_five_wrong_tries_lock_whatever_the_source_and_then_nothing_is_asked(session):
    shop = Shop(None)
    lookup = OrderLookup(OrdersAhead(shop, kept_s=60))
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    async def guess(number):
        text = f"№ KD-{number}, anna@example.com"
        while True:
            try:
                return await lookup.step(session, customer_id=1, state=DialogueState(), text=text, now=now)
            except OrderWanted as wanted:
                await wanted.fetch()

    outcomes = [await guess(number) for number in range(10_001, 10_008)]

    assert [type(outcome) for outcome in outcomes] == [Refused] * 4 + [LockedOut] * 3
    assert shop.asked == 5
