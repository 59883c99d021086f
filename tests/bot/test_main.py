"""The whole process: what it logs, and what a restart in the middle leaves behind."""

import asyncio
import logging

import pytest
import structlog

from otvet import logs
from sandbox.world import ANNA, DEMO_TOKEN, MARIA, OPERATORS_CHAT_ID, TOM

pytestmark = pytest.mark.e2e


@pytest.fixture
def written(capfd):
    """Log as the product does, at INFO; return what was written so far."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def configure(settings):
        logs.configure(settings)
        return lambda: capfd.readouterr().err

    before = structlog.get_config()
    yield configure
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


async def test_neither_words_nor_orders_nor_the_token_reach_the_log(product, written):
    read = written(product.settings)
    await product.people.say(ANNA, "Сколько дней есть на возврат товара?")
    await product.answer(ANNA)
    await product.people.say(TOM, "order KD-10427, my e-mail is tom-private@example.com")
    await product.answer(TOM)
    await product.people.say(ANNA, "заказ KD-10427, почта anna@example.com")
    order = await product.answer(ANNA, "KD-10427")
    await product.people.fault("sendMessage", 400, "Bad Request: message text is empty", chat_id=ANNA)
    await product.people.say(ANNA, "/help")
    await product.people.say(ANNA, "/operator мой телефон +79161234501")
    card = await product.in_group("Почему")
    await product.people.in_topic(MARIA, OPERATORS_CHAT_ID, card["message_thread_id"], "Разберёмся-с-бумерангом")
    await product.heard(lambda message: message["chat"]["id"] == ANNA, "бумерангом", 15)

    log = read()

    assert "turn closed" in log
    assert "a call to Telegram failed" in log
    items = [line for line in order["text"].splitlines() if "Состав" in line]
    for private in (
        "на возврат",
        "бумеранг",
        "tom-private",
        "anna@example.com",
        "9161234501",
        DEMO_TOKEN,
        items[0].split(": ")[1],
    ):
        assert private.lower() not in log.lower()


@pytest.mark.every_database
@pytest.mark.parametrize("until", ["collecting", "generating"])
async def test_a_bot_restarted_in_the_middle_of_a_question_answers_once(product, until, eventually):
    await product.people.say(ANNA, "Сколько дней есть на возврат товара?")
    if until == "generating":
        await product.people.wait_for(lambda event: event["type"] in {"typing", "preview"} or "Источник" in str(event))
    await product.stop_bot()
    await product.start_bot()

    async def answers():
        return [message for message in await product.people.messages(ANNA) if message["from"]["is_bot"]]

    await eventually(answers)
    await asyncio.sleep(1)
    [answer] = await answers()
    assert "Источник" in answer["text"]
