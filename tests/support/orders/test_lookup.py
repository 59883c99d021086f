from datetime import UTC, datetime, timedelta

import pytest

from support.orders.lookup import (
    AskNumber,
    AskProof,
    Awaiting,
    DialogueState,
    Failed,
    Found,
    LockedOut,
    OrderLookup,
    Refused,
    belongs,
    next_state,
)
from support.orders.memory import MemoryOrders
from support.orders.models import Order

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ORDER = Order(number="KD-10427", status="shipped", phone="+79161234567", email="anna@example.org")
START = DialogueState()
AT_PROOF = DialogueState(Awaiting.PROOF, "KD-10427")


@pytest.fixture
def source() -> MemoryOrders:
    return MemoryOrders([ORDER])


@pytest.fixture
def say(session, source):
    lookup = OrderLookup(source)

    async def say_(text, state=START, *, contact_phone=None, customer_id=1):
        return await lookup.step(
            session, customer_id=customer_id, state=state, text=text, now=NOW, contact_phone=contact_phone
        )

    return say_


async def test_a_whole_dialogue_leads_from_no_number_to_the_status(say):
    asked = await say("где мой заказ?")
    proof = await say("кд 10427", next_state(asked))
    found = await say("8 916 123-45-67", next_state(proof))

    assert (asked, proof, found) == (AskNumber(), AskProof("KD-10427"), Found(ORDER))
    assert next_state(found) == DialogueState()


async def test_the_shared_contact_proves(say):
    assert await say("", AT_PROOF, contact_phone="79161234567") == Found(ORDER)


async def test_number_and_proof_in_one_message_are_enough(say):
    assert await say("Где заказ KD-10427? Почта anna@example.org") == Found(ORDER)


async def test_a_missing_and_a_strangers_order_go_the_same_way(say):
    existing, missing = await say("заказ KD-10427"), await say("заказ KD-99999")
    assert isinstance(existing, AskProof)
    assert isinstance(missing, AskProof)

    stranger = await say("+79990000000", next_state(existing))
    nobody = await say("+79990000000", next_state(missing))

    assert stranger == nobody == Refused()


async def test_after_a_refusal_another_number_may_be_given(say):
    refused = await say("+79990000000", AT_PROOF)

    assert await say("10427", next_state(refused)) == AskProof("10427")


async def test_digits_alone_find_the_order_when_only_one_has_them(say):
    assert await say("anna@example.org", DialogueState(Awaiting.PROOF, "10427")) == Found(ORDER)


async def test_digits_alone_find_nothing_when_two_orders_have_them(session):
    lookup = OrderLookup(MemoryOrders([ORDER, Order(number="SB-10427", status="shipped", email="anna@example.org")]))

    outcome = await lookup.step(
        session, customer_id=1, state=DialogueState(Awaiting.PROOF, "10427"), text="anna@example.org", now=NOW
    )

    assert outcome == Refused()


async def test_five_wrong_tries_lock_even_with_the_right_proof_afterwards(say):
    outcomes = [await say(f"+7999000000{digit}", AT_PROOF) for digit in range(5)]
    afterwards = await say("anna@example.org", AT_PROOF)

    locked = LockedOut(NOW + timedelta(hours=1))
    assert outcomes == [Refused()] * 4 + [locked]
    assert afterwards == locked


async def test_a_locked_customer_locks_nobody_else(say):
    for digit in range(5):
        await say(f"+7999000000{digit}", AT_PROOF)

    assert await say("anna@example.org", AT_PROOF, customer_id=2) == Found(ORDER)


async def test_orders_out_of_reach_cost_no_try(say, source):
    source.failing = True
    outcomes = [await say("anna@example.org", AT_PROOF) for _ in range(6)]
    source.failing = False

    assert all(isinstance(outcome, Failed) for outcome in outcomes)
    assert await say("anna@example.org", AT_PROOF) == Found(ORDER)


async def test_a_new_number_replaces_the_one_that_awaits_proof(say):
    assert await say("ой, заказ KD-20000", AT_PROOF) == AskProof("KD-20000")


async def test_a_number_of_any_shape_is_taken_when_it_was_asked_for(say):
    assert await say("A/77", DialogueState(Awaiting.NUMBER)) == AskProof("A-77")


@pytest.mark.parametrize("text", ["а сколько стоит доставка?", "спасибо", "позовите оператора"])
def test_another_matter_does_not_belong_to_the_dialogue(text):
    assert not belongs(AT_PROOF, text)
    assert not belongs(DialogueState(Awaiting.NUMBER), text)


def test_what_was_asked_for_belongs_to_the_dialogue():
    assert belongs(AT_PROOF, "anna@example.org")
    assert belongs(AT_PROOF, "", contact=True)
    assert belongs(DialogueState(Awaiting.NUMBER), "10427")
