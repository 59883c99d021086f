"""``make bench-bot``: durable updates a second, time to an answer, memory and start of every process.

Everything runs on this machine: the sandbox in this process, the bots as processes of their own. About two minutes.
"""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks import report
from benchmarks.databases import database
from benchmarks.report import Line
from knowledge.releases import ReleaseStore
from otvet.redis_server import EmbeddedRedis
from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from sandbox.telegram import people
from sandbox.telegram.people import Words
from sandbox.world import DEMO_TOKEN, OPERATORS_CHAT_ID, demo_world, empty_world
from support import schema
from support.database import Database
from support.tables import CustomerRow, TurnRow

REPOSITORY = Path(__file__).resolve().parent.parent
SHOP = REPOSITORY / "otvet" / "demo_shop" / "knowledge"
CUSTOMERS, EACH, ROUNDS = 50, 20, 3
QUESTIONS = (
    "Сколько дней есть на возврат товара?",
    "Как оплатить заказ при получении?",
    "Сколько стоит доставка курьером?",
    "Within how many days can I return an item?",
    "How much does courier delivery cost?",
    "How do I cancel my order?",
)
ANSWERS = 60
READY_PATIENCE_S = 60.0


@contextmanager
def process(*arguments: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python process of this environment and stop it at the end."""
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1"}
    running = subprocess.Popen(  # noqa: S603  # our own modules
        [sys.executable, "-m", *arguments], env=base | environment, cwd=tempfile.gettempdir(), stdout=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()


async def echoes_per_second(kind: str, address: str) -> float:
    """Let an echo bot work off CUSTOMERS × EACH waiting messages; the clock runs from the first echo to the last."""
    world = empty_world()
    users = [world.add_user(f"Customer {number}") for number in range(CUSTOMERS)]
    for number in range(EACH):
        for user in users:
            people.say(world, user["id"], user["id"], Words(text=f"message {number}"))
    async with SandboxServer(world) as server:
        with process("benchmarks.echo", kind, server.url, DEMO_TOKEN, address, environment={}):
            first: tuple[float, int] | None = None
            while (done := world.calls["sendMessage"]) < CUSTOMERS * EACH:
                if first is None and done:
                    first = time.perf_counter(), done
                await asyncio.sleep(0.005)
    if first is None:
        raise RuntimeError("the echo bot said nothing")
    return (CUSTOMERS * EACH - first[1]) / (time.perf_counter() - first[0])


async def throughput() -> list[Line]:
    """Compare the bare echo bot with ours, in turn, several times: the ratio is what counts."""
    rates: dict[str, list[float]] = {"bare": [], "inbox": [], "batches": [], "outbox": []}
    for _ in range(ROUNDS):
        for kind, seen in rates.items():
            with tempfile.TemporaryDirectory() as folder:
                async with database("SQLite", Path(folder)) as address:
                    seen.append(await echoes_per_second(kind, address))
    medians = {kind: statistics.median(seen) for kind, seen in rates.items()}
    ratios = {
        kind: statistics.median(ours / bare for ours, bare in zip(seen, rates["bare"], strict=True))
        for kind, seen in rates.items()
    }
    return [
        Line("bare aiogram echo bot, nothing stored", f"{medians['bare']:.0f} updates/s"),
        Line(
            "durable inbox: stored and handled, each update a transaction of its own for both, answered directly",
            f"{medians['inbox']:.0f} updates/s, {ratios['inbox']:.2f} × bare",
            "≥ 0.5 ×",
        ),
        Line(
            "the same, but one getUpdates stored in one transaction, as in production",
            f"{medians['batches']:.0f} updates/s, {ratios['batches']:.2f} × bare",
        ),
        Line(
            "as in production, with the outbox and its ledger (four transactions an update)",
            f"{medians['outbox']:.0f} updates/s, {ratios['outbox']:.2f} × bare",
        ),
    ]


async def answers(folder: Path) -> list[Line]:
    """Ask ANSWERS questions one after another of the whole product with the extractive engine."""
    await asyncio.to_thread(ReleaseStore(folder / "releases").build, SHOP)
    with EmbeddedRedis(folder) as redis:
        world = demo_world(limits=False)
        users = [world.add_user(f"Customer {number}", language_code="ru")["id"] for number in range(ANSWERS)]
        async with SandboxServer(world) as server, SandboxClient(server.url) as client:
            environment = {
                "BOT_TOKEN": DEMO_TOKEN,
                "TELEGRAM_API_URL": server.url,
                "OPERATORS_CHAT_ID": str(OPERATORS_CHAT_ID),
                "DATA_DIR": str(folder),
                "KNOWLEDGE_DIR": str(SHOP),
                "REDIS_URL": redis.url,
                "LOG_LEVEL": "ERROR",
            }
            address = f"sqlite+aiosqlite:///{folder / 'otvet.db'}"
            await schema.upgrade(address)
            with (
                process("otvet", "worker", environment=environment) as worker,
                process("otvet", "worker", "--queue", "build", environment=environment) as builder,
                process("otvet", "bot", environment=environment) as bot,
            ):
                started = time.monotonic()
                while not world.calls["getUpdates"] and time.monotonic() - started < READY_PATIENCE_S:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                ready_s = time.monotonic() - started
                await asyncio.sleep(3)
                heard = [await _ask(client, user, QUESTIONS[n % len(QUESTIONS)]) for n, user in enumerate(users)]
                memory = {
                    "bot": _resident_mb(bot.pid),
                    "worker (extractive)": _resident_mb(worker.pid),
                    "worker --queue build": _resident_mb(builder.pid),
                    "redis-server": _resident_mb(redis.pid or 0),
                }
            closes = await _closes(address)
    from_close = [1000 * (at - closes[user]).total_seconds() for user, at, _ in heard if user in closes]
    from_message = [1000 * seconds for _, _, seconds in heard]
    return [
        Line(f"answer from the turn's close, {len(from_close)} questions", report.spread(from_close), "p50 ≤ 150 ms"),
        Line("answer from the customer's message (0.7 s of it wait for more)", report.spread(from_message)),
        *[Line(f"memory: {name}", f"{mb:.0f} MB", "≤ 300 MB" if name == "bot" else "") for name, mb in memory.items()],
        Line("bot: from exec to its first getUpdates", f"{ready_s:.1f} s"),
    ]


async def _ask(client: SandboxClient, user: int, question: str) -> tuple[int, datetime, float]:
    asked = time.perf_counter()
    await client.say(user, question)
    await client.wait_for(
        lambda event: (
            event["type"] == "message" and event["message"]["chat"]["id"] == user and event["message"]["from"]["is_bot"]
        ),
        timeout_s=20,
    )
    return user, datetime.now(UTC), time.perf_counter() - asked


async def _closes(address: str) -> dict[int, datetime]:
    """When each customer's only turn closed, by chat; only turns that were answered."""
    database = Database(address)
    async with database.reading() as session:
        rows: list[Any] = list(await session.scalars(select(TurnRow).where(TurnRow.state == "answered")))
        chats = {row.id: row.chat_id for row in await session.scalars(select(CustomerRow))}
    await database.close()
    return {chats[row.customer_id]: row.closes_at for row in rows}


async def demo_start(folder: Path) -> list[Line]:
    """Start the demo as a newcomer does and wait for its address."""
    started = time.monotonic()
    demo = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "otvet",
        "demo",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "DATA_DIR": str(folder)},
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
    )
    if demo.stdout is None:
        raise RuntimeError("no output of the demo")
    async for line in demo.stdout:
        if b"http://" in line:
            break
    seconds = time.monotonic() - started
    demo.send_signal(signal.SIGINT)
    await demo.communicate()
    return [Line("otvet demo: from exec to its address, everything ready", f"{seconds:.1f} s", "≤ 10 s")]


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
    return int(kilobytes) / 1024


async def main() -> None:
    """Measure everything and write it down."""
    lines: list[Line] = []
    for title, measure in (("updates a second", throughput),):
        print(f"measuring {title} …", flush=True)  # noqa: T201  # progress for a person
        lines += await measure()
    for title, measured in (("answers", answers), ("the demo's start", demo_start)):
        print(f"measuring {title} …", flush=True)  # noqa: T201  # progress for a person
        with tempfile.TemporaryDirectory(prefix="otvet-bench-") as folder:
            lines += await measured(Path(folder))
    print(report.write("bench-bot", lines))  # noqa: T201  # the result


if __name__ == "__main__":
    asyncio.run(main())
