from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from support.tables import TurnRow
from support.turns import (
    DEBOUNCE,
    DEBOUNCE_FRAGMENT,
    DEBOUNCE_MOST,
    SLOWED,
    TurnRepository,
    TurnState,
    Words,
    debounce,
)


@pytest.fixture
def turns(session):
    return TurnRepository(session)


def words(number, text, **more):
    return Words(number, "text", text, **more)


@pytest.mark.parametrize(
    "text",
    [
        "Здравствуйте",
        "добрый день",
        "а ещё,",
        "подскажите пожалуйста:",
        "хочу спросить про…",
        "hello",
        "",
        "I want to know if my order and",
    ],
)
def test_a_fragment_waits_longer(text):
    assert debounce(words(1, text)) == DEBOUNCE_FRAGMENT


@pytest.mark.parametrize(
    "text", ["где мой заказ?", "как вернуть товар", "KD-10427", "anna@example.com", "Спасибо!", "how do I pay"]
)
def test_a_whole_sentence_waits_shortly(text):
    assert debounce(words(1, text)) == DEBOUNCE


def test_an_album_waits_longer():
    assert debounce(words(1, "вот фотографии палатки целиком", album="7")) == DEBOUNCE_FRAGMENT


async def test_messages_of_one_turn_become_one_text(turns, anna, now):
    first = (await turns.collect(anna, words(1, "Здравствуйте"), "ru", now)).turn
    second = (await turns.collect(anna, words(2, "как вернуть товар?"), "ru", now + timedelta(seconds=1))).turn

    assert first is second
    assert second.text == "Здравствуйте\nкак вернуть товар?"
    assert second.epoch == 1


async def test_a_turn_closes_five_seconds_after_its_first_message_at_the_latest(turns, anna, now):
    turn = (await turns.collect(anna, words(0, "ну"), "ru", now)).turn
    for second in range(1, 5):
        turn = (await turns.collect(anna, words(second, "и"), "ru", now + timedelta(seconds=second))).turn

    assert turn.closes_at == now + DEBOUNCE_MOST


async def test_a_message_during_generation_begins_the_turn_anew_under_a_new_epoch(turns, anna, now):
    turn = (await turns.collect(anna, words(1, "как вернуть товар?"), "ru", now)).turn
    turn.state = TurnState.GENERATING
    later = now + timedelta(seconds=30)

    again = (await turns.collect(anna, words(2, "и сколько это стоит?"), "ru", later)).turn

    assert again is turn
    assert (again.state, again.epoch) == (TurnState.COLLECTING, 2)
    assert again.closes_at > later


async def test_a_message_handled_twice_is_part_of_the_turn_once(turns, anna, now):
    await turns.collect(anna, words(1, "как вернуть товар?"), "ru", now)
    turn = (await turns.collect(anna, words(1, "как вернуть товар?"), "ru", now)).turn

    assert turn.text == "как вернуть товар?"


async def test_an_edit_of_an_open_question_changes_it(turns, anna, now):
    await turns.collect(anna, words(1, "как вернуть тавар?"), "ru", now)

    opened = await turns.edit(anna, 1, "как вернуть товар?", now)

    assert opened is not None
    assert opened.turn.text == "как вернуть товар?"


async def test_an_edit_during_generation_raises_the_epoch_and_cancels_the_job(turns, anna, now):
    turn = (await turns.collect(anna, words(1, "как вернуть тавар?"), "ru", now)).turn
    turn.state, turn.attempt = TurnState.GENERATING, 1

    opened = await turns.edit(anna, 1, "как вернуть палатку?", now)

    assert (turn.state, turn.epoch) == (TurnState.COLLECTING, 2)
    assert opened is not None
    assert opened.cancelled == (f"t-{turn.id}-1-1",)


async def test_an_edit_that_changes_no_words_cancels_nothing(turns, anna, now):
    turn = (await turns.collect(anna, words(1, "как вернуть товар?"), "ru", now)).turn
    turn.state = TurnState.GENERATING

    await turns.edit(anna, 1, "Как вернуть товар", now)

    assert (turn.state, turn.epoch) == (TurnState.GENERATING, 1)


async def test_an_edit_of_a_question_just_answered_asks_it_again(turns, anna, now):
    turn = (await turns.collect(anna, words(1, "как вернуть тент?"), "ru", now)).turn
    turn.state = TurnState.ANSWERED

    opened = await turns.edit(anna, 1, "как оплатить тент?", now + timedelta(minutes=1))

    assert opened is not None
    assert (opened.turn.id != turn.id, opened.turn.text, turn.text) == (True, "как оплатить тент?", "как вернуть тент?")


@pytest.mark.parametrize("words_first", [True, False])
async def test_words_and_an_edit_of_what_was_just_answered_are_one_question_in_whichever_order_they_come(
    turns, anna, now, words_first
):
    answered = (await turns.collect(anna, words(1, "как вернуть тент?"), "ru", now)).turn
    answered.state, later = TurnState.ANSWERED, now + timedelta(minutes=1)

    if words_first:
        turn = (await turns.collect(anna, words(2, "сколько ждать денег?"), "ru", later)).turn
        turn.state, turn.attempt = TurnState.GENERATING, 1
    opened = await turns.edit(anna, 1, "как вернуть палатку?", later)
    assert opened.cancelled == ((f"t-{opened.turn.id}-1-1",) if words_first else ())
    if not words_first:
        opened = await turns.collect(anna, words(2, "сколько ждать денег?"), "ru", later)

    assert (opened.turn.id != answered.id, opened.turn.state) == (True, TurnState.COLLECTING)
    assert opened.turn.text == "как вернуть палатку?\nсколько ждать денег?"


@pytest.mark.parametrize(
    ("state", "later", "text"),
    [
        (TurnState.ANSWERED, timedelta(minutes=1), "Как вернуть  товар"),
        (TurnState.ANSWERED, timedelta(minutes=11), "как оплатить?"),
        (TurnState.ESCALATED, timedelta(minutes=1), "как оплатить?"),
    ],
)
async def test_an_edit_without_new_words_or_too_late_or_of_what_a_person_has_asks_nothing(
    turns, anna, now, state, later, text
):
    turn = (await turns.collect(anna, words(1, "как вернуть товар?"), "ru", now)).turn
    turn.state = state

    assert await turns.edit(anna, 1, text, now + later) is None
    assert await turns.edit(anna, 77, "неизвестное сообщение", now) is None


async def test_the_same_words_pasted_twice_are_asked_once(turns, anna, now):
    await turns.collect(anna, words(1, "Как вернуть товар?"), "ru", now)
    turn = (await turns.collect(anna, words(2, "как вернуть товар"), "ru", now)).turn

    assert turn.text == "Как вернуть товар?"


async def test_a_second_paste_during_generation_does_not_begin_anew(turns, anna, now):
    turn = (await turns.collect(anna, words(1, "Как вернуть товар?"), "ru", now)).turn
    turn.state = TurnState.GENERATING

    again = await turns.collect(anna, words(2, "как вернуть товар"), "ru", now)

    assert (again.turn.id, again.cancelled, turn.state, turn.epoch) == (turn.id, (), TurnState.GENERATING, 1)


async def test_a_turn_whose_messages_came_out_of_order_is_read_in_order(turns, anna, now):
    await turns.collect(anna, words(2, "за палатку?"), "ru", now)
    turn = (await turns.collect(anna, words(1, "Как вернуть деньги"), "ru", now)).turn

    assert turn.text == "Как вернуть деньги\nза палатку?"


async def test_who_writes_too_much_is_answered_once_he_pauses(turns, anna, now):
    await turns.collect(anna, words(1, "как вернуть товар?"), "ru", now)
    turn = (await turns.collect(anna, words(2, "а?"), "ru", now, slowed=True)).turn

    assert turn.closes_at == now + SLOWED


async def test_after_the_clock_was_set_back_a_turn_still_closes_soon(turns, anna, now):
    await turns.collect(anna, words(1, "как вернуть товар?"), "ru", now)
    earlier = now - timedelta(hours=5)
    turn = (await turns.collect(anna, words(2, "и когда вернут деньги?"), "ru", earlier)).turn

    assert turn.closes_at <= earlier + DEBOUNCE_MOST


@pytest.mark.parametrize("states", [("collecting", "collecting"), ("collecting", "generating")])
async def test_the_database_refuses_a_second_open_turn_of_a_customer(session, anna, now, states):
    for state in states:
        session.add(TurnRow(customer_id=anna.id, state=state, text="", language="ru", opened_at=now, closes_at=now))

    with pytest.raises(IntegrityError):
        await session.flush()
    await session.rollback()


async def test_open_turns_of_two_customers_do_not_meet(session, turns, add_customer, now):
    for chat_id in (1, 2):
        await turns.collect(await add_customer(chat_id), words(1, "как оплатить?"), "ru", now)

    assert len(await turns.unfinished()) == 2


async def test_a_new_question_makes_the_buttons_of_an_unclear_one_stale(turns, anna, now):
    unclear = (await turns.collect(anna, words(1, "заказ"), "ru", now)).turn
    unclear.state = TurnState.CLARIFYING

    await turns.collect(anna, words(2, "как вернуть товар?"), "ru", now)

    assert unclear.state == TurnState.SUPERSEDED


async def test_history_is_what_was_said_before_the_turn_oldest_first(turns, anna, now):
    earlier = (await turns.collect(anna, words(1, "как оплатить?"), "ru", now)).turn
    earlier.state = TurnState.ANSWERED
    await turns.add_message(anna, words(2, "Картой."), now, turn_id=earlier.id, speaker="bot")
    await turns.add_message(anna, words(3, "клиент нервничает"), now, speaker="note")
    turn = (await turns.collect(anna, words(4, "а наличными?"), "ru", now)).turn

    history = await turns.history(turn, now)

    assert [(said.speaker, said.text) for said in history] == [("customer", "как оплатить?"), ("bot", "Картой.")]


async def test_history_forgets_what_is_older_than_half_an_hour_and_other_people(turns, anna, add_customer, now):
    oleg = await add_customer(102, name="Олег")
    await turns.add_message(oleg, words(1, "чужие слова"), now)
    await turns.add_message(anna, words(1, "вчерашние слова"), now - timedelta(minutes=31))
    turn = (await turns.collect(anna, words(2, "а сегодня?"), "ru", now)).turn

    assert await turns.history(turn, now) == ()


async def test_history_is_short(turns, anna, now):
    for number in range(20):
        await turns.add_message(anna, words(number, f"сообщение {number}"), now)
    turn = (await turns.collect(anna, words(99, "вопрос"), "ru", now)).turn

    history = await turns.history(turn, now)

    assert [said.text for said in history] == [f"сообщение {number}" for number in range(14, 20)]
