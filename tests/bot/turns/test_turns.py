"""What becomes of a turn while others write, change and decide."""

import asyncio
import dataclasses
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.foresight import Foresight, Vectors
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
from support.queue import GenerationQueue
from support.tables import AnswerRow, EscalationRow
from support.turns import TurnState, Words
from tests.bot.turns.questions import QUESTION, result_of

SHOP_KNOWLEDGE = Path(__file__).parents[3] / "otvet" / "demo_shop" / "knowledge"


class Nobody:
    """A Redis where no reranker shows itself."""

    asked = 0

    async def exists(self, *keys):
        self.asked += len(keys)
        return 0


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
