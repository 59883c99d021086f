import asyncio
import os
import signal
import socket
import subprocess
import time
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from otvet.redis_server import answers, find_binary
from support.flood import (
    AT_ONCE,
    Count,
    FallbackPace,
    Flood,
    FloodGuard,
    FloodLimits,
    MemoryPace,
    RedisPace,
    same_words,
)

CALM, FIRST, SLOWED = Flood.CALM, Flood.SLOWED_FIRST, Flood.SLOWED
ANNA, IVAN = 101, 102


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class RedisServer:
    """A redis-server that nobody starts again when it dies."""

    def __init__(self, folder):
        self._folder = folder
        self.url = f"unix://{folder / 's'}"
        self.start()

    def start(self):
        options = ["--port", "0", "--unixsocket", self._folder / "s", "--dir", self._folder, "--save", ""]
        self._process = subprocess.Popen([find_binary(), *options, "--loglevel", "warning"])
        while not answers(self.url):
            time.sleep(0.01)

    def kill(self):
        self._process.kill()
        self._process.wait()
        (self._folder / "s").unlink(missing_ok=True)

    def hang(self):
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self._process.pid, signal.SIGCONT)


@pytest.fixture
def server(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("r"))
    yield server
    server.kill()


@pytest.fixture
async def redis(server):
    async with Redis.from_url(server.url, socket_timeout=None) as client:
        yield client


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def guard(clock):
    return FloodGuard(MemoryPace(clock))


def patient(redis):
    """A busy machine must not look like a dead Redis."""
    return RedisPace(redis, timeout_s=10)


async def write(guard, messages, chat_id=ANNA):
    return [await guard.look(chat_id) for _ in range(messages)]


async def test_ten_forwarded_messages_and_a_few_more_are_calm(guard):
    assert set(await write(guard, 15)) == {CALM}


async def test_who_passes_the_limit_is_told_once_and_then_slowed(guard):
    assert await write(guard, 24) == [CALM] * 20 + [FIRST] + [SLOWED] * 3


async def test_a_flood_slows_nobody_else(guard):
    await write(guard, 30)

    assert await write(guard, 3, IVAN) == [CALM] * 3


async def test_twenty_messages_in_more_than_a_window_are_calm(guard, clock):
    for _ in range(40):
        assert await guard.look(ANNA) is CALM
        clock.now += 1.6


async def test_the_next_window_is_slowed_too_and_the_one_after_it_calm_again(guard, clock):
    await write(guard, 21)
    clock.now += 30
    assert await write(guard, 3) == [SLOWED] * 3
    clock.now += 30.1
    assert await write(guard, 1) == [SLOWED]
    clock.now += 1.5
    assert await write(guard, 1) == [CALM]


async def test_who_floods_again_after_a_calm_window_is_told_again(guard, clock):
    await write(guard, 21)
    clock.now += 100

    assert await write(guard, 22) == [CALM] * 20 + [FIRST, SLOWED]


@settings(deadline=None)
@given(st.floats(0.1, 1.49))
async def test_who_goes_on_and_on_is_told_only_once(pause_s):
    clock = Clock()
    guard = FloodGuard(MemoryPace(clock))
    looks = []
    while clock.now < 1200:
        looks.append(await guard.look(ANNA))
        clock.now += pause_s

    assert looks[:21] == [CALM] * 20 + [FIRST]
    assert set(looks[21:]) == {SLOWED}


async def test_memory_stays_bounded_and_forgets_the_oldest(clock):
    pace = MemoryPace(clock, most_keys=100)
    for number in range(1000):
        await pace.count(f"count:{number}", 30)
        await pace.mark(f"mark:{number}", 60)

    assert len(pace) == 100
    assert await pace.is_marked("mark:999")
    assert not await pace.is_marked("mark:900")
    assert (await pace.count("count:999", 30)).events == 2


async def test_redis_counts_a_window_from_its_first_event(redis):
    pace = patient(redis)
    first, second = await pace.count("key", 30), await pace.count("key", 30)
    await redis.pexpire("key", 1)
    await asyncio.sleep(0.05)
    third = await pace.count("key", 30)

    assert [first.events, second.events, third.events] == [1, 2, 1]
    assert 0 < second.left_s <= first.left_s <= 30


async def test_a_mark_in_redis_is_new_for_one_caller_and_lasts_from_the_latest(redis):
    pace = patient(redis)

    assert not await pace.is_marked("key")
    assert sorted(await asyncio.gather(*(pace.mark("key", 30) for _ in range(5)))) == [False] * 4 + [True]
    assert not await pace.mark("key", 60)
    assert 30_000 < await redis.pttl("key") <= 60_000
    assert await pace.mark("other", 0.05)
    await asyncio.sleep(0.1)
    assert not await pace.is_marked("other")


async def test_a_storm_opens_few_connections(redis):
    guard = FloodGuard(patient(redis))

    assert set(await asyncio.gather(*(guard.look(chat_id) for chat_id in range(300)))) == {CALM}
    assert len(await redis.client_list()) <= AT_ONCE


async def test_a_counter_that_lost_its_end_gets_one_again(redis):
    await redis.set("key", 500)

    assert 0 < (await patient(redis).count("key", 30)).left_s <= 30


@pytest.fixture
async def processes(server):
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Redis.from_url(server.url)) for _ in range(4)]
        yield [FloodGuard(FallbackPace(patient(client), MemoryPace())) for client in clients]


async def test_several_processes_count_together(processes):
    looks = [await processes[number % 4].look(ANNA) for number in range(60)]

    assert looks == [CALM] * 20 + [FIRST] + [SLOWED] * 39


async def test_one_of_several_processes_tells_however_they_race(processes):
    looks = await asyncio.gather(*(processes[number % 4].look(ANNA) for number in range(60)))

    assert looks.count(FIRST) == 1
    assert looks.count(CALM) <= 20


async def test_nothing_is_forgotten_when_redis_is_killed_in_the_middle(server, redis, clock):
    guard = FloodGuard(FallbackPace(patient(redis), MemoryPace(clock), clock=clock))
    before = await write(guard, 12)
    server.kill()

    assert before + await write(guard, 12) == [CALM] * 20 + [FIRST] + [SLOWED] * 3


async def test_nobody_is_told_again_when_redis_comes_back_empty(server, redis, clock):
    guard = FloodGuard(FallbackPace(patient(redis), MemoryPace(clock), clock=clock))
    await write(guard, 21)
    server.kill()
    await write(guard, 1)
    server.start()
    clock.now += 5

    assert await write(guard, 3) == [SLOWED] * 3
    assert await redis.exists(f"otvet:flood:told:{ANNA}")


async def test_redis_that_hangs_does_not_hold_up_a_message(server, redis):
    guard = FloodGuard(FallbackPace(RedisPace(redis), MemoryPace()))
    await write(guard, 1)
    server.hang()
    try:
        # The client itself waits for ever.
        async with asyncio.timeout(10):
            assert await write(guard, 21) == [CALM] * 19 + [FIRST, SLOWED]
    finally:
        server.go_on()
    assert (await patient(redis).count("key", 30)).events == 1


async def test_an_address_that_never_answers_a_connection_does_not_hold_up_a_message():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with Redis(port=port, socket_timeout=None, socket_connect_timeout=None) as redis, asyncio.timeout(10):
            with pytest.raises(TimeoutError):
                await RedisPace(redis).count("key", 30)


class BrokenPace:
    """Remembers what it was asked; answers once it is repaired."""

    def __init__(self):
        self.questions = []
        self.broken = True

    async def count(self, key, window_s):
        self.questions.append((key, window_s))
        await asyncio.sleep(0)
        if self.broken:
            raise RedisConnectionError
        return Count(7, 10.0)

    async def mark(self, key, ttl_s):
        raise NotImplementedError

    async def is_marked(self, key):
        raise NotImplementedError


async def test_a_dead_redis_is_asked_once_in_five_seconds_and_complained_of_once(clock):
    broken = BrokenPace()
    pace = FallbackPace(broken, MemoryPace(clock), clock=clock)
    with capture_logs() as logs:
        for _ in range(3):
            await asyncio.gather(pace.count("key", 30))
            await asyncio.gather(*(pace.count("key", 30) for _ in range(10)))
            clock.now += 5

    assert len(broken.questions) == 3
    assert [entry["log_level"] for entry in logs] == ["warning"]


async def test_a_redis_that_is_back_is_asked_again_every_time(clock):
    broken = BrokenPace()
    pace = FallbackPace(broken, MemoryPace(clock), clock=clock)
    await pace.count("key", 30)
    broken.broken = False
    clock.now += 4.9
    assert await pace.count("key", 30) == Count(2, pytest.approx(25.1))
    clock.now += 0.1
    with capture_logs() as logs:
        answers = [await pace.count("key", 30) for _ in range(3)]

    assert answers == [Count(7, 10.0)] * 3
    assert len(broken.questions) == 4
    assert [entry["log_level"] for entry in logs] == ["info"]


async def test_the_limits_can_be_others(clock):
    guard = FloodGuard(MemoryPace(clock), FloodLimits(messages=2, window_s=10))

    assert await write(guard, 4) == [CALM, CALM, FIRST, SLOWED]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Где мой заказ?", "где  мой заказ"),
        ("Ещё не привезли!!!", "еще не\nпривезли…"),
        ("Where is it?", "WHERE IS IT ?"),
        ("Заказ 12 345", "заказ 12\u00a0345."),
        ("это мой заказ", "это мо\u0438\u0306 заказ"),
    ],
)
def test_the_same_words_are_recognised(first, second):
    assert same_words(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("Где заказ 12?", "Где заказ 13?"), ("?", "!"), ("👍", "👎"), ("Скидка 5%", "Скидка 5"), ("да", "да нет")],
)
def test_other_words_are_not_the_same(first, second):
    assert not same_words(first, second)
