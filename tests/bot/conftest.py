import asyncio
import shutil
import tempfile
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import web
from redis import Redis
from sqlalchemy import select

from bot.aftermath import Aftermath
from bot.budget import Budget, Limits
from bot.cancellations import Cancellations
from bot.groups import Groups
from bot.outbox import Outbox, Parts
from bot.rendering import Renderer
from bot.sending import Sender
from bot.texts import Library
from bot.topics import Topics
from bot.unit import Units, utc_now
from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from otvet.redis_server import EmbeddedRedis
from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from sandbox.world import ANNA, DEMO_TOKEN, EMMA, MARIA, OPERATORS_CHAT_ID, demo_world
from support.customers import CustomerRepository, Person
from support.database import Database
from support.desk import Desk
from support.intents.current import CurrentClassifier
from support.intents.examples import load_intents
from support.leases import Lease
from support.order_desk import OrderDesk
from support.orders.lookup import OrderLookup
from support.orders.memory import MemoryOrders
from support.transport_tables import DeliveryRow


@pytest.fixture(scope="module")
def redis_url():
    """Start a Redis for the tests of a file."""
    folder = Path(tempfile.mkdtemp(prefix="otvet-"))
    with EmbeddedRedis(folder) as server:
        yield server.url
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis(redis_url):
    """Hand out an empty Redis."""
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        yield redis


@pytest.fixture(autouse=True, scope="session")
def plain_logs():
    """Structlog's default renders every local variable of a traceback, which takes seconds."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])
    yield
    structlog.reset_defaults()


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    async with database.writing() as session:
        for chat_id, name, language in ((ANNA, "Анна", "ru"), (EMMA, "Emma", "en")):
            person = Person(chat_id, name, None, language)
            await CustomerRepository(session).get_or_add(person, datetime.now(UTC))
    yield database
    await database.close()


@pytest.fixture
def eventually():
    """Wait until an async condition gives something true; return it."""

    async def wait(condition, *, within_s=10):
        until = time.monotonic() + within_s
        while not (value := await condition()):
            assert time.monotonic() < until, "it did not happen in time"
            await asyncio.sleep(0.02)
        return value

    return wait


@pytest.fixture
async def sandbox():
    async with SandboxServer(demo_world(limits=False)) as server:
        yield server


@pytest.fixture
async def people(sandbox):
    async with SandboxClient(sandbox.url) as client:
        yield client


def telegram(url, token=DEMO_TOKEN):
    return Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))


@pytest.fixture
async def bot(sandbox):
    bot = telegram(sandbox.url)
    yield bot
    await bot.session.close()


@pytest.fixture
def connect():
    return telegram


@pytest.fixture
def deliveries(database):
    """Return every row of the ledger, oldest first."""

    async def read():
        async with database.reading() as session:
            return list(await session.scalars(select(DeliveryRow).order_by(DeliveryRow.id)))

    return read


@pytest.fixture
def run_outbox(database, desk):
    """Run an outbox over a bot for the length of a block; yields units whose commits wake it."""

    @asynccontextmanager
    async def run(bot, *, limits=None, groups=(OPERATORS_CHAT_ID,), clock=utc_now):
        news = asyncio.Event()
        units = Units(database, news.set, clock)
        library = Library()
        present = Groups(groups)
        topics = Topics(bot, units, present, library.of("ru"))
        renderer = Renderer(library, "ru", Cancellations(None))
        parts = Parts(
            units=units,
            lease=Lease(database, "test"),
            budget=Budget(limits or Limits()),
            groups=present,
            topics=topics,
            sender=Sender(bot, topics, network_pause_s=0.05),
            aftermath=Aftermath(desk, renderer, present, (MARIA,)),
        )
        await parts.lease.beat()
        outbox = Outbox(parts, news)
        tasks = [asyncio.create_task(outbox.run()), asyncio.create_task(parts.lease.run())]
        try:
            yield units
        finally:
            for task in tasks:
                task.cancel()
            await outbox.stop(0.2)
            await asyncio.gather(*tasks, return_exceptions=True)
            await parts.lease.release()

    return run


@pytest.fixture
async def fake_telegram():
    """Run a server that answers every call as ``answers[method]`` says: a function of the request, or a response."""
    answers = {}
    calls = []

    async def handle(request):
        method = request.match_info["method"]
        calls.append(method)
        answer = answers.get(method, lambda: web.json_response({"ok": True, "result": True}))
        answered = answer()
        return await answered if asyncio.iscoroutine(answered) else answered

    app = web.Application()
    app.router.add_route("*", "/bot{token}/{method}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield type("FakeTelegram", (), {"url": f"http://{host}:{port}", "answers": answers, "calls": calls})
    await runner.cleanup()


@pytest.fixture(scope="session")
def fitted():
    intents = load_intents(None)
    return CurrentClassifier(intents), {intent.name: intent for intent in intents}


@pytest.fixture
def desk(fitted, shop_releases):
    classifier, intents = fitted
    return Desk(
        classifier=classifier,
        intents=intents,
        knowledge=CurrentKnowledge(ReleaseStore(shop_releases)),
        orders=OrderDesk(OrderLookup(MemoryOrders())),
        threshold=0.5,
        deadline=timedelta(seconds=60),
    )
