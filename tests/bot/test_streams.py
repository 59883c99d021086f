import asyncio

import pytest
from pydantic import BaseModel
from redis.asyncio import Redis

from bot.streams import StreamReader


class Payload(BaseModel):
    number: int


@pytest.fixture
async def redis(redis_url):
    async with Redis.from_url(redis_url) as redis:
        await redis.flushall()
        yield redis


@pytest.fixture
async def read(redis):
    """Start a reader that hands every entry to a function."""
    tasks = []

    def start(handle):
        reader = StreamReader(redis, "s", "bot", handle, claim_idle_ms=100, block_ms=50)
        tasks.append(asyncio.create_task(reader.run()))
        return tasks[-1]

    yield start
    # Again and again: in Python 3.11 redis-py can swallow a cancellation.
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=0.5)


class Handler:
    def __init__(self):
        self.heard = []
        self.failures = 0

    async def __call__(self, payload):
        number = Payload.model_validate_json(payload).number
        if self.failures:
            self.failures -= 1
            raise RuntimeError
        self.heard.append(number)


@pytest.fixture
def handler():
    return Handler()


def heard(handler, *numbers):
    async def condition():
        return handler.heard == list(numbers)

    return condition


async def put(redis, number):
    await redis.xadd("s", {"payload": Payload(number=number).model_dump_json()})


async def test_entries_are_handed_over_in_order_and_then_gone(redis, read, handler, eventually):
    for number in range(3):
        await put(redis, number)
    read(handler)

    await eventually(heard(handler, 0, 1, 2))

    async def empty():
        return await redis.xlen("s") == 0

    await eventually(empty)


async def test_an_entry_whose_handling_fails_comes_again(redis, read, handler, eventually):
    handler.failures = 1
    await put(redis, 1)
    read(handler)

    await eventually(heard(handler, 1))


async def test_an_entry_that_a_killed_reader_had_comes_again(redis, read, handler, eventually):
    taken = asyncio.Event()

    async def never_ends(_payload):
        taken.set()
        await asyncio.sleep(60)

    await put(redis, 1)
    killed = read(never_ends)
    await taken.wait()
    killed.cancel()
    read(handler)

    await eventually(heard(handler, 1))


async def test_a_failed_entry_comes_again_though_new_ones_never_cease(redis, read, handler, eventually):
    handler.failures = 1
    await put(redis, 1)
    read(handler)

    async def comes_again():
        await put(redis, 7)
        return 1 in handler.heard

    await eventually(comes_again, within_s=3)


@pytest.mark.parametrize("fields", [{"payload": "no JSON"}, {"payload": '{"number": "мой телефон"}'}, {"other": "x"}])
async def test_what_cannot_be_read_is_dropped_and_blocks_nobody(redis, read, handler, eventually, fields):
    await redis.xadd("s", fields)
    await put(redis, 1)
    read(handler)

    await eventually(heard(handler, 1))

    async def empty():
        return await redis.xlen("s") == 0

    await eventually(empty)


async def test_a_stream_that_is_deleted_is_made_again(redis, read, handler, eventually):
    read(handler)
    await put(redis, 1)
    await eventually(heard(handler, 1))
    await redis.flushall()
    await put(redis, 2)

    await eventually(heard(handler, 1, 2))
