"""Turns in time: real Redis, a worker that the test plays, the ledger instead of Telegram."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from rq import SimpleWorker
from sqlalchemy import select

from bot.cancellations import Cancellations
from bot.rendering import Renderer
from bot.texts import Library
from bot.turns import TurnClock
from bot.unit import Units
from sandbox.world import ANNA
from support.customers import CustomerRepository
from support.outcomes import Collected
from support.queue import GENERATE_QUEUE, GenerationQueue, JsonSerializer
from support.tables import TurnRow
from support.turns import Words
from tests.bot.turns.questions import QUESTION


async def nothing_more(unit, chat_id):
    return False


async def nothing_known(turn_id):
    return None


@pytest.fixture
def worker(redis):
    """Register a worker that never takes a job: the tests do its work."""

    def register(name=GENERATE_QUEUE):
        found = SimpleWorker([name], connection=redis, serializer=JsonSerializer, prepare_for_work=True)
        found.register_birth()
        return found

    register()
    return register


@pytest.fixture
async def start_clock(database, desk):
    """Start the bot's clock over a Redis."""
    started = []

    def start(redis, desk=desk, queue=None, **parts):
        units, queue = Units(database, lambda: None), queue or GenerationQueue(redis=redis)
        clock = TurnClock(
            *(units, desk, Renderer(Library(), "ru", Cancellations(None)), queue, nothing_more),
            **{"understood": nothing_known} | parts,
        )
        started.append((clock, asyncio.create_task(clock.run())))
        return clock

    async def stop():
        for clock, task in started:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await clock.stop()
        started.clear()

    start.stop = stop
    yield start
    await stop()


@pytest.fixture
def say(database, desk):
    """Store a customer's message as a handler does; with a clock its turn is scheduled."""
    numbers = iter(range(1, 1000))

    async def say(clock, text=QUESTION, *, ago=timedelta(0)):
        now = datetime.now(UTC) - ago
        async with database.writing() as session:
            anna = await CustomerRepository(session).by_chat(ANNA)
            received = await desk.receive(session, anna, Words(next(numbers), "text", text), now)
        if clock and isinstance(received, Collected):
            clock.schedule(received.turn_id, received.closes_at)
        return received

    return say


@pytest.fixture
def turn(database):
    async def read():
        async with database.reading() as session:
            return (await session.scalars(select(TurnRow).order_by(TurnRow.id.desc()))).first()

    return read


@pytest.fixture
def reaches(turn, eventually):
    """Wait until the latest turn is in a state; return it."""

    async def wait(state, *, within_s=8):
        async def there():
            found = await turn()
            return found if found and found.state == state else None

        return await eventually(there, within_s=within_s)

    return wait


@pytest.fixture
def change(database):
    """Change columns of the latest turn, as if time had passed."""

    async def change(**columns):
        async with database.writing() as session:
            row = (await session.scalars(select(TurnRow).order_by(TurnRow.id.desc()))).first()
            for name, value in columns.items():
                setattr(row, name, value)

    return change


@pytest.fixture
def told(deliveries):
    """What the customer was told."""

    async def read():
        return [row.payload["text"] for row in await deliveries() if not row.to_topic]

    return read
