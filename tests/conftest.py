import asyncio
import fcntl
import gc
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot import main as bot_process
from bot.unit import Clock, utc_now
from knowledge.releases import ReleaseStore
from otvet.redis_server import EmbeddedRedis
from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from sandbox.telegram.state import World
from sandbox.world import DEMO_TOKEN, MARIA, OPERATORS_CHAT_ID, demo_world
from support.database import Database
from support.intents import current as current_classifier
from support.intents.classifier import IntentClassifier
from support.intents.examples import Intent
from support.orders.importing import import_orders, read_orders
from support.queue import BUILD_QUEUE, GENERATE_QUEUE, GenerationQueue
from support.settings import Settings

pytest_plugins = ["tests.databases"]

REPOSITORY = Path(__file__).resolve().parent.parent
SHOP = REPOSITORY / "otvet" / "demo_shop"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that at the end no process works alone."""
    slow, e2e = ({item.path for item in items if item.get_closest_marker(name)} for name in ("slow", "e2e"))
    items.sort(key=lambda item: (item.path not in slow, item.path not in e2e))


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays: every module and every test, looked through again and again."""
    gc.collect()
    gc.freeze()


class FittedBefore(IntentClassifier):
    """Fits the same examples once."""

    @classmethod
    def fit(cls, intents: Sequence[Intent]) -> IntentClassifier:
        return _fitted(tuple(intents))


@cache
def _fitted(intents: tuple[Intent, ...]) -> IntentClassifier:
    return IntentClassifier.fit(intents)


@pytest.fixture(autouse=True, scope="session")
def done_once() -> Iterator[None]:
    """A product is started hundreds of times: it need not learn its intents and read the root certificates anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(current_classifier, "IntentClassifier", FittedBefore)
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session")
def shop_releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop's knowledge base, built once for all processes that run tests."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    with (root / "releases.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "releases").exists():
            ReleaseStore(root / "unfinished").build(SHOP / "knowledge")
            (root / "unfinished").rename(root / "releases")
    return root / "releases"


@pytest.fixture(scope="session")
def shop_redis() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="otvet-"))
    with EmbeddedRedis(folder) as server:
        yield server.url
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shop_workers(shop_redis: str) -> Iterator[None]:
    """A real generation worker and a real build worker, for all tests of the session."""
    with Redis.from_url(shop_redis) as redis:
        started = [start_worker(shop_redis, queue) for queue in (GENERATE_QUEUE, BUILD_QUEUE)]
        queue = GenerationQueue(redis=redis)
        for _ in range(300):
            if queue.live_workers(GENERATE_QUEUE) and queue.live_workers(BUILD_QUEUE):
                break
            subprocess.run(["sleep", "0.05"], check=True)
        else:
            pytest.fail("the workers did not start")
        yield
        for process in started:
            process.terminate()
        for process in started:
            process.wait(15)


def start_worker(redis_url: str, queue: str, **settings: str) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "REDIS_URL": redis_url, **settings}
    command = [sys.executable, "-m", "otvet", "worker", "--queue", queue]
    return subprocess.Popen(command, env=environment, cwd=tempfile.gettempdir(), stdout=subprocess.DEVNULL)


@pytest.fixture
def run_workers() -> Callable[..., Any]:
    """Start a generation worker over a Redis of the test's own; yields its process."""

    @contextmanager
    def run(redis_url: str) -> Iterator[subprocess.Popen[bytes]]:
        process = start_worker(redis_url, GENERATE_QUEUE)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(15)

    return run


def forget_work(redis_url: str) -> None:
    """Empty Redis but for the workers' registrations: turns begin at 1 again in every test."""
    with Redis.from_url(redis_url) as redis:
        keys = [key for key in redis.scan_iter() if not key.startswith((b"rq:worker", b"rq:clean"))]
        if keys:
            redis.delete(*keys)


@dataclass
class Product:
    """The running product as a test sees it: people's apps on one side, its database on the other."""

    people: SandboxClient
    world: World
    server: SandboxServer
    settings: Settings
    database: Database
    bot: asyncio.Task[int]
    now: Clock = utc_now

    async def answer(self, chat_id: int, contains: str = "", *, timeout_s: float = 15) -> dict[str, Any]:
        """Wait for the bot's next message to a private chat."""
        return await self.heard(lambda message: message["chat"]["id"] == chat_id, contains, timeout_s)

    async def in_group(self, contains: str = "", *, timeout_s: float = 15) -> dict[str, Any]:
        """Wait for the bot's next message to the operators' group."""
        return await self.heard(lambda message: message["chat"]["id"] == OPERATORS_CHAT_ID, contains, timeout_s)

    async def heard(self, where: Callable[[dict[str, Any]], bool], contains: str, timeout_s: float) -> dict[str, Any]:
        event = await self.people.wait_for(
            lambda event: (
                event["type"] == "message"
                and event["message"]["from"]["is_bot"]
                and where(event["message"])
                and contains in (event["message"].get("text") or event["message"].get("caption") or "")
            ),
            timeout_s=timeout_s,
        )
        return dict(event["message"])

    async def stop_bot(self) -> None:
        self.bot.cancel()
        await asyncio.gather(self.bot, return_exceptions=True)

    async def start_bot(self) -> None:
        self.bot = await start_bot(self.settings, self.now)


async def start_bot(settings: Settings, now: Clock = utc_now) -> asyncio.Task[int]:
    ready = asyncio.Event()
    task = asyncio.create_task(bot_process.run(settings, on_ready=ready.set, now=now))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED, timeout=15)
    waiting.cancel()
    if task.done():
        raise AssertionError(f"the bot ended at once: {task.result()}")
    return task


@pytest.fixture
def run_product(
    tmp_path: Path, database_url: str, shop_releases: Path, shop_redis: str, shop_workers: None
) -> Callable[..., Any]:
    """Start sandbox and bot over the demo shop; ``now`` is the bot's clock, other keyword arguments change settings."""

    @asynccontextmanager
    async def run(world: World | None = None, *, now: Clock = utc_now, **overrides: Any) -> AsyncIterator[Product]:
        forget_work(shop_redis)
        data = tmp_path / "data"
        if not (data / "releases").exists():
            shutil.copytree(shop_releases, data / "releases")
        world = world or demo_world(limits=False)
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(SandboxServer(world))
            settings = Settings(
                _env_file=None,
                **{
                    "bot_token": DEMO_TOKEN,
                    "telegram_api_url": server.url,
                    "operators_chat_id": OPERATORS_CHAT_ID,
                    "admin_ids": MARIA,
                    "data_dir": data,
                    "database_url": database_url,
                    "redis_url": shop_redis,
                    "knowledge_dir": SHOP / "knowledge",
                    # Drawn answers are asked about in General: whether one is, would be chance.
                    "audit_one_in": 0,
                    **overrides,
                },
            )
            database = Database(settings.sql_url)
            stack.push_async_callback(database.close)
            async with database.writing() as session:
                await import_orders(session, read_orders(SHOP / "orders.csv", {}).orders)
            people = await stack.enter_async_context(SandboxClient(server.url))
            product = Product(people, world, server, settings, database, await start_bot(settings, now), now)
            stack.push_async_callback(product.stop_bot)
            yield product

    return run


@pytest.fixture
async def product(run_product: Callable[..., Any]) -> AsyncIterator[Product]:
    async with run_product() as running:
        yield running
