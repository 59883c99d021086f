import json
from datetime import timedelta

import pytest

from support.decisions import decision_for
from support.deliveries import Delivery, DeliveryRepository, DeliveryState, Priority
from support.turns import Words

QUESTION = "Сколько дней есть на возврат товара?"


@pytest.fixture
async def answered(database, desk, now, make_result):
    """A question (message 1) and its answer (message 2); returns the turn's id."""
    from support.customers import CustomerRepository, Person

    async with database.writing() as session:
        anna = await CustomerRepository(session).get_or_add(Person(101, "Анна", None, "ru"), now)
        received = await desk.receive(session, anna, Words(1, "text", QUESTION), now)
        job = (await desk.close(session, received.turn_id, received.closes_at)).job
        await desk.settle(session, make_result(job), received.closes_at + timedelta(seconds=2))
        deliveries = DeliveryRepository(session)
        call = Delivery(key="a", method="SendMessage", payload={}, priority=Priority.ANSWER, chat_id=101, turn_id=1)
        await deliveries.add(call, now)
        await deliveries.finish(1, 0, DeliveryState.DELIVERED, now, message_id=2)
    return received.turn_id


@pytest.mark.parametrize("message_id", [1, 2])
async def test_a_question_and_its_answer_show_the_same_decision(database, answered, message_id):
    decision = await decision_for(database, 101, message_id)

    assert decision["turn_id"] == answered
    assert decision["outcome"] == "answered"
    assert decision["intent"]["name"] == "question"
    assert decision["search"]["parts"][0]["passages"]
    assert decision["draft"]["score"] == 0.9
    assert decision["timings_ms"] == {"collected": 700, "decided": 2000}


async def test_a_decision_is_json(database, answered):
    assert json.loads(json.dumps(await decision_for(database, 101, 1)))


@pytest.mark.parametrize(("chat_id", "message_id"), [(101, 99), (999, 1)])
async def test_a_message_without_a_turn_has_no_decision(database, answered, chat_id, message_id):
    assert await decision_for(database, chat_id, message_id) is None
