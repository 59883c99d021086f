from random import Random

import pytest

from sandbox.telegram.errors import ActionError
from sandbox.telegram.faults import Fault, Faults
from sandbox.world import ANNA, OLEG


@pytest.fixture
def faults():
    return Faults(Random(5))  # noqa: S311 - chance is what is tested


def test_a_fault_is_used_up_by_the_calls_that_it_is_meant_for(faults):
    faults.add(Fault(["sendMessage", "sendPhoto"], error_code=502, times=2, chat_id=ANNA))
    struck = [
        faults.strike(method, chat_id) is not None
        for method, chat_id in (
            ("sendMessage", OLEG),
            ("sendVoice", ANNA),
            ("sendPhoto", ANNA),
            ("sendMessage", ANNA),
            ("sendMessage", ANNA),
        )
    ]

    assert struck == [False, False, True, True, False]
    assert faults.ordered() == []


def test_a_fault_without_end_stands_until_it_is_cleared(faults):
    faults.add(Fault("*", "reset", times=None))
    assert all(faults.strike("getMe", None) for _ in range(50))
    faults.clear()

    assert faults.strike("getMe", None) is None


def test_chance_strikes_as_often_as_ordered_and_the_same_again_with_the_same_seed():
    def struck(seed):
        faults = Faults(Random(seed))  # noqa: S311
        faults.add(Fault("*", "reset", times=None, probability=0.3))
        return [faults.strike("getMe", None) is not None for _ in range(1000)]

    assert 250 < sum(struck(1)) < 350
    assert struck(1) == struck(1) != struck(2)


def test_a_call_spared_by_chance_leaves_the_order_and_may_meet_the_next_one(faults):
    faults.add(Fault("getMe", "hang", probability=0.0))
    faults.add(Fault("getMe", "reset"))

    assert faults.strike("getMe", None).kind == "reset"
    assert [fault.kind for fault in faults.ordered()] == ["hang"]


@pytest.mark.parametrize(
    ("order", "code", "description", "parameters"),
    [
        ({"error_code": 429}, 429, "Too Many Requests: retry after 1", {"retry_after": 1}),
        ({"retry_after": 3000}, 429, "Too Many Requests: retry after 3000", {"retry_after": 3000}),
        ({"error_code": 429, "description": "slow down"}, 429, "slow down", None),
        ({"error_code": 429, "parameters": {"retry_after": 7}}, 429,
         "Too Many Requests: retry after 7", {"retry_after": 7}),
        ({"error_code": 502}, 502, "Bad Gateway", None),
        ({"error_code": 504}, 504, "Gateway Timeout", None),
        ({"error_code": 400, "description": "Bad Request: odd"}, 400, "Bad Request: odd", None),
    ],
)  # fmt: skip
def test_an_error_says_what_telegram_would_say_unless_told_otherwise(order, code, description, parameters):
    refusal = Fault("sendMessage", **order).refusal

    assert (refusal.code, refusal.description, refusal.parameters) == (code, description, parameters)


def test_an_error_needs_a_code():
    with pytest.raises(ActionError, match="error_code"):
        Fault("sendMessage")


def test_only_errors_are_refusals():
    assert Fault("sendMessage", "hang_after").refusal is None
