import pytest

from support import abuse, rules
from support.desk_file import Rule


@pytest.mark.parametrize("text", ["х*й вам", "f u c k you", "бл*ть", "sh1t", "хyй", "fuuuuck", "f**k", "идиоты"])
def test_swearing_is_found_in_spite_of_disguises(text):
    assert abuse.find(text)


@pytest.mark.parametrize(
    "text",
    [
        "страховка",
        "употреблять",
        "Scunthorpe",
        "подстрахуйте",
        "команда",
        "class action",
        "хлеб",
        "мандарин",
        "в 45s",
        "оскорбляет",
    ],
)
def test_decent_words_are_left_alone(text):
    assert not abuse.find(text)


def test_abusive_words_are_masked():
    assert abuse.masked("Где заказ, суки?") == "Где заказ, с***?"


def test_a_question_beside_abuse_is_something_to_answer():
    assert not abuse.says_nothing_else("Сколько стоит доставка, суки?")
    assert abuse.says_nothing_else("пошли на хуй")


@pytest.mark.parametrize("text", ["пошёл ты", "Да пошли вы все!", "заткнитесь", "go to hell", "screw you"])
def test_phrases_are_abuse_whose_words_are_none(text):
    assert abuse.says_nothing_else(text)


@pytest.mark.parametrize("text", ["Пошли мне чек", "Я пошёл, вы закрыты", "did my parcel get lost"])
def test_the_words_of_such_phrases_are_decent_elsewhere(text):
    assert not abuse.find(text)


def test_after_a_question_word_one_word_is_enough():
    assert not abuse.says_nothing_else("почему так дорого, суки")
    assert abuse.says_nothing_else("почему вы такие тупые")
    assert abuse.says_nothing_else("what a shitty shop")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("вы тупые идиоты, сколько дней на возврат товара?", "вы, сколько дней на возврат товара?"),
        ("Сколько стоит доставка, суки?", "Сколько стоит доставка?"),
        ("Сколько стоит доставка?  Спасибо, что вы есть!", "Сколько стоит доставка?  Спасибо, что вы есть!"),
    ],
)
def test_what_is_asked_is_asked_without_the_abuse_beside_it(text, asked):
    assert abuse.without(text) == asked


def test_a_rule_may_count_abuse():
    rule = Rule(name="rude", repeated_abuse=2)

    assert not rules.holds(rule, rules.Said(text="идиоты"))
    assert rules.holds(rule, rules.Said(text="идиоты", earlier=("суки",)))
    assert not rules.holds(rule, rules.Said(text="где заказ", earlier=("суки", "идиоты")))
