import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.intents.spelling import Speller, distance


@pytest.mark.parametrize(
    ("left", "right", "apart"),
    [("order", "order", 0), ("oder", "order", 1), ("roder", "order", 1), ("закас", "заказ", 1)],
)
def test_a_swap_a_loss_and_a_wrong_letter_are_one_step(left, right, apart):
    assert distance(left, right, limit=2) == apart


def test_beyond_the_limit_the_distance_is_not_counted():
    assert distance("courier", "postman", limit=2) == 3


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_the_distance_is_the_same_both_ways(left, right):
    assert distance(left, right, limit=9) == distance(right, left, limit=9)


def test_a_word_with_one_typo_is_read_as_the_known_one():
    speller = Speller.fit(["доставка", "order", "mat"])

    assert [speller.correct(word) for word in ("дастовка", "достака", "oder", "cat", "order")] == [
        "дастовка",
        "доставка",
        "order",
        "cat",
        "order",
    ]


def test_another_ending_is_no_typo():
    assert Speller.fit(["помог"]).correct("помоги") == "помоги"
