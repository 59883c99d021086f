from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from evaluation.baskets import Customer, OrderDialogue, Outcome, Step
from evaluation.desk_stage import DeskStage, desk_stage
from evaluation.orders import Played, measure_orders, play, summarise
from evaluation.run import DEMO_SHOP
from evaluation.timings import Stopwatch
from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from support.intents.current import CurrentClassifier
from support.intents.examples import load_intents

ANNA = "+79161234501"


def dialogue(*steps: Step, expect: Outcome, order: str | None = None, phone: str | None = ANNA) -> OrderDialogue:
    return OrderDialogue(id="d", language="ru", customer=Customer(phone=phone), steps=steps, expect=expect, order=order)


def say(text: str) -> Step:
    return Step(say=text)


@pytest.fixture(scope="module")
def classifier() -> CurrentClassifier:
    return CurrentClassifier(load_intents())


@pytest.fixture
async def stage(classifier: CurrentClassifier, tmp_path: Path) -> AsyncIterator[DeskStage]:
    async with desk_stage(DEMO_SHOP / "orders.csv", classifier, CurrentKnowledge(ReleaseStore(tmp_path))) as stage:
        yield stage


def test_an_order_that_nobody_should_see_is_a_leak_even_if_the_end_is_right() -> None:
    refused = dialogue(say("KD-1"), expect="refused")
    report = summarise([Played(refused, ("found", "refused"), ("KD-1",)), Played(refused, ("refused",), ())])
    assert report.shown_to_stranger == 1
    assert report.passed["total"].hits == 1
    assert "SHOWN TO A STRANGER: KD-1" in report.failures[0].got


def test_showing_another_order_than_the_asked_one_is_a_leak() -> None:
    wanted = dialogue(say("KD-1"), expect="found", order="KD-1")
    played = Played(wanted, ("found",), ("KD-2",))
    assert played.leaked
    assert not played.passed


async def test_a_customer_who_shares_his_own_contact_is_shown_his_order(stage: DeskStage) -> None:
    own = dialogue(say("где мой заказ KD-10427"), Step(contact="own"), expect="found", order="KD-10427")
    played = await play(stage, own, 1, Stopwatch())
    assert played.outcomes == ("ask_proof", "found")
    assert played.passed


@pytest.mark.parametrize(
    "proof", [Step(contact="stranger", phone=ANNA), say("oleg@example.com")], ids=["forwarded contact", "other's email"]
)
async def test_a_stranger_is_refused(stage: DeskStage, proof: Step) -> None:
    stranger = dialogue(say("где мой заказ KD-10427"), proof, expect="refused", phone=None)
    played = await play(stage, stranger, 1, Stopwatch())
    assert played.outcomes[-1] == "refused"
    assert played.passed


async def test_dialogues_do_not_disturb_each_other(stage: DeskStage) -> None:
    known = dialogue(say("где мой заказ KD-10427"), Step(contact="own"), expect="found", order="KD-10427")
    stranger = dialogue(say("где мой заказ KD-10427"), expect="ask_proof", phone=None)
    report = await measure_orders([known, stranger], stage, Stopwatch())
    assert report.passed["total"].hits == 2
