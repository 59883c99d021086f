import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.orders.numbers import MAX_LENGTH, find_order_number, normalize, spellings


@pytest.mark.parametrize("typed", ["KD-10427", "kd10427", "кд 10427", "КД–10427", " №КД 10427 ", "#kd_10427"])
def test_every_spelling_of_a_number_is_one(typed):
    assert normalize(typed) == "KD-10427"


def test_cyrillic_letters_may_be_meant_by_sound():
    assert "SB-10427" in spellings("СБ-10427")


def test_digits_typed_in_groups_are_one_number():
    assert "10427" in spellings("10 427")


@given(st.text())
def test_normalising_twice_changes_nothing(text):
    once = normalize(text)

    assert normalize(once) == once
    assert len(once) <= MAX_LENGTH


@given(st.from_regex(r"[A-Z]{2}-[0-9]{5}", fullmatch=True))
def test_a_normal_number_is_found_as_it_stands(number):
    assert spellings(number)[0] == number


@given(st.text(max_size=300))
def test_any_text_is_searched_for_a_number_without_an_error(text):
    find_order_number(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("где заказ КД-10427?", "KD-10427"),
        ("KD-10427", "KD-10427"),
        ("заказ № KD - 10427", "KD-10427"),
        ("заказ kd 10427 когда приедет", "KD-10427"),
        ("№ 10427", "10427"),
        ("заказ №4512", "4512"),
        ("order 10427", "10427"),
        ("My order number is 58213.", "58213"),
        ("заказ мой, 10427, не пришёл", "10427"),
        ("Заказ номер 10427 за 5990 руб", "10427"),
        ("10427", "10427"),
        ("KD-10427, +7 916 123-45-67", "KD-10427"),
    ],
)
def test_an_order_number_is_found_in_a_message(text, number):
    assert find_order_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "можно вернуть товар за 12990 рублей?",
        "заказ на 15000 рублей",
        "при заказе от 50000 доставка бесплатна?",
        "12500 rub for an order?",
        "мой номер 89161234567",
        "+7 916 123-45-67",
        "мой заказ, телефон 8 (916) 123-45-67",
        "заказал в 2023 году",
        "заказ от 12.05.2024",
        "заказ до 20:00",
        "индекс 101000, привезёте заказ?",
        "postcode 90210, do you deliver orders there",
        "есть ли RTX 4070",
        "WH-1000XM4 в наличии?",
        "заказ на a12345@mail.example",
        "сколько ждать заказ, 14 дней?",
    ],
)
def test_prices_phones_dates_and_models_are_no_order_numbers(text):
    assert find_order_number(text) is None
