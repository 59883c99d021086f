import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.facts import missing, stated


@pytest.mark.parametrize(
    ("fact", "answer"),
    [
        ("1 500 руб.", "Доставка стоит 1500 ₽."),
        ("1,500 rubles", "It costs 1500 ₽ [1]."),
        ("30 дней", "Вернуть можно в течение 30 дня."),
        ("5%", "Скидка 5 процентов"),
        ("1.5 кг", "Весит 1,50 кг"),
        ("бесплатно", "Бесплатная примерка"),
        ("10:00–21:00", "с 10:00 - 21:00"),
        ("12.03.2026", "до 12.03.2026 включительно"),
        (("в подарок", "бесплатно"), "Упаковка бесплатно"),
    ],
)
def test_a_fact_is_found_however_it_is_written(fact, answer):
    assert missing([fact], answer) == ()


@pytest.mark.parametrize(
    ("fact", "answer"),
    [("500 ₽", "1 500 ₽"), ("30 дней", "30 часов"), ("5", "15"), ("1.5", "15"), ("3 дня", "дня 3"), ("100", "3 100")],
)
def test_a_fact_is_not_found_in_another_number(fact, answer):
    assert missing([fact], answer) == (fact,)


@given(st.integers(1_000, 99_999_999), st.sampled_from([" ", "\u00a0", "\u202f", ","]))
def test_a_number_is_the_same_with_and_without_grouping(number, separator):
    grouped = f"{number:,}".replace(",", separator)
    assert missing([str(number)], f"всего {grouped} ₽") == ()
    assert missing([grouped], f"всего {number}.00 ₽") == ()
    assert stated([str(number + 1)], f"всего {grouped} ₽") == ()


def test_what_must_not_be_said_is_named():
    assert stated(["2000 рублей", "бесплатно"], "Это стоит 2 000 ₽") == ("2000 рублей",)
