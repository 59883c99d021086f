"""The end of a conversation, through the sandbox: a reason, a rating, a way back, opening hours."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.unit import utc_now
from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID
from support.tables import EscalationRow

pytestmark = pytest.mark.e2e


class Clock:
    """The bot's wall clock, moved by hand."""

    def __init__(self, start=None):
        self.start, self.passed = start or utc_now(), timedelta()

    def __call__(self):
        return self.start + self.passed


async def says(product, card, text):
    return await product.people.in_topic(MARIA, OPERATORS_CHAT_ID, card["message_thread_id"], text)


def labels(message):
    return [[button["text"] for button in row] for row in message.get("reply_markup", {}).get("inline_keyboard", [])]


async def card_that(product, card, condition):
    """Wait until the card, as it stands, meets the condition; return it."""
    event = await product.people.wait_for(
        lambda event: (
            event["type"] == "message_edited"
            and event["message"]["message_id"] == card["message_id"]
            and event["message"]["chat"]["id"] == OPERATORS_CHAT_ID
            and condition(event["message"])
        )
    )
    return event["message"]


async def test_a_conversation_is_closed_with_a_reason_taken_up_again_and_rated_with_a_word(run_product, tmp_path):
    clock, file = Clock(), tmp_path / "desk.toml"
    file.write_text('[closing]\nreasons_ru = ["решено", "ошибочное обращение", "клиент не отвечает"]\n')
    async with run_product(now=clock, desk_file=file) as product:
        await product.people.say(ANNA, "/operator")
        card = await product.in_group("Почему")
        await says(product, card, "Здравствуйте!")
        assert (await product.answer(ANNA, "Вам отвечает"))["text"] == "Вам отвечает Мария."
        await says(product, card, "Курьер будет завтра.")
        await product.answer(ANNA, "Курьер будет завтра.")
        heard = [one["text"] for one in await product.people.messages(ANNA) if one["from"]["is_bot"]]
        assert heard[-3:] == ["Здравствуйте!", "Вам отвечает Мария.", "Курьер будет завтра."]

        await says(product, card, "/close")
        over = await product.answer(ANNA, "окончен")
        assert "напишите в течение 10 минут: ответит тот же оператор" in over["text"]
        assert labels(over) == [["1", "2", "3", "4", "5"]]
        clock.passed += timedelta(seconds=5)
        closed = await card_that(product, card, lambda one: "решено" in labels(one)[0])
        assert labels(closed) == [["решено", "ошибочное обращение"], ["клиент не отвечает"]]
        press = await product.people.press(closed, "решено", user_id=MARIA)
        await product.people.wait_for(lambda event: event["type"] == "callback_answered")
        assert (await product.people.callback(press["callback_query_id"]))["text"] == "Причина записана: решено"

        await product.people.say(ANNA, "А во сколько?")
        assert (await product.in_group("А во сколько?"))["message_thread_id"] == card["message_thread_id"]
        await says(product, card, "/close   всё  решено")
        over = await product.answer(ANNA, "Как вам помогли?")
        await product.people.press(over, "4")
        rated = await product.people.wait_for(
            lambda event: event["type"] == "message_edited" and event["message"]["message_id"] == over["message_id"]
        )
        assert labels(rated["message"]) == [["1", "2", "3", "⭐ 4", "5"], ["✍️ Написать отзыв"]]
        await product.people.press(rated["message"], "✍️ Написать отзыв")
        asked = await product.answer(ANNA, "Что понравилось")
        assert asked["reply_markup"]["force_reply"]
        await product.people.say(ANNA, "А почему так долго?", reply_to=asked["message_id"])
        await product.answer(ANNA, "Операторы это прочтут")

        clock.passed += timedelta(minutes=3)
        rated = await card_that(product, card, lambda one: "Оценка" in one["text"])
        assert "Закрыто: всё решено" in rated["text"]
        assert "Оценка клиента: ⭐⭐⭐⭐" in rated["text"]
        assert "Слова клиента: «А почему так долго?»" in rated["text"]
        await product.people.say(MARIA, "/stats")
        assert "Оценок клиентов: 1, в среднем 4,0" in (await product.answer(MARIA, "Статистика: сегодня"))["text"]
        async with product.database.reading() as session:
            row = await session.get_one(EscalationRow, 1)
        assert (row.close_reason, row.rating, row.assignee_id) == ("всё решено", 4, MARIA)


async def test_outside_opening_hours_the_customer_hears_when_the_desk_opens_once_a_night(run_product, tmp_path):
    file = tmp_path / "desk.toml"
    file.write_text(
        '[hours]\nzone = "Europe/Moscow"\n[hours.week]\nmon = [{ begins = "09:00", ends = "18:00" }]\n'
        'tue = [{ begins = "09:00", ends = "18:00" }]\n'
    )
    clock = Clock(datetime(2026, 11, 28, 12, 0, tzinfo=UTC))
    async with run_product(now=clock, desk_file=file) as product:
        await product.people.say(ANNA, "/operator")
        told = await product.answer(ANNA, "Зову оператора")
        assert told["text"].endswith("Сейчас мы не работаем, откроемся в понедельник в 9:00 — ответим здесь же.")
        await product.in_group("Почему")
        await product.people.say(ANNA, "Жду")
        await product.in_group("Жду")

        clock.passed = timedelta(days=2, hours=4)
        for words in ("Я ещё тут", "И всё ещё тут"):
            await product.people.say(ANNA, words)
            await product.in_group(words)

        heard = [one["text"] for one in await product.people.messages(ANNA) if one["from"]["is_bot"]]
        assert heard[1:] == ["Сейчас мы не работаем, откроемся завтра в 9:00 — ответим здесь же."]
