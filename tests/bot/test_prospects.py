from datetime import UTC, datetime, timedelta

import pytest

from bot.prospects import prospects
from bot.texts import Library
from support.desk_file import DAYS, Hours
from support.expectation import Closed, Expectation
from support.hours import next_opening

THURSDAY = datetime(2026, 11, 26, 20, 30, tzinfo=UTC)
OFFICE = Hours.model_validate(
    {"zone": "Europe/Moscow", "week": {day: [{"begins": "09:00", "ends": "18:00"}] for day in DAYS[:5]}}
)


@pytest.fixture
def library():
    return Library()


@pytest.mark.parametrize(
    ("expected", "russian", "english"),
    [
        (Expectation(0, None), "", ""),
        (Expectation(1, None), "Перед вами ждёт 1 человек.", "1 person is waiting before you."),
        (
            Expectation(3, 21),
            "Перед вами ждут 3 человека. Обычно отвечаем в течение 21 минуты.",
            "3 people are waiting before you. We usually answer within 21 minutes.",
        ),
        (Expectation(0, 5), "Обычно отвечаем в течение 5 минут.", "We usually answer within 5 minutes."),
        (
            Closed(None),
            "Сейчас мы не работаем. Ответим здесь же, как только откроемся.",
            "We are closed now. We will answer right here as soon as we open.",
        ),
    ],
)
def test_a_customer_is_told_what_is_known_and_nothing_else(library, expected, russian, english):
    told = [prospects(library.of(language), expected, OFFICE, THURSDAY) for language in ("ru", "en")]

    assert told == [russian, english]


@pytest.mark.parametrize(
    ("later", "closed_on", "day"),
    [
        (timedelta(), [], "завтра в 9:00"),
        (timedelta(hours=4), [], "сегодня в 9:00"),
        (timedelta(days=1), [], "в понедельник в 9:00"),
        (timedelta(days=1), ["2026-11-30", "2026-12-01"], "в среду в 9:00"),
        (timedelta(days=1), [f"2026-12-0{number}" for number in range(1, 8)] + ["2026-11-30"], "08.12 в 9:00"),
    ],
)
def test_the_next_opening_is_named_as_people_do(library, later, closed_on, day):
    hours = OFFICE.model_validate(OFFICE.model_dump() | {"closed_on": closed_on})
    now = THURSDAY + later

    told = prospects(library.of("ru"), Closed(next_opening(hours, now)), hours, now)

    assert told == f"Сейчас мы не работаем, откроемся {day} — ответим здесь же."
