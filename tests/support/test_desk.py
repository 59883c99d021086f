"""What becomes of a customer's messages and of a worker's drafts."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from support.escalations import EscalationReason
from support.jobs import CheckName, FailedCheck, FailureReason
from support.order_desk import OrderDesk
from support.orders.lookup import AskNumber, AskProof, Found, OrderLookup
from support.orders.memory import MemoryOrders
from support.orders.models import Order
from support.outcomes import (
    Answered,
    Clarify,
    Escalated,
    Generating,
    Greeted,
    Ignored,
    MediaNotUnderstood,
    OutOfScope,
    Stopped,
)
from support.tables import AnswerRow, EscalationRow, TurnRow
from support.turns import TurnState, Words
from tests.support.outcomes import turn_of

QUESTION = "Сколько дней есть на возврат товара?"
LATER = timedelta(minutes=1)


async def test_a_question_becomes_a_job_with_its_passages(session, say, anna, now):
    outcome = await say(anna, QUESTION)

    assert isinstance(outcome, Generating)
    assert outcome.job.question == QUESTION
    assert outcome.job.language == "ru"
    assert any("30" in passage.text for passage in outcome.job.passages)
    assert (await turn_of(session, outcome)).state == TurnState.GENERATING


async def test_a_stopped_turn_ends_and_its_job_is_withdrawn(session, say, anna, desk, now, make_result):
    outcome = await say(anna, QUESTION)

    stopped = await desk.stop(session, anna, outcome.job.turn_id, now)

    assert stopped == Stopped((outcome.job.job_id,))
    assert (await turn_of(session, outcome)).state == TurnState.STOPPED
    assert await desk.settle(session, make_result(outcome.job), now) == Ignored()
    assert await desk.stop(session, anna, outcome.job.turn_id, now) == Ignored()


async def test_nobody_stops_the_turn_of_somebody_else(session, say, anna, add_customer, desk, now):
    outcome = await say(anna, QUESTION)

    assert await desk.stop(session, await add_customer(102), outcome.job.turn_id, now) == Ignored()
    assert (await turn_of(session, outcome)).state == TurnState.GENERATING


async def test_the_deadline_runs_from_the_turns_close(session, say, anna, desk):
    outcome = await say(anna, QUESTION)

    turn = await turn_of(session, outcome)
    assert turn.deadline_at == turn.closed_at + desk.deadline
    assert outcome.job.deadline == turn.deadline_at.timestamp()


async def test_a_turn_is_not_closed_before_its_time_nor_twice(desk, session, anna, now):
    received = await desk.receive(session, anna, Words(1, "text", QUESTION), now)

    assert await desk.close(session, received.turn_id, now) == Ignored()
    assert isinstance(await desk.close(session, received.turn_id, received.closes_at), Generating)
    assert await desk.close(session, received.turn_id, received.closes_at) == Ignored()


async def test_a_good_draft_is_answered_with_its_source(desk, session, say, anna, now, make_result):
    job = (await say(anna, QUESTION)).job

    outcome = await desk.settle(session, make_result(job), now)

    assert isinstance(outcome, Answered)
    assert outcome.sources[0].heading == job.passages[0].heading
    assert (await session.scalars(select(AnswerRow))).one().turn_id == job.turn_id


async def test_a_result_that_comes_twice_is_answered_once(desk, session, say, anna, now, make_result):
    result = make_result((await say(anna, QUESTION)).job)
    await desk.settle(session, result, now)

    assert await desk.settle(session, result, now) == Ignored()
    assert len((await session.scalars(select(AnswerRow))).all()) == 1


async def test_the_late_result_of_a_superseded_question_is_ignored(desk, session, say, anna, now, make_result):
    first = (await say(anna, QUESTION)).job
    second = (await say(anna, "И кто платит за обратную пересылку?", at=now + LATER)).job

    assert second.turn_id == first.turn_id
    assert second.epoch == first.epoch + 1
    assert QUESTION in second.question
    assert await desk.settle(session, make_result(first), now) == Ignored()
    assert isinstance(await desk.settle(session, make_result(second), now), Answered)


async def test_a_result_for_a_turn_that_does_not_exist_is_ignored(desk, session, say, anna, now, make_result):
    result = make_result((await say(anna, QUESTION)).job).model_copy(update={"turn_id": 999})

    assert await desk.settle(session, result, now) == Ignored()


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        ({"score": 0.49}, EscalationReason.LOW_SCORE),
        (
            {"score": 0.0, "failed": (FailedCheck(name=CheckName.NUMBER_UNSUPPORTED, detail="30"),)},
            EscalationReason.CHECK_FAILED,
        ),
        (
            {
                "text": "За 90 дней. [9]",
                "citations": (9,),
                "failed": (FailedCheck(name=CheckName.CITATION_UNKNOWN, detail="9"),),
            },
            EscalationReason.CHECK_FAILED,
        ),
    ],
)
async def test_a_doubtful_draft_goes_to_a_person_with_the_draft(
    desk, session, say, anna, now, make_draft, make_result, draft, reason
):
    job = (await say(anna, QUESTION)).job

    outcome = await desk.settle(session, make_result(job, draft=make_draft(**draft)), now)

    assert isinstance(outcome, Escalated)
    assert (outcome.reason, outcome.new) == (reason, True)
    assert (await session.scalars(select(EscalationRow))).one().draft
    assert (await session.scalars(select(AnswerRow))).all() == []


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (FailureReason.DEADLINE, EscalationReason.OVERDUE),
        (FailureReason.CANCELLED, EscalationReason.OVERDUE),
        (FailureReason.ENGINE_ERROR, EscalationReason.ENGINE_ERROR),
    ],
)
async def test_a_worker_without_a_draft_calls_a_person(desk, session, say, anna, now, make_result, failure, reason):
    job = (await say(anna, QUESTION)).job

    outcome = await desk.settle(session, make_result(job, failure=failure), now)

    assert isinstance(outcome, Escalated)
    assert outcome.reason == reason


async def test_a_risky_demand_goes_to_a_person_however_good_the_draft(desk, session, say, anna, now, make_result):
    outcome = await say(anna, "Сколько дней есть на возврат товара? Мне обещали скидку 50 %")
    if isinstance(outcome, Generating):
        outcome = await desk.settle(session, make_result(outcome.job), now)

    assert isinstance(outcome, Escalated)
    assert outcome.reason == EscalationReason.RISKY


async def test_an_unclear_message_is_asked_about_and_the_second_one_goes_to_a_person(say, anna, now):
    first = await say(anna, "заказ")
    second = await say(anna, "заказ", at=now + LATER)

    assert isinstance(first, Clarify)
    assert len(first.options) == 2
    assert isinstance(second, Escalated)
    assert second.reason == EscalationReason.UNCLEAR


async def test_a_chosen_intent_is_followed_once(desk, session, say, anna, now):
    await say(anna, "заказ")
    [turn] = (await session.scalars(select(TurnRow))).all()

    assert await desk.choose(session, turn.id, "no_such_intent", now) == Ignored()
    assert await desk.choose(session, turn.id, "order_status", now) == AskNumber()
    assert await desk.choose(session, turn.id, "order_status", now) == Ignored()


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("привет", Greeted("hello")),
        ("thank you!", Greeted("thanks")),
        ("what's the weather in Paris tomorrow?", OutOfScope()),
        ("где мой заказ?", AskNumber()),
        ("where is order KD-10427?", AskProof("KD-10427")),
    ],
)
async def test_what_needs_no_generation_is_answered_at_once(say, anna, text, outcome):
    assert await say(anna, text) == outcome


@pytest.mark.parametrize("kind", ["voice", "photo", "sticker", "other"])
async def test_a_message_without_words_is_named_by_its_kind(say, anna, kind):
    assert await say(anna, "", kind=kind) == MediaNotUnderstood(kind)


async def test_words_beside_a_photo_are_what_counts(say, anna):
    assert isinstance(await say(anna, QUESTION, kind="photo"), Generating)


async def test_an_order_is_shown_to_whom_has_shared_his_own_contact(desk, session, anna, now):
    order = Order(number="KD-10427", status="shipped", phone="+79161234501")
    shop = dataclasses.replace(desk, orders=OrderDesk(OrderLookup(MemoryOrders([order]))))

    assert await shop.order(session, anna, "KD-10427", now) == AskProof("KD-10427")
    assert isinstance(await shop.own_contact(session, anna, "+7 916 123-45-01", now), Found)
    assert isinstance(await shop.order(session, anna, "KD-10427", now + LATER), Found)


async def test_orders_that_cannot_be_reached_call_a_person(desk, session, anna, now):
    shop = dataclasses.replace(desk, orders=OrderDesk(OrderLookup(MemoryOrders(failing=True))))

    outcome = await shop.order(session, anna, "KD-10427, anna@example.com", now)

    assert isinstance(outcome, Escalated)
    assert outcome.reason == EscalationReason.NO_ORDERS


async def test_an_order_dialogue_left_half_an_hour_ago_is_forgotten(desk, session, anna, now):
    assert await desk.order(session, anna, "KD-10427", now) == AskProof("KD-10427")

    assert await desk.own_contact(session, anna, "+79161234501", now + timedelta(minutes=31)) is None


async def test_a_question_in_the_middle_of_an_order_dialogue_is_answered(say, anna, now):
    assert await say(anna, "где мой заказ?") == AskNumber()

    assert isinstance(await say(anna, QUESTION, at=now + LATER), Generating)


async def test_the_language_follows_what_the_customer_writes_unless_he_chose_one(say, anna, now):
    assert (await say(anna, "Within how many days can I return an item?")).job.language == "en"
    anna.language_chosen = True
    assert (await say(anna, "И кто платит за пересылку товара?", at=now + LATER)).job.language == "en"


async def test_without_a_release_a_question_goes_to_a_person(desk, session, anna, now, tmp_path):
    bare = dataclasses.replace(desk, knowledge=CurrentKnowledge(ReleaseStore(tmp_path / "none")))
    received = await bare.receive(session, anna, Words(1, "text", QUESTION), now)

    outcome = await bare.close(session, received.turn_id, received.closes_at)

    assert isinstance(outcome, Escalated)
    assert outcome.reason == EscalationReason.NO_KNOWLEDGE
