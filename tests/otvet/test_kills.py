"""The kill table of the design, with real processes and kill -9, and a short seed of kills at random moments.

Everybody talks to a sandbox in this process; `make bench-delivery` does the same for longer, with faults, on both
databases.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis import Redis
from sqlalchemy import select

from benchmarks.catalogue import question
from benchmarks.crowd import CARD_HINT, Crowd, Customer, Plan, chance, small_world
from benchmarks.stage import BOT, EMPTIED, EVERYTHING, WORKER, Stage, stage
from benchmarks.verdict import ANSWER, Verdict, judge, shown
from otvet.redis_server import find_binary
from sandbox.client import SandboxClient
from sandbox.world import OPERATORS_CHAT_ID
from support import schema
from support.queue import GPU_QUEUE, GenerationQueue
from support.tables import TurnRow
from support.transport_tables import DeliveryRow, InboxRow

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    # Every kill of the bot costs a start of it, and a busy machine takes long for one.
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(find_binary() is None, reason="no redis-server on this machine"),
]

CUSTOMERS = 12
SEED = 3


@dataclass(frozen=True)
class Scene:
    """The running product and people before it; each test takes a customer of its own."""

    stage: Stage
    crowd: Crowd
    people: SandboxClient
    file: Path
    unused: list[Customer]

    def customer_asks(self) -> Customer:
        customer = self.unused.pop()
        self.crowd.say(customer, question(1))
        return customer

    async def rows(self, table: type[Any], *conditions: Any) -> list[Any]:
        async with self.stage.database.reading() as session:
            return list(await session.scalars(select(table).where(*conditions)))

    def answers_to(self, customer: Customer) -> int:
        return sum(bool(ANSWER.search(text)) for text in shown(self.stage.world, customer.id))

    def cards_about(self, customer: Customer) -> int:
        texts = shown(self.stage.world, OPERATORS_CHAT_ID)
        return sum(customer.name in text and CARD_HINT in text for text in texts)

    async def served(self, customer: Customer) -> tuple[int, int]:
        """Wait until nothing is under way; return how many answers and cards there are."""
        await until(lambda: self._somebody_answered(customer))
        await self.stage.drained(120)
        assert (await judge(self.crowd, self.stage.database)).faults == []
        return self.answers_to(customer), self.cards_about(customer)

    async def _somebody_answered(self, customer: Customer) -> bool:
        return self.answers_to(customer) + self.cards_about(customer) > 0


async def until(condition: Callable[[], Awaitable[Any]], *, within_s: float = 120) -> Any:
    async with asyncio.timeout(within_s):
        while True:
            if value := await condition():
                return value
            await asyncio.sleep(0.01)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scene():
    folder = Path(tempfile.mkdtemp(prefix="otvet-"))
    file = folder / "otvet.db"
    address = f"sqlite+aiosqlite:///{file}"
    await schema.upgrade(address)
    world = small_world(CUSTOMERS, limits=False, seed=SEED)
    async with stage(world, address, folder) as running, SandboxClient(running.server.url, listen=False) as people:
        crowd = Crowd(world, Plan(CUSTOMERS, messages=1), chance(SEED))
        yield Scene(running, crowd, people, file, list(reversed(crowd.customers)))


async def test_a_bot_killed_before_the_inbox_commit_hears_the_message_again(scene):
    starts = scene.stage.fleet[BOT].starts
    with sqlite3.connect(scene.file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")  # whoever stores now waits for it
        customer = scene.customer_asks()
        await asyncio.sleep(0.5)
        scene.stage.fleet.down([BOT])
        other.execute("ROLLBACK")
    assert not await scene.rows(InboxRow, InboxRow.lane == customer.id)
    assert len(scene.stage.world.updates) == 1
    await scene.stage.fleet.up([BOT])
    assert await scene.served(customer) == (1, 0)
    assert scene.stage.fleet[BOT].starts == starts + 1


async def test_a_bot_killed_after_the_inbox_commit_goes_on_with_the_turn_at_its_next_start(scene):
    customer = scene.customer_asks()
    await until(lambda: scene.rows(InboxRow, InboxRow.lane == customer.id))
    scene.stage.fleet.down([BOT])
    assert scene.answers_to(customer) == 0
    await scene.stage.fleet.up([BOT])
    assert await scene.served(customer) == (1, 0)


async def test_a_bot_killed_during_a_send_that_had_its_effect_shows_it_at_most_twice(scene):
    await scene.people.fault("sendMessage", kind="slow", hang_s=10)
    customer = scene.customer_asks()

    async def answered() -> bool:
        return scene.answers_to(customer) > 0

    await until(answered)
    await scene.stage.kill(BOT, down_s=0)
    answers, cards = await scene.served(customer)
    assert (answers, cards) in {(1, 0), (2, 0)}
    sent = await scene.rows(DeliveryRow, DeliveryRow.chat_id == customer.id, DeliveryRow.key.like("turn:%"))
    assert [(row.state, row.attempts) for row in sent] == [("delivered", 2)]


async def test_a_bot_killed_during_a_send_without_effect_loses_nothing(scene):
    await scene.people.fault("sendMessage", kind="hang", hang_s=10)
    customer = scene.customer_asks()

    async def sending() -> list[DeliveryRow]:
        return await scene.rows(DeliveryRow, DeliveryRow.chat_id == customer.id, DeliveryRow.state == "attempting")

    await until(sending)
    await asyncio.sleep(0.2)
    assert scene.answers_to(customer) == 0
    await scene.stage.kill(BOT, down_s=0)
    assert await scene.served(customer) == (1, 0)


async def test_the_job_of_a_killed_worker_is_done_by_the_next_one(scene):
    # Redis hands the job to a worker that will never look at it.
    scene.stage.freeze(WORKER)
    customer = scene.customer_asks()
    await until(lambda: scene.rows(TurnRow, TurnRow.state == "generating"))
    await asyncio.sleep(0.5)
    await scene.stage.kill(WORKER, down_s=0)
    assert sum(await scene.served(customer)) == 1


async def test_a_question_whose_gpu_worker_was_killed_is_answered_by_the_other_one(scene):
    fleet = scene.stage.fleet
    fleet.add("gpu", "worker", "--queue", GPU_QUEUE, environment=scene.stage.environment)
    await fleet.up(["gpu"])
    with Redis.from_url(fleet.redis_url) as redis:
        queue = GenerationQueue(redis=redis)
        await until(lambda: asyncio.to_thread(queue.live_workers, GPU_QUEUE))
        scene.stage.freeze("gpu")
        customer = scene.customer_asks()
        [turn] = await until(lambda: scene.rows(TurnRow, TurnRow.state == "generating"))
        job = f"rq:job:t-{turn.id}-{turn.epoch}-1"
        await until(lambda: asyncio.to_thread(redis.exists, job))
        assert redis.hget(job, "origin") == GPU_QUEUE.encode()
    fleet.down(["gpu"])
    assert await scene.served(customer) == (1, 0)


async def test_jobs_that_an_emptied_redis_forgot_are_made_again(scene):
    scene.stage.freeze(WORKER)
    customer = scene.customer_asks()
    await until(lambda: scene.rows(TurnRow, TurnRow.state == "generating"))
    scene.stage.fleet.down([WORKER])
    await scene.stage.kill(EMPTIED, down_s=0.2)
    await scene.stage.fleet.up([WORKER])
    assert sum(await scene.served(customer)) == 1


async def test_after_everything_was_killed_the_customer_gets_one_answer_or_one_operator(scene):
    scene.stage.freeze(WORKER)
    customer = scene.customer_asks()
    await until(lambda: scene.rows(TurnRow, TurnRow.state == "generating"))
    await scene.stage.kill(EVERYTHING, down_s=0.2)
    assert sum(await scene.served(customer)) == 1


async def test_kills_at_random_moments_lose_nothing_and_show_nothing_twice(scene):
    verdict = await _survive(scene, kills=4)
    assert verdict.faults == []
    assert verdict.messages == 4 * 5
    assert verdict.answered + verdict.by_person + len(verdict.folded) == verdict.messages
    assert verdict.twice_when_unknown <= 4


async def _survive(scene: Scene, *, kills: int) -> Verdict:
    plan = Plan(4, messages=5, talkers=1, talks=3, pause_s=1.0)
    crowd = Crowd(scene.stage.world, plan, chance(SEED), [scene.unused.pop() for _ in range(4)])
    async with crowd.listening():
        await asyncio.gather(scene.stage.kill_at_random(chance(SEED), kills, gap_s=1.5), crowd.play())
        await scene.stage.drained(120)
    return await judge(crowd, scene.stage.database)
