"""A topic that is gone or closed."""

import pytest

from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID

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
