"""Drafts on the card: sent, edited, discarded; suggestions while the customer writes on."""

import asyncio
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from sandbox.world import ANNA, JAMES, MARIA, OPERATORS_CHAT_ID
from support.desk_tables import DraftLabelRow
from support.operators import Member, OperatorRepository
from support.tables import EscalationRow, MessageRow

pytestmark = pytest.mark.e2e

RISKY = "Верните деньги за палатку! В какой срок можно вернуть товар?"


@pytest.fixture
async def group(product):
    """Maria and James work in the group."""
    async with product.database.writing() as session:
        for user_id, name in ((MARIA, "Мария"), (JAMES, "James")):
            member = Member(user_id, name)
            await OperatorRepository(session).joined(member, OPERATORS_CHAT_ID, datetime.now(UTC))
    return product


async def until(condition, *, within_s=20):
    end = time.monotonic() + within_s
    while not (value := await condition()):
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.05)
    return value


def card_with(product, text):
    """Wait for the card to say so; return it."""

    async def look():
        for message in await product.people.messages(OPERATORS_CHAT_ID):
            if "Почему:" in (message.get("text") or "") and text in message["text"]:
                return message
        return None

    return until(look)


async def toast(product, card, button, user_id=MARIA):
    pressed = await product.people.press(card, button, user_id=user_id)

    async def answered():
        found = await product.people.callback(pressed["callback_query_id"])
        return found if found["answered"] else None

    return (await until(answered))["text"]


async def labels(product):
    async with product.database.reading() as session:
        return list(await session.scalars(select(DraftLabelRow).order_by(DraftLabelRow.id)))


async def test_a_draft_is_offered_with_its_sources_and_goes_out_as_the_operators_answer(group):
    people = group.people
    await people.say(ANNA, "Сколько стоит доставка курьером?")
    await group.answer(ANNA, "Источник")
    await people.say(ANNA, RISKY)
    card = await group.in_group("Почему: требование о деньгах")
    assert "Бот пробовал: написал черновик" in card["text"]
    assert "Кратко: «Сколько стоит доставка курьером?» — бот ответил:" in card["text"]
    assert "Черновик бота (клиент его не видел):" in card["text"]
    assert ".md)" in card["text"].split("Источники:")[1]

    told, late = await asyncio.gather(
        toast(group, card, "✉️ Отправить"), toast(group, card, "✉️ Отправить", user_id=JAMES)
    )

    assert {told, late} in ({"Отправлено клиенту.", f"Уже решено: {name}."} for name in ("Мария", "James"))
    draft = card["text"].split("не видел):\n")[1].split("\nИсточники")[0]
    answer = await group.answer(ANNA, draft[:40])
    assert draft in answer["text"]
    assert "Источник" in answer["text"].splitlines()[-1]
    [label] = await labels(group)
    assert (label.verdict, label.sent, label.draft) == ("sent", draft, draft)
    assert 0 < label.score <= 1
    async with group.database.reading() as session:
        escalation = (await session.scalars(select(EscalationRow))).one()
        assert escalation.assignee_id == label.operator_id
        assert escalation.waiting_since is None
        assert escalation.first_reply_at is not None
    shown = await card_with(group, "Черновик отправлен (")
    assert "Отправить" not in str(shown.get("reply_markup"))

    async def remembered():
        async with group.database.reading() as session:
            query = select(MessageRow.speaker).where(MessageRow.message_id == answer["message_id"])
            return await session.scalar(query.where(MessageRow.chat_id == ANNA))

    assert await until(remembered) == "operator"


async def test_what_the_customer_asks_while_he_waits_is_looked_up_and_an_operators_words_take_its_place(group):
    people = group.people
    await people.say(ANNA, "/operator")
    await group.in_group("Почему: клиент попросил")
    await group.answer(ANNA, "Зову оператора")
    said = len([one for one in await people.messages(ANNA) if one["from"]["is_bot"]])
    await people.say(ANNA, "А сколько дней хранится заказ в пункте выдачи?")
    card = await card_with(group, "Подсказка бота")
    calls = (await people.journal())["calls"]
    edits = [one for one in calls if one["method"] == "editMessageText" and "Подсказка" in one.get("text", "")]
    assert len(edits) == 1
    assert len([one for one in await people.messages(ANNA) if one["from"]["is_bot"]]) == said

    # Edit: the draft to copy, and the operator's next message in its place.
    assert "следующее сообщение" in await toast(group, card, "✏️ Править")
    copy = await group.in_group("скопируйте")
    assert copy["entities"][-1]["type"] == "pre"
    thread_id = card["message_thread_id"]
    await people.in_topic(MARIA, OPERATORS_CHAT_ID, thread_id, "// проверяю")
    await people.in_topic(MARIA, OPERATORS_CHAT_ID, thread_id, "Храним 7 дней, продлим по просьбе.")
    await group.answer(ANNA, "Храним 7 дней")
    edited = (await labels(group))[-1]
    assert (edited.verdict, edited.sent) == ("edited", "Храним 7 дней, продлим по просьбе.")
    await card_with(group, "Черновик заменён другим ответом (Мария).")

    async def gone():
        ids = [one["message_id"] for one in await people.messages(OPERATORS_CHAT_ID)]
        return copy["message_id"] not in ids

    await until(gone)

    # Discard.
    await people.say(ANNA, "Как оплатить заказ частями?")
    card = await card_with(group, "Подсказка бота")
    assert await toast(group, card, "✖️ Отклонить") == "Черновик отклонён."
    assert await toast(group, card, "✉️ Отправить") == "Уже решено: Мария."
    assert [one.verdict for one in await labels(group)] == ["edited", "discarded"]
    await people.in_topic(MARIA, OPERATORS_CHAT_ID, thread_id, "Рассрочка есть.")
    await group.answer(ANNA, "Рассрочка есть.")
    assert len(await labels(group)) == 2
