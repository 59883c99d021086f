"""Turns in time: real Redis, a worker that the test plays, the ledger instead of Telegram."""

import asyncio
import dataclasses
import shutil
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from sqlalchemy import select

from bot.cancellations import Cancellations
from bot.foresight import Foresight, Vectors
from bot.rendering import Renderer
from bot.texts import Library
from bot.turns import TurnClock
from bot.unit import Units
from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from sandbox.world import ANNA
from support.customers import CustomerRepository
from support.escalations import EscalationReason
from support.jobs import Draft, GenerationJob, GenerationResult, Verdict
from support.order_desk import OrderDesk
from support.orders.ahead import OrdersAhead
from support.orders.lookup import OrderLookup
from support.orders.models import Order
from support.outcomes import Collected
from support.queue import GENERATE_QUEUE, GPU_QUEUE, GenerationQueue, JsonSerializer
from support.tables import AnswerRow, EscalationRow, TurnRow
from support.turns import TurnState, Words
from support.worklog import WorkLog

QUESTION = "Сколько дней есть на возврат товара?"
SHOP_KNOWLEDGE = Path(__file__).parents[2] / "otvet" / "demo_shop" / "knowledge"


class Nobody:
    """A Redis where no reranker shows itself."""

    asked = 0

    async def exists(self, *keys):
        self.asked += len(keys)
        return 0


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


def result_of(turn, *, epoch=None):
    job = GenerationJob.model_validate_json(turn.job)
    draft = Draft(
        text="За 30 дней. [1]",
        citations=(1,),
        verdict=Verdict(score=0.9),
        engine="fake",
        model="none",
        prompt_version="p",
    )
    return GenerationResult(turn_id=turn.id, epoch=epoch or job.epoch, attempt=job.attempt, draft=draft)


async def test_a_question_is_queued_and_its_result_answered_once(redis, worker, start_clock, say, reaches, told):
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(TurnState.GENERATING)

    for _ in range(2):
        await clock.settle(result_of(turn))

    [answer] = await told()
    assert "За 30 дней." in answer


async def test_what_must_be_asked_elsewhere_is_asked_before_the_transaction(
    redis, worker, start_clock, say, reaches, database
):
    asked = []

    async def understood(turn_id):
        async with asyncio.timeout(3), database.writing():  # within a transaction of the clock's it would wait for ever
            asked.append(turn_id)

    collected = await say(start_clock(redis, understood=understood))

    await reaches(TurnState.GENERATING)
    assert asked == [collected.turn_id]


async def test_a_message_during_generation_is_answered_together_with_the_question(
    redis, worker, start_clock, say, reaches, told
):
    clock = start_clock(redis)
    await say(clock)
    first = await reaches(TurnState.GENERATING)
    await say(clock, "И кто платит за обратную пересылку?")
    await clock.settle(result_of(first))
    second = await reaches(TurnState.GENERATING)
    await clock.settle(result_of(first))
    assert await told() == []

    await clock.settle(result_of(second))

    assert len(await told()) == 1
    assert second.epoch == 2
    assert QUESTION in second.text


@pytest.mark.parametrize("state", [TurnState.COLLECTING, TurnState.GENERATING])
async def test_a_restarted_bot_goes_on_with_an_open_turn(redis, worker, start_clock, say, reaches, told, state):
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(state)
    await start_clock.stop()

    clock = start_clock(redis)
    turn = await reaches(TurnState.GENERATING)
    await clock.settle(result_of(turn))

    assert len(await told()) == 1


async def test_an_overdue_question_goes_to_a_person(redis, worker, start_clock, say, reaches, change, told):
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(TurnState.GENERATING)

    await change(deadline_at=datetime.now(UTC) - timedelta(seconds=1))
    await reaches(TurnState.ESCALATED)
    await clock.settle(result_of(turn))

    [words] = await told()
    assert "Не успеваю" in words


async def test_without_a_worker_a_person_is_called_and_the_customer_is_told(
    redis, start_clock, say, reaches, change, told
):
    clock = start_clock(redis)
    await say(clock)
    await reaches(TurnState.GENERATING)

    await change(closed_at=datetime.now(UTC) - timedelta(seconds=11))
    await reaches(TurnState.ESCALATED)

    [words] = await told()
    assert "не могу составить ответ" in words


async def test_without_redis_a_person_is_called_and_the_customer_is_told(start_clock, say, reaches, change, told):
    clock = start_clock(Redis(port=9, socket_connect_timeout=0.2))
    await say(clock)
    await reaches(TurnState.GENERATING)

    await change(closed_at=datetime.now(UTC) - timedelta(seconds=11))
    await reaches(TurnState.ESCALATED)

    [words] = await told()
    assert "Зову оператора" in words


async def test_a_job_that_redis_lost_is_made_again(redis, worker, start_clock, say, reaches, change, eventually):
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(TurnState.GENERATING)
    job = GenerationJob.model_validate_json(turn.job)
    queue = GenerationQueue(redis=redis)

    async def queued():
        return await asyncio.to_thread(queue.holds, job.job_id)

    await eventually(queued)
    redis.flushall()
    worker()
    await change(closed_at=datetime.now(UTC) - timedelta(seconds=5))

    async def again():
        return await asyncio.to_thread(queue.holds, job.model_copy(update={"attempt": 2}).job_id)

    await eventually(again)


async def test_a_job_that_is_lost_again_and_again_goes_to_a_person(redis, worker, start_clock, say, reaches, change):
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(TurnState.GENERATING)
    last = GenerationJob.model_validate_json(turn.job).model_copy(update={"attempt": 3})
    redis.flushall()
    worker()

    await change(closed_at=datetime.now(UTC) - timedelta(seconds=5), attempt=3, job=last.model_dump_json())

    await reaches(TurnState.ESCALATED)


async def test_a_question_that_waits_where_the_worker_died_goes_on_elsewhere(
    redis, worker, start_clock, say, reaches, eventually
):
    gpu = worker(GPU_QUEUE)
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(TurnState.GENERATING)
    job_id = GenerationJob.model_validate_json(turn.job).job_id

    async def waiting(name):
        return job_id in await asyncio.to_thread(
            lambda: Queue(name, connection=redis, serializer=JsonSerializer).job_ids
        )

    await eventually(lambda: waiting(GPU_QUEUE))
    redis.delete(gpu.key)

    await eventually(lambda: waiting(GENERATE_QUEUE))


async def test_with_more_questions_than_can_be_answered_in_time_a_person_is_called_at_once(
    redis, worker, start_clock, say, reaches, told, database
):
    log = WorkLog(redis=redis, queue=GENERATE_QUEUE)
    for turn_id in range(900, 905):
        log.begin(turn_id, 1)
        log.end(turn_id, 1, spent_s=20.0)
        waiting = GenerationJob(
            turn_id=turn_id,
            epoch=1,
            attempt=1,
            question="?",
            parts=("?",),
            passages=(),
            answerable=(0.9,),
            language="ru",
            deadline=time.time() + 60,
        )
        GenerationQueue(redis=redis).put(waiting, now=time.time())

    await say(start_clock(redis))
    await reaches(TurnState.ESCALATED)

    [words] = await told()
    assert "Вопросов сейчас больше, чем я успеваю" in words
    async with database.reading() as session:
        assert (await session.scalars(select(EscalationRow))).one().reason == EscalationReason.BUSY


async def test_no_person_is_called_for_a_question_to_which_the_customer_has_added_meanwhile(
    redis, worker, start_clock, say, reaches, told, database
):
    asked, added = threading.Event(), threading.Event()

    class Hesitant(GenerationQueue):
        """Refuses the first question, but only after the customer has written on."""

        def put(self, job, **wishes):
            if job.epoch > 1:
                return super().put(job, **wishes)
            asked.set()
            added.wait(10)
            return False

    clock = start_clock(redis, queue=Hesitant(redis=redis))
    first = await say(clock)
    assert await asyncio.to_thread(asked.wait, 10)
    second = await say(clock, "И для обуви тоже?")
    assert second.turn_id == first.turn_id
    added.set()

    turn = await reaches(TurnState.GENERATING)
    assert turn.epoch == 2
    assert await told() == []
    async with database.reading() as session:
        assert (await session.scalars(select(EscalationRow))).all() == []


async def test_an_operator_who_writes_during_generation_silences_the_bot(
    redis, worker, start_clock, say, reaches, told, database, desk
):
    clock = start_clock(redis)
    await say(clock)
    turn = await reaches(TurnState.GENERATING)
    now = datetime.now(UTC)
    async with database.writing() as session:
        anna = await CustomerRepository(session).by_chat(ANNA)
        await desk.escalate(session, anna, EscalationReason.OPERATOR_WROTE, now)

    await clock.settle(result_of(turn))

    assert await told() == []
    async with database.reading() as session:
        assert (await session.scalars(select(AnswerRow))).all() == []


async def test_a_question_that_cannot_be_decided_goes_to_a_person(redis, start_clock, say, reaches, database, desk):
    class Broken:
        def get(self):
            raise RuntimeError

    clock = start_clock(redis, dataclasses.replace(desk, knowledge=Broken()))
    await say(clock)
    await reaches(TurnState.ESCALATED)

    async with database.reading() as session:
        assert (await session.scalars(select(EscalationRow))).one().reason == EscalationReason.ERROR


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # slow, and about Redis
async def test_the_event_loop_is_not_held_up_by_a_redis_that_hangs(start_clock, say, reaches):
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Redis(port=silent.getsockname()[1], socket_timeout=1) as hung,
    ):
        await say(start_clock(hung))
        await reaches(TurnState.GENERATING)

        longest = 0.0
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)
        await start_clock.stop()
        # Threads that wait for the answer end before their sockets do.
        await asyncio.get_running_loop().shutdown_default_executor()

    assert longest < 0.9


async def test_a_draft_is_held_against_a_release_that_this_process_has_not_loaded_yet(
    start_clock, redis, worker, say, turn, desk, database, eventually, tmp_path, shop_releases
):
    """Somebody deletes the article while its answer is being written, and no search has noticed so far.

    What the search anew needs of other processes is asked for before it, and only then.
    """
    store = ReleaseStore(Path(shutil.copytree(shop_releases, tmp_path / "releases")))
    desk = dataclasses.replace(desk, knowledge=CurrentKnowledge(store))
    nobody = Nobody()
    foresight = Foresight(nobody, Units(database, lambda: None), desk.search, desk.knowledge, Vectors(), reranker="r")
    clock = start_clock(redis, desk, before_settling=foresight.prepare_again)
    async with database.writing() as session:
        anna = await CustomerRepository(session).by_chat(ANNA)
        received = await desk.receive(session, anna, Words(1, "text", QUESTION), datetime.now(UTC))
    clock.schedule(received.turn_id, received.closes_at)

    async def generating():
        found = await turn()
        return found if found and found.state == TurnState.GENERATING else None

    job = GenerationJob.model_validate_json((await eventually(generating)).job)
    sources = Path(shutil.copytree(SHOP_KNOWLEDGE, tmp_path / "sources"))
    cited = job.passages[0]
    draft = Draft(
        text=f"{cited.text[:80]} [1]",
        citations=(cited.number,),
        verdict=Verdict(score=0.99),
        engine="fake",
        model="none",
        prompt_version="p1",
    )
    result = GenerationResult(turn_id=job.turn_id, epoch=job.epoch, attempt=job.attempt, draft=draft)
    await foresight.prepare_again(result)
    assert nobody.asked == 0
    (sources / cited.source).unlink()
    store.build(sources)

    await clock.settle(result)

    async with database.reading() as session:
        assert list(await session.scalars(select(AnswerRow))) == []
    after = await turn()
    assert nobody.asked == (after.state == TurnState.GENERATING)
    assert after.state in {TurnState.GENERATING, TurnState.ESCALATED}
    if after.state == TurnState.GENERATING:
        renewed = GenerationJob.model_validate_json(after.job)
        assert renewed.renewed
        assert cited.source not in {passage.source for passage in renewed.passages}


async def test_an_order_on_the_network_is_fetched_outside_the_transaction(
    start_clock, say, redis, desk, database, reaches
):
    class Shop:
        asked = 0

        async def find(self, number):
            self.asked += 1
            async with asyncio.timeout(2), database.writing():
                return Order(number=number, status="shipped", email="anna@example.com")

    shop = Shop()
    clock = start_clock(redis, desk=dataclasses.replace(desk, orders=OrderDesk(OrderLookup(OrdersAhead(shop)))))
    await say(clock, "Где мой заказ KD-10427? Почта anna@example.com")

    turn = await reaches(TurnState.ANSWERED)
    assert (turn.outcome, shop.asked) == ("order_shown", 1)
