from support import traces
from support.outcomes import Ignored, Outcome


def test_every_outcome_that_ends_a_turn_has_a_name():
    from typing import get_args

    named_elsewhere = {"Generating", "Escalated"}

    assert {kind.__name__ for kind in get_args(Outcome)} - named_elsewhere == {kind.__name__ for kind in traces.NAMES}


def test_a_trace_is_never_changed_in_place():
    empty = {}

    assert traces.outcome(empty, traces.NAMES[Ignored], "why") == {"outcome": "ignored", "reason": "why"}
    assert empty == {}


def test_a_chosen_intent_keeps_what_the_classifier_said():
    trace = traces.chosen({"intent": {"name": "question", "confidence": 0.4}}, "order_status")

    assert trace["intent"] == {"name": "order_status", "confidence": 0.4, "source": "button", "sure": True}


def test_a_draft_in_a_trace_has_its_score_and_reasons(make_draft):
    draft = traces.draft({}, make_draft(score=0.123456), 0.5)["draft"]

    assert (draft["score"], draft["threshold"], draft["reasons"]) == (0.1235, 0.5, [])
