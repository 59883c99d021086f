"""Questions that lean on what was asked before them."""

from datetime import timedelta

from support.orders.lookup import AskNumber
from support.outcomes import (
    Generating,
    Greeted,
)
from support.turns import Words
from tests.support.outcomes import turn_of

QUESTION = "Сколько дней есть на возврат товара?"
LATER = timedelta(minutes=1)


async def test_a_follow_up_is_searched_with_what_the_last_question_was_about(session, say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")

    outcome = await say(anna, "А в Казань?", at=now + LATER)

    assert outcome.job.parts == ("Сколько стоит доставка в Казань?",)
    assert outcome.job.question == "А в Казань?"
    assert outcome.job.passages[0].source == "ru/delivery-russia.md"
    turn = await turn_of(session, outcome)
    assert turn.text == "А в Казань?"
    assert turn.trace["search"]["followup"]["topic"] == "Сколько стоит доставка в Москву?"


async def test_what_a_turn_may_search_for_is_known_before_it_is_decided(desk, session, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")
    received = await desk.receive(session, anna, Words(900, "text", "А в Казань?"), now + LATER)

    ahead = await desk.search.ahead(session, received.turn_id, now + LATER, None)
    rehearsed = ahead.rehearse(desk.knowledge.get())

    assert ahead.questions == ("А в Казань?", "Сколько стоит доставка в Казань?")
    outcome = await desk.close(session, received.turn_id, received.closes_at)
    assert set(outcome.job.parts) <= set(ahead.questions)
    assert outcome.job.parts == tuple(part.text for part in rehearsed)


async def test_a_follow_up_of_a_follow_up_keeps_the_subject(say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")
    await ask("А в Казань?", at=now + LATER)

    outcome = await say(anna, "и сколько это займёт дней?", at=now + 2 * LATER)

    assert outcome.job.parts == ("Сколько стоит доставка в Казань — сколько это займёт дней?",)


async def test_thanks_between_do_not_end_the_subject(say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")
    assert isinstance(await say(anna, "Спасибо!", at=now + LATER), Greeted)

    assert (await say(anna, "А в Казань?", at=now + 2 * LATER)).job.parts == ("Сколько стоит доставка в Казань?",)


async def test_after_half_an_hour_and_after_a_look_at_an_order_nothing_is_continued(say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")
    late = await say(anna, "А в Казань?", at=now + timedelta(minutes=31))
    assert not isinstance(late, Generating) or late.job.parts == ("А в Казань?",)

    await ask("Как вернуть товар?", at=now + timedelta(minutes=50))
    assert isinstance(await say(anna, "Где мой заказ?", at=now + timedelta(minutes=51)), AskNumber)
    after = await say(anna, "а сколько обычно это стоит вообще?", at=now + timedelta(minutes=52))
    assert not isinstance(after, Generating) or "вернуть" not in after.job.parts[0]


async def test_a_follow_up_that_finds_nothing_even_completed_goes_the_way_of_any_question(say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")

    outcome = await say(anna, "А на Луну?", at=now + LATER)

    assert not isinstance(outcome, Generating)


async def test_a_complete_question_is_searched_as_it_stands_whatever_was_asked_before(say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")

    assert (await say(anna, QUESTION, at=now + LATER)).job.parts == (QUESTION,)
