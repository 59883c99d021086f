"""What is known of a turn before it is decided: real Redis, a real slot, a model that the test plays."""

import asyncio
import json
import threading
import time
from datetime import UTC, datetime

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from bot.understanding import Understanding
from sandbox.world import ANNA
from support.customers import CustomerRepository
from support.queue import GENERATE_QUEUE, GenerationQueue, reply
from support.readings import Reading, Writer
from support.turns import Words
from tests.databases import ON_SQLITE
from workers import reading
from workers.slot import Slot

pytestmark = pytest.mark.parametrize("database_url", [ON_SQLITE], indirect=True)
# The classifier is not sure about it.
UNCLEAR = "посылка"


class Model:
    """Fills every form in with the same words, after a while."""

    fills_forms = True

    def __init__(self, intent="order_status", *, pause_s=0.0):
        self.intent, self.pause_s, self.asked = intent, pause_s, 0

    def fill(self, form, *, deadline):  # noqa: ARG002  # the port's signature
        self.asked += 1
        time.sleep(self.pause_s)
        return json.dumps({"intent": self.intent})


@pytest.fixture
def redis_url(shop_redis):
    # The session's workers listen in another database of the same server.
    return f"{shop_redis}?db=3"


@pytest.fixture
def redis(redis_url):
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
        yield redis


@pytest.fixture
def start_worker(redis):
    """Start a slot whose engine is the model given."""
    started = []

    def start(model=None):
        profile = {"engine": "fake", "model": "m", "prompt_version": "p"} | ({"reads": "yes"} if model else {})
        if model:
            reader = reading.Reader(engine=model, reply=lambda to, read: reply(redis, to, read))
            reading.serve_with(reader)
        slot = Slot(GENERATE_QUEUE, redis=redis, profile=profile, cancel=lambda _: None, name=f"slot-{len(started)}")
        ready = threading.Event()
        thread = threading.Thread(target=slot.serve, args=(ready.set,), daemon=True)
        thread.start()
        assert ready.wait(10)
        started.append((slot, thread))

    yield start
    for slot, thread in started:
        slot.request_stop()
        thread.join(5)
    reading.serve_with(None)


@pytest.fixture
async def look(database, desk, redis, redis_url):
    """Make the bot's part over a Redis; a turn of the customer waits to be decided."""
    async with AsyncRedis.from_url(redis_url) as streams:

        async def make(text=UNCLEAR, *, redis=redis, streams=streams, wait_s=3.0):
            async with database.writing() as session:
                anna = await CustomerRepository(session).by_chat(ANNA)
                now = datetime.now(UTC)
                received = await desk.receive(session, anna, Words(1, "text", text), now)
            queue = GenerationQueue(redis=redis)
            made = Understanding(database, desk, queue, streams, lambda: datetime.now(UTC), wait_s=wait_s)
            return made, received.turn_id

        yield make


async def test_a_worker_with_a_model_reads_what_the_classifier_is_not_sure_about(look, start_worker):
    start_worker(Model())
    understanding, turn_id = await look()

    found = await understanding.of(turn_id)

    assert found.reading == Reading(intent="order_status")
    assert (found.epoch, found.text) == (1, UNCLEAR)
    assert found.writers == {Writer("fake", "m", "p")}


async def test_without_a_model_nobody_is_asked_and_nothing_is_queued(look, start_worker, redis):
    start_worker()
    understanding, turn_id = await look()

    found = await understanding.of(turn_id)

    assert (found.reading, found.writers) == (None, {Writer("fake", "m", "p")})
    assert redis.keys("rq:job:*") == []


async def test_a_model_is_not_asked_about_a_clear_question(look, start_worker):
    model = Model()
    start_worker(model)
    understanding, turn_id = await look("Сколько дней есть на возврат товара?")

    assert (await understanding.of(turn_id)).reading is None
    assert model.asked == 0


async def test_a_turn_that_is_looked_into_twice_is_read_once(look, start_worker):
    model = Model(pause_s=0.3)
    start_worker(model)
    understanding, turn_id = await look()

    first, second = await asyncio.gather(understanding.of(turn_id), understanding.of(turn_id))

    assert first == second
    assert model.asked == 1


async def test_a_model_that_is_late_is_not_waited_for(look, start_worker):
    start_worker(Model(pause_s=2))
    understanding, turn_id = await look(wait_s=0.3)
    started = time.monotonic()

    found = await understanding.of(turn_id)

    assert found.reading is None
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("garbage", ["refund", {"a": 1}, 7])
async def test_a_model_that_writes_garbage_leaves_the_turn_as_it_was(look, start_worker, garbage):
    start_worker(Model(garbage))
    understanding, turn_id = await look()

    assert (await understanding.of(turn_id)).reading == Reading()


async def test_without_redis_nothing_is_known_and_nothing_is_raised(look):
    nowhere = "redis://127.0.0.1:1/0"
    async with AsyncRedis.from_url(nowhere) as streams:
        with Redis.from_url(nowhere) as redis:
            understanding, turn_id = await look(redis=redis, streams=streams)
            assert (await understanding.of(turn_id)).writers == frozenset()
