import pytest

from support import smalltalk


@pytest.mark.parametrize("text", ["Спасибо!", "спс", "благодарю", "thanks a lot", "thx", "👍", "cheers"])
def test_thanks_are_taken_as_thanks(text):
    assert smalltalk.kind(text) == "thanks"


@pytest.mark.parametrize("text", ["пока", "До свидания", "всего доброго", "bye", "good bye", "see you"])
def test_a_farewell_is_taken_as_one(text):
    assert smalltalk.kind(text) == "bye"


@pytest.mark.parametrize("text", ["привет", "Здравствуйте", "hi", "good morning", "показать", ""])
def test_anything_else_is_a_hello(text):
    assert smalltalk.kind(text) == "hello"


def test_thanks_win_over_a_farewell():
    assert smalltalk.kind("спасибо, пока!") == "thanks"
