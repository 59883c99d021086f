import pytest

from workers.facts import extract


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("18 990 ₽", "18990", "money"),
        ("18\u00a0990 ₽", "18990", "money"),
        ("18,990 roubles", "18990", "money"),
        ("1,000.50 dollars", "1000.5", "money"),
        ("$1,000.50", "1000.5", "money"),
        ("2,5 кг", "2.5", None),
        ("15 %", "15", "percent"),
        ("15 процентов", "15", "percent"),
        ("14 календарных дней", "14", "day"),
        ("14 days", "14", "day"),
        ("within 2 business hours", "2", "hour"),
        ("007", "7", None),
        ("в 9:30", "9:30", None),
    ],
)
def test_a_number_has_one_form_however_it_is_written(text, value, unit):
    [number] = extract(text).numbers

    assert (number.value, number.unit) == (value, unit)


@pytest.mark.parametrize("text", ["3–5 дней", "3-5 дней", "от 3 до 5 дней", "3 to 5 days"])
def test_both_ends_of_a_range_carry_its_unit(text):
    assert [(n.value, n.unit) for n in extract(text).numbers] == [("3", "day"), ("5", "day")]


@pytest.mark.parametrize("text", ["15 января", "15.01.2026", "2026-01-15", "January 15th", "15 January 2026"])
def test_a_date_has_one_form(text):
    assert extract(text).dates == {(15, 1)}


@pytest.mark.parametrize("text", ["8 (800) 555-35-35", "+7 800 555 35 35", "8-800-555-35-35"])
def test_a_phone_has_one_form(text):
    assert extract(f"Звоните {text}.").codes == {"78005553535"}


def test_prices_on_lines_of_their_own_are_no_phone():
    assert [n.value for n in extract("3 000\n5 000\n10 000").numbers] == ["3000", "5000", "10000"]


@pytest.mark.parametrize(
    "text", ["https://www.shop.example/returns/.", "shop.example/returns", "(SHOP.example/returns)"]
)
def test_a_link_has_one_form(text):
    assert extract(text).links == {"shop.example/returns"}


def test_mail_and_names_are_links():
    assert extract("Пишите на Help@Shop.example или @shop_help").links == {"help@shop.example", "@shop_help"}


def test_codes_are_letters_with_digits_or_capitals():
    assert extract("Промокод SALE10 или WELCOME, артикул AB-1024/2").codes >= {"sale10", "welcome", "ab-1024"}


def test_digits_of_a_code_are_no_numbers():
    assert extract("Промокод SALE10").numbers == ()
