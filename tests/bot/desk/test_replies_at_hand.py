"""Canned replies, /kb search in a topic, and «wrong source»."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from sandbox.world import ANNA, JAMES, MARIA, OPERATORS_CHAT_ID
from support import proven
from support.customers import CustomerRepository
from support.operators import OPERATOR, Member, OperatorRepository

pytestmark = pytest.mark.e2e

QUESTION = "Сколько дней хранится заказ в пункте выдачи?"


@pytest.fixture
async def maria(product):
    """Return how Maria, an administrator, writes into Anna's topic; James is an operator."""
    async with product.database.writing() as session:
        for member in (Member(MARIA, "Мария"), Member(JAMES, "James")):
            row = await OperatorRepository(session).joined(member, OPERATORS_CHAT_ID, datetime.now(UTC))
            row.role = OPERATOR
    await product.people.say(ANNA, "/operator")
    card = await product.in_group("Почему: клиент попросил человека")

    async def write(text, **more):
        return await product.people.in_topic(MARIA, OPERATORS_CHAT_ID, card["message_thread_id"], text, **more)

    return write


async def until(condition, *, within_s=20):
    end = time.monotonic() + within_s
    while not (value := await condition()):
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.05)
    return value


async def press(product, message, button, user_id=MARIA):
    """Press a button; return the toast."""
    pressed = await product.people.press(message, button, user_id=user_id)

    async def answered():
        found = await product.people.callback(pressed["callback_query_id"])
        return found if found["answered"] else None

    return (await until(answered)).get("text", "")


def now_reads(product, message, text):
    """Wait until a message was edited to say so; return it."""

    async def look():
        for one in await product.people.messages(message["chat"]["id"]):
            if one["message_id"] == message["message_id"] and text in one["text"]:
                return one
        return None

    return until(look)


async def test_canned_replies_are_added_found_shown_sent_and_deleted(product, maria):
    people = product.people
    await maria("/c")
    await product.in_group("Готовых ответов пока нет")
    await maria("/c add сроки\n{name}, курьер привезёт заказ за 3–5 дней. {operator}")
    said = await maria("Доставка в горы бесплатна от 5000 ₽.")
    await product.answer(ANNA, "Доставка в горы")
    await maria("/c add доставка в горы", reply_to=said["message_id"])
    await maria("/c add номер\nЗаказ {order} уже едет.")
    await maria("/c add адрес\nПишите на {почта}")
    await product.in_group("переменной {почта} нет")

    await maria("/c delivery")
    several = await product.in_group("Нашлось несколько")
    assert [row[0]["text"] for row in several["reply_markup"]["inline_keyboard"]] == [
        "доставка в горы · RU",
        "сроки · RU",
    ]
    await press(product, several, "сроки · RU")
    shown = await now_reads(product, several, "Анна, курьер привезёт заказ за 3–5 дней. Мария")
    assert await press(product, shown, "✉️ Отправить") == "Отправлено клиенту."
    await product.answer(ANNA, "Анна, курьер привезёт заказ за 3–5 дней. Мария")
    sent = await now_reads(product, several, "✅ Отправлено (Мария):")
    assert "reply_markup" not in sent

    await maria("/c номер")
    gap = await product.in_group("Не хватает: номера заказа")
    assert "Отправить" not in str(gap["reply_markup"])
    # A proven order fills the gap; the group sees only its end.
    async with product.database.writing() as session:
        proven.remember(await CustomerRepository(session).by_chat(ANNA), "KD-10427", datetime.now(UTC))
    await maria("/c номер")
    shown = await product.in_group("Заказ •••427 уже едет.")
    await press(product, shown, "✉️ Отправить")
    await product.answer(ANNA, "Заказ KD-10427 уже едет.")

    # What does not arrive is told; a colleague's reply is not another's to delete.
    await people.block(ANNA)
    await maria("/c сроки")
    await press(product, await product.in_group("📋 сроки"), "✉️ Отправить")
    await product.in_group("Клиент не получил «Анна, курьер привезёт")
    thread_id = shown["message_thread_id"]
    await people.in_topic(JAMES, OPERATORS_CHAT_ID, thread_id, "/c delete номер")
    await product.in_group("добавил другой оператор")
    await maria("/c delete номер")
    await maria("/c номер")
    await product.in_group("Ничего похожего нет")
    written = [one for one in await people.messages(ANNA) if "/c" in (one.get("text") or "")]
    assert written == [], "commands stay inside"


async def test_a_found_passage_is_sent_with_its_source_and_a_wrong_one_is_out_until_an_admin_decides(product, maria):
    people = product.people
    await people.say(MARIA, "/start")
    await product.answer(MARIA)
    await maria(f"/kb search {QUESTION}")
    found = await product.in_group("🔎")
    rows = found["reply_markup"]["inline_keyboard"]
    assert [[one["text"] for one in row] for row in rows] == [
        ["✉️ 1", "⛔ 1 неверно"],
        ["✉️ 2", "⛔ 2 неверно"],
        ["✉️ 3", "⛔ 3 неверно"],
    ]
    first = found["text"].split("1. ")[1].split(" (")[0]

    assert await press(product, found, "✉️ 1") == "Отправлено клиенту."
    answer = await product.answer(ANNA, "7 дней")
    assert answer["text"].splitlines()[-1] == f"Источник: {first}"
    found = await now_reads(product, found, "1. ✅ Отправлено (Мария)")

    await maria("/kb search сколько хранится заказ")
    again = await product.in_group("🔎 «сколько хранится")
    assert f"1. {first}" in again["text"]
    assert "Источник убран" in await press(product, again, "⛔ 1 неверно")
    asked = await product.answer(MARIA, "Мария считает источник неверным")
    assert "Файл: ru/pickup-points.md" in asked["text"]
    await maria("/kb search сколько хранится заказ")
    assert first not in (await product.in_group("🔎"))["text"]

    # It is out after a restart as well, and /kb says so.
    await product.stop_bot()
    await product.start_bot()
    await maria("/kb search сколько хранится заказ")
    assert first not in (await product.in_group("🔎"))["text"]
    await people.say(MARIA, "/kb")
    await product.answer(MARIA, "Ждут вашего решения (неверный источник): 1")

    assert await press(product, asked, "🗑 Неверный, убрать") == ""
    decided = await now_reads(product, asked, "Исправьте файл ru/pickup-points.md")
    assert "reply_markup" not in decided
    await maria("/kb search сколько хранится заказ")
    assert first not in (await product.in_group("🔎"))["text"]
