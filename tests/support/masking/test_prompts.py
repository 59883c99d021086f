"""What leaves the process for a model is masked, and answers and proofs work as before."""

import dataclasses
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from support import answer_cache
from support.jobs import CheckName, FailedCheck
from support.order_desk import OrderDesk
from support.orders.lookup import AskProof, Found, OrderLookup
from support.orders.memory import MemoryOrders
from support.orders.models import Order
from support.outcomes import Collected, Escalated, Generating
from support.tables import EscalationRow, MessageRow, TurnRow
from support.turns import Words

QUESTION = "Сколько дней есть на возврат товара?"
WHO = "Пишет Анна Петрова, +7 916 555-44-33"
HIDDEN = ("Петров", "555-44-33", "5554433")

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def say(desk, session, now):
    numbers = iter(range(1, 1000))

    async def say(customer, text, *, at=now, by=desk):
        received = await by.receive(session, customer, Words(next(numbers), "text", text), at)
        assert isinstance(received, Collected)
        return await by.close(session, received.turn_id, received.closes_at)

    return say


async def test_a_job_and_its_trace_know_nobody_and_the_question_is_answered(session, say, anna, now):
    said = {"message_id": 900, "speaker": "customer", "kind": "text", "text": f"Здравствуйте! {WHO}"}
    session.add(MessageRow(customer_id=anna.id, chat_id=anna.chat_id, created_at=now, **said))
    outcome = await say(anna, f"{QUESTION}\n{WHO}", at=now + timedelta(minutes=1))

    assert isinstance(outcome, Generating)
    assert any("30" in passage.text for passage in outcome.job.passages)
    turn = await session.get_one(TurnRow, outcome.job.turn_id)
    sent = outcome.job.model_dump_json() + turn.job + json.dumps(turn.trace, ensure_ascii=False)
    assert not [word for word in HIDDEN if word in sent]
    assert "П***" in outcome.job.question
    assert any("П***" in one.text for one in outcome.job.history)
    # Operators read the customer's own words; and what was said to one is not said to another from the cache.
    assert "555-44-33" in turn.text
    assert "555-44-33" in await session.scalar(select(MessageRow.text).where(MessageRow.turn_id == turn.id))
    assert not answer_cache.may_be_kept(
        outcome.job.model_copy(update={"history": (), "parts": (outcome.job.question,)})
    )


async def test_a_stored_draft_keeps_the_companys_phone_and_hides_the_customers(
    session, say, anna, desk, now, make_result, make_draft
):
    job = (await say(anna, "По какому телефону отвечают операторы и до скольких?")).job
    number = next(passage.number for passage in job.passages if "495 000-10-24" in passage.text)
    failed = (FailedCheck(name=CheckName.NUMBER_UNSUPPORTED, detail="7"),)
    text = f"Звоните +7 495 000-10-24, мы знаем ваш номер +7 916 555-44-33. [{number}]"
    draft = make_draft(text, citations=(number,), failed=failed)
    assert isinstance(await desk.settle(session, make_result(job, draft=draft), now), Escalated)
    stored = await session.scalar(select(EscalationRow.draft))
    assert "+7 495 000-10-24" in stored
    assert "555-44-33" not in stored


async def test_the_proof_of_an_order_reads_the_words_as_they_were_written(session, say, anna, desk, now):
    order = Order(number="KD-10427", status="shipped", phone="+79165554433")
    shop = dataclasses.replace(desk, orders=OrderDesk(OrderLookup(MemoryOrders([order]))))
    assert isinstance(await say(anna, "Где мой заказ KD-10427?", by=shop), AskProof)
    assert isinstance(await say(anna, "+7 916 555-44-33", by=shop, at=now + timedelta(minutes=1)), Found)
