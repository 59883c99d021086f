import pytest

from knowledge.wanted import Wanted, lacks, tells, wanted

PRICE, DURATION = frozenset({Wanted.PRICE}), frozenset({Wanted.DURATION})


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("Сколько стоит доставка курьером?", PRICE),
        ("сколько возьмёте за новую молнию", PRICE),
        ("почём палатка на выходные", PRICE),
        ("How much is delivery to Moscow?", PRICE),
        ("second exchange, what's the fee", PRICE),
        ("сколько дней хранится заказ", DURATION),
        ("How long does a return take?", DURATION),
        ("сколько стоит доставка и сколько дней она идёт", PRICE | DURATION),
        ("почему карта не проходит", frozenset()),
        ("is the shipping fee refunded?", frozenset()),
        ("how much space does the tent need", frozenset()),
        ("how long is the tent", frozenset()),
        ("когда вы открываетесь", frozenset()),
    ],
)
def test_only_a_form_that_leaves_nothing_open_wants_a_price_or_a_length_of_time(question, kinds):
    assert wanted(question) == kinds


@pytest.mark.parametrize(
    ("text", "kinds", "told"),
    [
        ("Москва, курьер: 390 ₽", PRICE, True),
        ("Обмен бесплатный.", PRICE, True),
        ("Курьер звонит за 30 минут.", PRICE, False),
        ("Если курьер никого не застал, он приедет ещё раз бесплатно.", PRICE, False),
        ("It takes 5 working days.", DURATION, True),
        ("The parcel weighs 5 kg.", DURATION, False),
    ],
)
def test_a_figure_is_told_from_other_numbers_and_from_special_cases(text, kinds, told):
    assert tells(text, kinds) is told


def test_an_answer_may_say_where_a_price_is_told_or_that_there_is_none():
    assert lacks("Стирайте при 30 °C.", PRICE)
    assert not lacks("Цену мастер называет до начала работы.", PRICE)
    assert not lacks("You pay nothing: it is free.", PRICE)
    assert lacks("We will look at it.", DURATION)
    assert not lacks("We will look at it within a week.", DURATION)
    assert not lacks("Whatever it says.", frozenset())
