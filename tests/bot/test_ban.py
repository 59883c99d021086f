"""``/ban`` and ``/unban`` in a customer's topic: whole conversations over HTTP."""

import asyncio

import pytest
from sqlalchemy import func, select

from sandbox.world import ANNA, EMMA, MARIA, OPERATORS_CHAT_ID
from support.tables import CustomerRow, EscalationRow
from support.transport_tables import DeliveryRow, InboxRow

pytestmark = pytest.mark.e2e
QUESTION = "Сколько дней есть на возврат товара?"


async def operator_says(product, card, text):
    await product.people.in_topic(MARIA, OPERATORS_CHAT_ID, card["message_thread_id"], text)


async def ban(product):
    """Ban Anna in her topic; return the card."""
    await product.people.say(ANNA, "/operator")
    card = await product.in_group("Почему")
    await operator_says(product, card, "/ban")
    await product.in_group("Клиент заблокирован")
    await product.answer(ANNA, "Оператор закончил")
    return card


async def heard_by(product, chat_id):
    return [message for message in await product.people.messages(chat_id) if message["from"]["is_bot"]]


async def said_in_group(product):
    """What anybody wrote in the group; Telegram's notes about pins and names come and go."""
    return [message for message in await product.people.messages(OPERATORS_CHAT_ID) if "text" in message]


async def everything_handled(product, updates):
    """Wait until so many updates have come in and each is handled."""
    async with asyncio.timeout(10):
        while True:
            async with product.database.reading() as session:
                handled = await session.scalar(select(func.count()).where(InboxRow.handled_at.is_not(None)))
            if handled >= updates:
                return
            await asyncio.sleep(0.05)


async def updates_so_far(product):
    async with product.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(InboxRow))


@pytest.mark.every_database
async def test_nothing_is_heard_of_a_banned_customer_and_nothing_is_sent_to_him(product):
    await product.people.say(ANNA, QUESTION)
    answer = await product.answer(ANNA, "Источник")
    await ban(product)
    said, before = len(await heard_by(product, ANNA)), await updates_so_far(product)
    in_group = len(await said_in_group(product))

    written = await product.people.say(ANNA, QUESTION)
    await product.people.edit(written, "Как вернуть товар?")
    await product.people.say(ANNA, "/operator")
    await product.people.say(ANNA, media={"kind": "photo"}, caption="вот")
    await product.people.press(answer, "👍")
    await product.people.press(answer, "🧑‍💼 Позвать оператора")
    await everything_handled(product, before + 6)
    await product.people.say(EMMA, "hello")
    await product.answer(EMMA)

    assert len(await heard_by(product, ANNA)) == said
    assert len(await said_in_group(product)) == in_group
    async with product.database.reading() as session:
        open_ones = await session.scalar(select(func.count()).where(EscalationRow.closed_at.is_(None)))
        waiting = await session.scalar(select(func.count()).where(DeliveryRow.state == "pending"))
        assert (open_ones, waiting) == (0, 0)


async def test_a_ban_ends_a_turn_that_is_being_answered(product):
    await product.people.say(ANNA, "/operator")
    card = await product.in_group("Почему")
    await operator_says(product, card, "/close")
    await product.answer(ANNA, "Разговор с оператором окончен")

    await product.people.say(ANNA, QUESTION)
    await operator_says(product, card, "/ban")

    await product.answer(ANNA, "Оператор закончил")
    await asyncio.sleep(1.5)
    assert not any("Источник" in message.get("text", "") for message in await heard_by(product, ANNA))


async def test_an_unreadable_message_of_a_banned_customer_calls_nobody(product):
    await ban(product)
    before = await updates_so_far(product)

    sender = {"id": ANNA, "is_bot": False, "first_name": "Анна"}
    chat = {"id": ANNA, "type": "private"}
    await product.people.put_update("message", {"message_id": 999, "from": sender, "chat": chat, "date": "never"})
    await everything_handled(product, before + 1)

    async with product.database.reading() as session:
        assert await session.scalar(select(func.count()).where(EscalationRow.closed_at.is_(None))) == 0


async def test_unban_gives_the_customer_back(product):
    card = await ban(product)

    await operator_says(product, card, "/ban")
    await product.in_group("уже заблокирован")
    await operator_says(product, card, "/unban")

    await product.answer(ANNA, "снова открыт")
    await product.people.say(ANNA, QUESTION)
    await product.answer(ANNA, "Источник")
    async with product.database.reading() as session:
        customer = (await session.scalars(select(CustomerRow).where(CustomerRow.chat_id == ANNA))).one()
        assert customer.banned_at is None
