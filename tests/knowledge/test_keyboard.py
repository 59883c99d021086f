import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.keyboard import repair

KNOWN = {"v", "обменять", "привет", "как", "вернуть", "деньги", "юбка", "return", "money", "iphone", "больше"}


def known(word: str) -> bool:
    return word in KNOWN


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ghbdtn", "привет"),
        ("Ghbdtn!", "Привет!"),
        ("rfr dthyenm ltymub?", "как вернуть деньги?"),
        (".,rf", "юбка"),
        ("rfr j,vtyznm ltymub", "как обменять деньги"),
        ("rfr dthyenm iphone", "как вернуть iphone"),
        ("куегкт ьщтун", "return money"),
    ],
)
def test_words_typed_in_the_wrong_layout_are_repaired(typed: str, meant: str) -> None:
    assert repair(typed, known) == meant


@pytest.mark.parametrize(
    "typed", ["return money", "как вернуть деньги", "xyzzy qwop", "E-42", "", "   ", "return ghbdtn1"]
)
def test_what_is_known_as_typed_or_unknown_either_way_stays(typed: str) -> None:
    assert repair(typed, known) == typed


@given(st.text())
def test_no_text_breaks_the_repair(text: str) -> None:
    assert isinstance(repair(text, known), str)


@given(st.text())
def test_a_base_that_knows_nothing_changes_nothing(text: str) -> None:
    assert repair(text, lambda _: False) == text
