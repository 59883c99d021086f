"""A topic that is gone or closed, and what is written where no customer is."""

import asyncio
import time

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox.world import ANNA, DEMO_TOKEN, MARIA, OPERATORS_CHAT_ID

pytestmark = pytest.mark.e2e


async def change(talk, action):
    place = {"chat_id": OPERATORS_CHAT_ID, "user_id": MARIA, "thread_id": talk.thread_id}
    await talk.product.people.post("topics/changes", **place, action=action)


async def test_a_new_topic_begins_with_what_operators_saw_in_order_and_a_link(product, begin_talk):
    await product.people.say(ANNA, "заказ KD-10427, почта anna@example.com")
    await product.answer(ANNA, "Заказ")
    talk = await begin_talk(product)
    await talk.customer("Палатка порвана")
    await talk.first(talk.in_topic, "Палатка порвана")
    await talk.operator("Пришлите фото")
    await talk.first(talk.in_chat, "Пришлите фото")
    await talk.operator("// обещали возврат")
    before = talk.thread_id
    await change(talk, "delete")

    await talk.customer("Вот оно")

    copy = await talk.first(talk.in_topic, "Вот оно")
    assert copy["message_thread_id"] != before
    history = await talk.first(talk.in_topic, "Новая тема того же клиента")
    assert history["message_thread_id"] == copy["message_thread_id"]
    assert f"https://t.me/c/1000000001/{before}" in history["text"]
    said = ["Клиент: Палатка порвана", "Оператор: Пришлите фото", "Заметка: // обещали возврат"]
    assert history["text"].split("\n")[2:5] == said
    # The bot heard it as a proof of who he is; no operator did.
    assert "anna@example.com" not in history["text"]


async def test_a_closed_topic_is_opened_again_and_the_message_arrives_there(talk):
    await change(talk, "close")
    await talk.product.people.fault("sendMessage", 400, "Bad Request: TOPIC_CLOSED", chat_id=OPERATORS_CHAT_ID)

    await talk.customer("Ещё вопрос")

    assert (await talk.first(talk.in_topic, "Ещё вопрос"))["message_thread_id"] == talk.thread_id
    [topic] = await talk.product.people.topics(OPERATORS_CHAT_ID)
    assert not topic["closed"]


async def said_in(talk, thread_id, text, *, within_s=15.0):
    """Let the operator write into a topic; returns what the bot answered there within this time."""
    mine = await talk.product.people.in_topic(MARIA, OPERATORS_CHAT_ID, thread_id, text)
    until = time.monotonic() + within_s
    said = []
    while not said and time.monotonic() < until:
        await asyncio.sleep(0.1)
        answers = await talk.product.people.messages(OPERATORS_CHAT_ID, thread_id)
        said = [one["text"] for one in answers if one["from"]["is_bot"] and one["message_id"] > mine["message_id"]]
    return said


async def test_who_writes_where_a_conversation_was_before_is_shown_where_it_is_now(talk):
    await talk.product.people.fault(
        "sendMessage", 400, "Bad Request: message thread not found", chat_id=OPERATORS_CHAT_ID
    )
    await talk.customer("Где мой заказ?")
    copy = await talk.first(talk.in_topic, "Где мой заказ?")

    [answer] = await said_in(talk, talk.thread_id, "Отвечаю не там")

    assert f"https://t.me/c/1000000001/{copy['message_thread_id']}" in answer
    assert "не ушло" in answer
    assert await said_in(talk, talk.thread_id, "// заметка", within_s=1) == []
    assert "Отвечаю не там" not in str(await talk.in_chat())


async def test_who_writes_into_a_spare_topic_of_the_bots_is_told_that_nobody_reads_it(talk):
    api = TelegramAPIServer.from_base(talk.product.server.url)
    async with Bot(DEMO_TOKEN, session=AiohttpSession(api=api)) as bot:
        spare = await bot.create_forum_topic(OPERATORS_CHAT_ID, "Анна · RU")

    [answer] = await said_in(talk, spare.message_thread_id, "Отвечаю не там")

    assert "никому не ушло" in answer


async def test_operators_own_topics_are_none_of_the_bots_business(talk):
    own = await talk.product.people.post("topics", chat_id=OPERATORS_CHAT_ID, user_id=MARIA, name="Обед")

    assert await said_in(talk, own["thread_id"], "Кто идёт обедать?", within_s=1) == []
