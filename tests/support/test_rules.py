import pytest

from support.amounts import amounts
from support.anger import signs
from support.desk_file import Rule
from support.rules import Said, first, has_words, holds, is_same_question


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Я поговорю со своими адвокатами", "адвокат"),
        ("ЖУРНАЛИСТЫ уже едут", "журналист"),
        ("My lawyers will write to you", "lawyer"),
        ("Хочу вернуть мне деньги", "вернуть деньги"),
        ("Когда курьерская доставка?", "курьерской доставки"),
        ("Пришёл счёт на 5000", "счет"),
        ("Ну вы даёте 🤬", "🤬"),
    ],
)
def test_words_and_phrases_are_found_in_any_form(text, wanted):
    assert has_words(text, wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Деньги пришли, вернуть товар?", "вернуть деньги"),
        ("Сколько идёт посылка", "адвокат"),
        ("да", " "),
        ("", "суд"),
    ],
)
def test_other_words_are_not(text, wanted):
    assert not has_words(text, wanted)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Вы там совсем идиоты?", ("insult",)),
        ("This is ridiculous, you are useless", ("insult",)),
        ("ГДЕ МОЙ ЗАКАЗ УЖЕ НЕДЕЛЮ", ("capitals",)),
        ("Where is my order!!!", ("exclamation marks",)),
        ("Сколько можно ждать?! Ответьте! Срочно! Алло!", ("insult", "exclamation marks")),
        ("Спасибо!!! Всё пришло", ()),
        ("Здравствуйте!!! Когда доставка?", ()),
        ("Заказал USB HDMI кабель в СДЭК", ()),
        ("Застраховать товар можно? Какая скидка на сукно?", ()),
        ("Can I play Scunthorpe? Passion fruit in stock!", ()),
        ("Достали мой заказ со склада?", ()),
    ],
)
def test_anger_is_insults_capitals_and_rows_of_exclamation_marks(text, found):
    assert signs(text) == found


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("Верните 12 000 ₽", (12_000,)),
        ("I paid $1,200 and €99.50", (1_200, 99.5)),
        ("Списали 15 тыс. руб, потом ещё 1,5 млн рублей", (15_000, 1_500_000)),
        ("стоит 1.200,50 евро", (1_200.5,)),
        ("about 1.5k usd", (1_500,)),
        ("заплатил 20000", (20_000,)),
        ("Заказ KD-12000 от 12.10.2026, телефон 8 916 123-45-67, 2 шт", ()),
        ("заплатил 2 раза", ()),
        ("через 15 000 шагов", ()),
        ("12000 р.", (12_000,)),
        ("12000 раз", ()),
    ],
)
def test_sums_of_money_are_read_with_their_currency(text, sums):
    assert amounts(text) == sums


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("Когда доставят заказ?", "когда доставят мой заказ", True),
        ("Где мой заказ", "Где мой заказ???", True),
        ("ау", "Ау!", True),
        ("Когда доставят заказ?", "Как вернуть товар?", False),
        ("Где заказ", "Как оформить новый заказ на другой адрес", False),
        ("🙂", "🙂", False),
    ],
)
def test_a_question_is_the_same_by_its_stems(left, right, same):
    assert is_same_question(left, right) is same


def test_all_conditions_of_a_rule_must_hold_and_the_first_rule_counts():
    angry_at_night = Rule(name="night", anger=True, out_of_hours=True)
    big = Rule(name="big", words=("возврат",), amount_over=10_000)
    asked = Rule(name="asked", repeated_question=3)
    known = Rule(name="known", intents=("complaint",))
    rules = (angry_at_night, big, asked, known)

    assert holds(angry_at_night, Said(text="Вы идиоты", is_open=False))
    assert not holds(angry_at_night, Said(text="Вы идиоты"))
    assert holds(Rule(name="day", out_of_hours=False), Said(text="?"))
    assert first(rules, Said(text="Оформите возврат 12 000 ₽")) is big
    assert first(rules, Said(text="Оформите возврат 9 000 ₽")) is None
    assert first(rules, Said(text="Где заказ", earlier=("где мой заказ", "Ну где заказ?"))) is asked
    assert first(rules, Said(text="Где заказ", earlier=("где мой заказ",))) is None
    assert first(rules, Said(text="…", intent="complaint")) is known
    assert first((known, *rules), Said(text="Вы идиоты", intent="complaint", is_open=False)) is known
