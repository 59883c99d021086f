import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import understanding
from support.escalations import EscalationReason
from support.jobs import Exchange
from support.orders.lookup import AskNumber, AskProof
from support.outcomes import Answered, Clarify, Escalated, Generating, Greeted
from support.readings import Reading, Understood, Wanted
from support.tables import TurnRow
from support.turns import Words
from tests.databases import ON_SQLITE

on_sqlite = pytest.mark.parametrize("database_url", [ON_SQLITE], indirect=True)
LATER = timedelta(minutes=1)
# The classifier is not sure about it: asked alone, the customer gets two buttons.
UNCLEAR = "посылка"


@pytest.fixture
def say(desk, session, now):
    """Take in a message and close its turn, as if a model had read this out of it."""
    numbers = iter(range(1, 1000))

    async def say(customer, text, reading=None, *, at=now, epoch=None):
        received = await desk.receive(session, customer, Words(next(numbers), "text", text), at)
        turn = await session.get(TurnRow, received.turn_id)
        understood = Understood(reading=reading, epoch=turn.epoch if epoch is None else epoch, text=turn.text)
        return await desk.close(session, received.turn_id, received.closes_at, understood=understood)

    return say


@pytest.fixture
def wanted(desk, session, now):
    """Say what a model would be asked to read out of a message."""
    numbers = iter(range(1000, 2000))

    async def wanted(customer, text, *, at=now):
        received = await desk.receive(session, customer, Words(next(numbers), "text", text), at)
        found = await understanding.request_for(
            session,
            received.turn_id,
            at,
            classifier=desk.classifier,
            orders=desk.orders,
            deadline=time.time() + 3,
            request_id="r-1",
        )
        await desk.close(session, received.turn_id, received.closes_at)
        return () if found is None else found[1].wanted

    return wanted


@on_sqlite
@pytest.mark.parametrize("text", ["Сколько дней есть на возврат товара?", "оператор", "KD-10427", "Спасибо!", " "])
async def test_a_model_is_not_asked_where_rules_and_classifier_suffice(wanted, anna, text):
    assert await wanted(anna, text) == ()


@on_sqlite
async def test_a_model_is_asked_what_the_classifier_is_not_sure_about(desk, wanted, anna):
    assert not desk.classifier.classify(UNCLEAR).sure
    assert await wanted(anna, UNCLEAR) == (Wanted.INTENT,)


@on_sqlite
async def test_a_model_is_asked_for_the_number_only_where_a_number_may_be(wanted, say, add_customer, now):
    texts = {"не помню": (), "он такой: 104 а потом 27 кажется так": (Wanted.ORDER_NUMBER,), "KD-10427": ()}
    for chat_id, (text, expected) in enumerate(texts.items(), start=300):
        customer = await add_customer(chat_id)
        assert isinstance(await say(customer, "Где мой заказ?"), AskNumber)
        assert await wanted(customer, text, at=now + LATER) == expected


@on_sqlite
async def test_nobody_is_asked_about_a_customer_whom_a_person_has(desk, session, wanted, anna, now):
    await desk.escalate(session, anna, EscalationReason.CUSTOMER_ASKED, now)

    received = await desk.receive(session, anna, Words(1, "text", UNCLEAR), now)
    assert not hasattr(received, "turn_id")


@on_sqlite
async def test_a_doubtful_message_goes_where_the_model_sends_it(say, add_customer):
    outcomes = {
        intent: await say(await add_customer(chat_id), UNCLEAR, Reading(intent=intent))
        for chat_id, intent in enumerate(("order_status", "operator", "complaint", "nonsense", "greeting"), start=200)
    }

    assert isinstance(outcomes["order_status"], AskNumber)
    assert outcomes["operator"].reason is EscalationReason.CUSTOMER_ASKED
    assert outcomes["complaint"].reason is EscalationReason.COMPLAINT
    assert isinstance(outcomes["nonsense"], Clarify)
    assert not isinstance(outcomes["greeting"], Greeted)


@on_sqlite
async def test_a_model_cannot_overrule_a_sure_classifier_nor_a_rule(say, anna, add_customer):
    question = await say(anna, "Сколько дней есть на возврат товара?", Reading(intent="operator"))
    person = await say(await add_customer(102), "Позовите оператора", Reading(intent="question"))

    assert isinstance(question, Generating)
    assert isinstance(person, Escalated)


@on_sqlite
async def test_what_was_read_of_other_words_changes_nothing(say, anna):
    assert isinstance(await say(anna, UNCLEAR, Reading(intent="order_status"), epoch=7), Clarify)


@on_sqlite
async def test_a_muddled_number_is_taken_from_the_reading_and_identity_is_asked_for_all_the_same(say, anna, now):
    assert isinstance(await say(anna, "Где мой заказ?"), AskNumber)

    outcome = await say(anna, "он кд и дальше 104-27 кажется так", Reading(order_number="104-27"), at=now + LATER)

    assert isinstance(outcome, AskProof)


@on_sqlite
async def test_a_number_that_the_customer_did_not_write_is_not_looked_up(say, anna, now):
    assert isinstance(await say(anna, "Где мой заказ?"), AskNumber)

    outcome = await say(anna, "там было что-то с 7 в конце вроде", Reading(order_number="KD-10427"), at=now + LATER)

    assert not isinstance(outcome, AskProof)


@pytest.mark.parametrize(
    ("text", "reading", "said"),
    [
        ("кд 104 27 вроде", Reading(order_number="104 27"), "кд 104 27 вроде\n№ 10427"),
        ("anna @ mail . example", Reading(contact="anna@mail.example"), "anna @ mail . example\nanna@mail.example"),
        ("8 916 и ещё 000-10-24", Reading(contact="8916 000 10 24"), "8 916 и ещё 000-10-24\n8916 000 10 24"),
        ("8 916 и ещё 000-10-24", Reading(contact="+7 999 999-99-99"), "8 916 и ещё 000-10-24"),
        ("привет", Reading(contact="boss@kedr.example", order_number="10427"), "привет"),
        ("заказ 10427", Reading(order_number="без номера"), "заказ 10427"),
        ("привет", None, "привет"),
    ],
)  # fmt: skip
def test_a_value_counts_only_if_it_stands_in_the_customers_own_words(text, reading, said):
    assert understanding.said(text, reading) == said


@given(st.text(), st.text(), st.text())
def test_no_reading_breaks_the_dialogue_and_the_customers_words_stay(text, number, contact):
    assert understanding.said(text, Reading(order_number=number, contact=contact)).startswith(text)


HISTORY = (Exchange(speaker="bot", text="Доставка курьером стоит 390 ₽."),)
TOPIC = "Сколько стоит доставка в Москву?"


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("Сколько стоит доставка в Казань?", True),
        ("Сколько стоит доставка курьером в Казань?", True),
        ("Сколько стоит доставка самолётом в Казань?", False),
        ("Сколько стоит доставка в Москву?", False),
        ("Казань?", False),
        ("", False),
    ],
)
def test_a_completed_question_keeps_to_the_words_of_the_conversation(question, kept):
    found = understanding.completed(Reading(question=question), "а в Казань?", TOPIC, HISTORY)

    assert found == (question if kept else None)


@on_sqlite
async def test_a_follow_up_is_searched_as_the_model_completed_it_or_by_rule_when_it_invents(
    desk, session, say, anna, now, make_result
):
    async def answered(text, reading=None, *, at=now):
        outcome = await say(anna, text, reading, at=at)
        assert isinstance(await desk.settle(session, make_result(outcome.job), at), Answered)
        return outcome.job

    await answered(TOPIC)
    good = await answered("А в Казань?", Reading(question="Сколько стоит доставка заказа в Казань?"), at=now + LATER)
    assert good.parts == ("Сколько стоит доставка в Казань?",)

    job = await answered("А в Самару?", Reading(question="Сколько стоит доставка в Самару?"), at=now + 2 * LATER)
    assert job.parts == ("Сколько стоит доставка в Самару?",)
    turn = await session.get_one(TurnRow, job.turn_id)
    assert "language model" in turn.trace["search"]["followup"]["why"]
