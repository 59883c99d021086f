"""Ordered builds always come to an end, whatever happens to the bot, the worker or Redis."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from bot import build_orders
from bot.build_orders import BuildOrders
from bot.unit import Units
from knowledge.releases import ReleaseStore


class Builds:
    """A build queue in memory."""

    def __init__(self):
        self.put_ids = []
        self.there = {}
        self.broken = False

    def put(self, request):
        if self.broken:
            raise RedisConnectionError
        self.put_ids.append(request.request_id)
        self.there[request.request_id] = "there"

    def state(self, request_id):
        return self.there.get(request_id, "gone")

    def withdraw(self, request_id):
        self.there.pop(request_id, None)


class Workers:
    def __init__(self):
        self.live = 1

    def live_workers(self, _queue):
        return self.live


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def builds():
    return Builds()


@pytest.fixture
def workers():
    return Workers()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def orders(database, tmp_path, builds, workers, clock, monkeypatch):
    """Run the watch over what a process has ordered; each call is a process of its own."""
    monkeypatch.setattr(build_orders, "LOOK_S", 0.01)

    @asynccontextmanager
    async def run():
        ended = []
        units = Units(database, lambda: None)
        orders = BuildOrders(units, ReleaseStore(tmp_path / "r"), tmp_path / "s", builds, workers, clock=clock)

        async def give_up(request_id, key):
            ended.append((request_id, key))
            orders.end(request_id)

        task = asyncio.create_task(orders.run(give_up))
        try:
            yield orders, units, ended
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return run


async def order(orders, units, request_id="kb-1-1"):
    async with units.open() as unit:
        orders.order(unit, 9001, request_id, built_by="Мария", reason="/kb reload")


async def ticks(n=6):
    await asyncio.sleep(0.03 * n)


def truth(value):
    async def ask():
        return value()

    return ask


async def test_an_order_is_put_once_and_left_alone_while_it_is_there(orders, builds, clock, eventually):
    async with orders() as (running, units, ended):
        await order(running, units)
        await eventually(truth(lambda: builds.put_ids))
        clock.now = 10_000
        await ticks()
        assert builds.put_ids == ["kb-1-1"]
        assert ended == []


async def test_an_order_of_the_process_before_is_put_again(orders, builds, eventually):
    async with orders() as (running, units, _):
        builds.broken = True
        await order(running, units)
        await ticks(1)
    builds.broken = False

    async with orders():
        await eventually(truth(lambda: builds.put_ids == ["kb-1-1"]))


async def test_an_order_that_redis_has_lost_is_put_again_and_given_up_after_the_third_time(
    orders, builds, clock, eventually
):
    async with orders() as (running, units, ended):
        await order(running, units)

        def loses():
            builds.there.clear()
            clock.now += build_orders.GONE_PATIENCE_S / 4
            return ended == [("kb-1-1", "kb-died")]

        await eventually(truth(loses))
        await ticks()
        assert len(builds.put_ids) == 3


async def test_a_build_that_broke_off_too_often_is_told(orders, builds, eventually):
    async with orders() as (running, units, ended):
        await order(running, units)
        await eventually(truth(lambda: builds.put_ids))
        builds.there["kb-1-1"] = "failed"
        await eventually(truth(lambda: ended == [("kb-1-1", "kb-died")]))


async def test_without_a_build_process_it_is_told_and_the_order_taken_back(orders, builds, workers, clock, eventually):
    workers.live = 0
    async with orders() as (running, units, ended):
        await order(running, units)
        await eventually(truth(lambda: builds.put_ids))
        await ticks()
        assert ended == []  # one that is being restarted is back in time
        clock.now += build_orders.NO_WORKER_PATIENCE_S + 1
        await eventually(truth(lambda: ended == [("kb-1-1", "kb-no-worker")]))
        assert builds.there == {}


async def test_a_redis_that_is_away_ends_nothing(orders, builds, workers, clock, eventually):
    def away(_queue):
        raise RedisConnectionError

    async with orders() as (running, units, ended):
        workers.live_workers = away
        builds.broken = True
        await order(running, units)
        clock.now = 10_000
        await ticks()
        assert ended == []
        builds.broken, workers.live_workers = False, lambda _queue: 1
        await eventually(truth(lambda: builds.put_ids == ["kb-1-1"]))
