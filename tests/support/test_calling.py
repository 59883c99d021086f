"""A person is called, or takes the conversation over, whatever is under way."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from support import calling
from support.deliveries import Delivery, DeliveryRepository, DeliveryState, Priority
from support.desk_file import DeskFile, Rule
from support.escalations import EscalationReason, EscalationRepository
from support.outcomes import (
    Clarify,
    Escalated,
    ForOperator,
    Generating,
    Ignored,
)
from support.tables import EscalationRow, TurnRow
from support.turns import TurnRepository, TurnState, Words
from tests.support.outcomes import turn_of

QUESTION = "Сколько дней есть на возврат товара?"
LATER = timedelta(minutes=1)


async def test_a_person_who_takes_over_withdraws_the_job_that_was_under_way(session, say, anna, desk, now):
    outcome = await say(anna, QUESTION)

    taken = await desk.escalate(session, anna, EscalationReason.OPERATOR_WROTE, now)

    assert taken.cancelled == (outcome.job.job_id,)


async def test_what_the_bot_has_not_yet_said_is_taken_back_when_a_person_writes(session, anna, desk, now):
    deliveries = DeliveryRepository(session)
    for key in ("turn:1:1:Answered", "escalation:1:told"):
        payload = {"chat_id": anna.chat_id, "text": key}
        call = Delivery(
            key=key,
            method="SendMessage",
            payload=payload,
            priority=Priority.ANSWER,
            chat_id=anna.chat_id,
            customer_id=anna.id,
        )
        await deliveries.add(call, now)

    await desk.escalate(session, anna, EscalationReason.OPERATOR_WROTE, now)

    assert [row.key for row in await deliveries.open_after(0)] == ["escalation:1:told"]


async def test_a_question_whose_answer_is_taken_back_is_left_to_the_person(session, say, anna, desk, now, make_result):
    deliveries = DeliveryRepository(session)

    async def answer(question, at):
        job = (await say(anna, question, at=at)).job
        await desk.settle(session, make_result(job), at + timedelta(seconds=5))
        key = f"turn:{job.turn_id}:1:Answered"
        call = Delivery(
            key=key,
            method="SendMessage",
            payload={"chat_id": anna.chat_id, "text": "ответ"},
            priority=Priority.ANSWER,
            chat_id=anna.chat_id,
            customer_id=anna.id,
            turn_id=job.turn_id,
        )
        await deliveries.add(call, at)
        return job.turn_id, await deliveries.by_key(key)

    _, shown = await answer(QUESTION, now)
    await deliveries.finish(shown.id, 0, DeliveryState.DELIVERED, now)
    unsaid, _ = await answer("Как оплатить заказ картой?", now + LATER)

    taken = await desk.escalate(session, anna, EscalationReason.OPERATOR_WROTE, now + 2 * LATER)

    assert taken.turn_ids == (unsaid,)
    turn = await session.get_one(TurnRow, unsaid)
    assert (turn.state, turn.outcome) == (TurnState.ESCALATED, EscalationReason.OPERATOR_WROTE)


async def test_a_ban_ends_what_is_open(session, say, anna, desk, now):
    outcome = await say(anna, QUESTION)

    await calling.ban(session, anna, 9001, now, banned=True)

    assert anna.banned_at == now
    assert (await turn_of(session, outcome)).state == TurnState.SUPERSEDED
    await calling.ban(session, anna, 9001, now, banned=False)
    assert anna.banned_at is None


async def test_while_a_person_has_the_conversation_messages_are_for_him(desk, session, anna, now):
    await desk.escalate(session, anna, EscalationReason.CUSTOMER_ASKED, now)

    assert await desk.receive(session, anna, Words(1, "text", QUESTION), now) == ForOperator()
    # Nobody waits for what is looked up for the person.
    assert (await session.scalars(select(TurnRow.state))).all() == [TurnState.SUGGESTING]
    assert await TurnRepository(session).open_of(anna.id) is None


async def test_a_person_called_while_messages_are_collected_gets_them(desk, session, anna, now):
    received = await desk.receive(session, anna, Words(1, "text", "у палатки порвался тент"), now)

    called = await desk.escalate(session, anna, EscalationReason.CUSTOMER_ASKED, now)

    assert called.turn_ids == (received.turn_id,)
    assert await desk.close(session, received.turn_id, received.closes_at) == Ignored()


async def test_an_operator_who_writes_during_generation_silences_the_bot(desk, session, say, anna, now, make_result):
    job = (await say(anna, QUESTION)).job

    called = await desk.escalate(session, anna, EscalationReason.OPERATOR_WROTE, now)

    assert called.turn_ids == (job.turn_id,)
    assert await desk.settle(session, make_result(job), now) == Ignored()


async def test_a_person_called_about_an_old_answer_takes_over_the_open_question_too(
    desk, session, say, anna, now, make_result
):
    first = (await say(anna, QUESTION)).job
    await desk.settle(session, make_result(first), now)
    second = (await say(anna, "Как оплатить заказ картой?", at=now + LATER)).job

    called = await desk.escalate(
        session, anna, EscalationReason.CUSTOMER_ASKED, now, turn=await session.get_one(TurnRow, first.turn_id)
    )

    assert called.turn_ids == (first.turn_id, second.turn_id)
    assert await desk.settle(session, make_result(second), now) == Ignored()


async def test_a_person_called_instead_of_pressing_a_button_gets_the_unclear_question(desk, session, say, anna, now):
    assert isinstance(await say(anna, "заказ"), Clarify)
    [turn] = (await session.scalars(select(TurnRow))).all()

    called = await desk.escalate(session, anna, EscalationReason.CUSTOMER_ASKED, now)

    assert called.turn_ids == (turn.id,)
    assert await desk.choose(session, turn.id, "order_status", now) == Ignored()


async def test_a_rule_of_the_desk_file_calls_a_person_before_anything_is_answered(desk, session, anna, now):
    rules = (
        Rule(name="Press", words=("журналист",), urgent=True, subject="press"),
        Rule(name="Thrice", repeated_question=3),
        Rule(name="Orders by hand", intents=("order_status",)),
    )
    shop = dataclasses.replace(desk, file=DeskFile(rule=rules))
    numbers = iter(range(1, 100))

    async def say(text, *, minutes=0):
        at = now + timedelta(minutes=minutes)
        received = await shop.receive(session, anna, Words(next(numbers), "text", text), at)
        outcome = await shop.close(session, received.turn_id, received.closes_at)
        if not isinstance(outcome, Escalated):
            await shop.stop(session, anna, received.turn_id, at)
            return outcome
        row = await session.get_one(EscalationRow, outcome.escalation_id)
        turn = await session.get_one(TurnRow, received.turn_id)
        await EscalationRepository(session).close(anna.id, 900, at)
        return outcome.reason, row.rule, row.priority, row.subject, turn.trace.get("rule")

    assert await say("Позовите оператора для журналистов") == (EscalationReason.RULE, "Press", 1, "press", "Press")
    assert await say("Где мой заказ?", minutes=1) == (
        EscalationReason.RULE,
        "Orders by hand",
        0,
        None,
        "Orders by hand",
    )
    assert isinstance(await say(QUESTION, minutes=2), Generating)
    assert isinstance(await say(QUESTION, minutes=3), Generating)
    assert (await say(QUESTION, minutes=4))[1] == "Thrice"
    assert isinstance(await say(QUESTION, minutes=70), Generating), "an hour later it is asked for the first time"


async def test_a_rule_holds_for_an_intent_chosen_by_button_too(desk, session, anna, now):
    shop = dataclasses.replace(desk, file=DeskFile(rule=(Rule(name="r", intents=("order_status",)),)))
    received = await shop.receive(session, anna, Words(1, "text", "мяу"), now)
    assert isinstance(await shop.close(session, received.turn_id, received.closes_at), Clarify)

    assert (await shop.choose(session, received.turn_id, "order_status", now + LATER)).reason == EscalationReason.RULE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("позовите оператора", EscalationReason.CUSTOMER_ASKED),
        ("Ваш сервис ужасен, я возмущена и буду жаловаться!", EscalationReason.COMPLAINT),
        ("Есть ли у вас страховка для альпинистов на Эверест?", EscalationReason.NO_ANSWER),
    ],
)
async def test_a_person_is_called_for_what_the_bot_must_not_do(say, anna, text, reason):
    outcome = await say(anna, text)

    assert isinstance(outcome, Escalated)
    assert outcome.reason == reason


async def test_after_a_close_the_bot_answers_again(desk, session, say, anna, now):
    await desk.escalate(session, anna, EscalationReason.CUSTOMER_ASKED, now)
    await EscalationRepository(session).close(anna.id, 9001, now)

    assert isinstance(await say(anna, QUESTION), Generating)
