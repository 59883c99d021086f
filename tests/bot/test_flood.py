"""Customers who write too much, over HTTP: slowed and told once, and nobody else notices."""

import asyncio
import time

import pytest
from sqlalchemy import func, select

from sandbox.world import ANNA, EMMA, OLEG
from support.deliveries import Priority
from support.tables import CustomerRow, TurnRow
from support.transport_tables import DeliveryRow, InboxRow

pytestmark = pytest.mark.e2e
QUESTION = "Сколько дней есть на возврат товара?"
SLOWED = "Вы пишете чаще"
LIMIT = 20
PAUSE_S = 12
"""So long nothing must come before a customer who was slowed is answered."""


async def heard_by(product, chat_id):
    messages = await product.people.messages(chat_id)
    return [message.get("text", "") for message in messages if message["from"]["is_bot"]]


async def count(product, *conditions):
    async with product.database.reading() as session:
        return await session.scalar(select(func.count()).where(*conditions))


async def everything_handled(product, updates):
    async with asyncio.timeout(20):
        while await count(product, InboxRow.handled_at.is_not(None)) < updates:  # noqa: ASYNC110  # nobody signals it
            await asyncio.sleep(0.1)


@pytest.mark.every_database
async def test_who_writes_sixty_messages_is_told_once_and_answered_once_after_a_pause(product):
    for number in range(59):
        await product.people.say(ANNA, f"и ещё вот что {number}")
    await product.people.say(ANNA, QUESTION)
    last, began = time.monotonic(), time.monotonic()

    await product.people.say(EMMA, "Within how many days can I return an item?")
    await product.answer(EMMA, "Source")
    served_s = time.monotonic() - began
    assert SLOWED in (await product.answer(ANNA))["text"]
    await product.answer(ANNA, timeout_s=PAUSE_S + 20)
    paused_s = time.monotonic() - last

    assert served_s < PAUSE_S
    assert paused_s > PAUSE_S - 2
    await asyncio.sleep(2)
    heard = await heard_by(product, ANNA)
    assert len([text for text in heard if SLOWED in text]) == 1
    assert len([text for text in heard if SLOWED not in text]) == 1
    assert await count(product, TurnRow.id > 0) == 2


async def test_ten_forwarded_messages_and_a_question_are_one_turn_and_no_flood(product):
    for number in range(10):
        await product.people.say(ANNA, f"пересланное {number}", forwarded=True)
    await product.people.say(ANNA, QUESTION)

    await product.answer(ANNA)

    await asyncio.sleep(1)
    heard = await heard_by(product, ANNA)
    assert len(heard) == 1
    assert SLOWED not in heard[0]
    assert await count(product, TurnRow.id > 0) == 1


async def test_a_question_pasted_five_times_is_answered_once(product):
    for _ in range(5):
        await product.people.say(ANNA, QUESTION)
        await asyncio.sleep(0.3)

    await product.answer(ANNA, "Источник")

    await asyncio.sleep(1.5)
    assert len(await heard_by(product, ANNA)) == 1
    async with product.database.reading() as session:
        assert await session.scalar(select(TurnRow.text)) == QUESTION


async def test_without_redis_the_limit_holds_in_memory(run_product):
    async with run_product(redis_url="redis://127.0.0.1:1/0") as product:
        for number in range(LIMIT + 10):
            await product.people.say(ANNA, f"слово {number}")
        await product.answer(ANNA, SLOWED)
        await everything_handled(product, LIMIT + 10)

        floods = [await count(product, InboxRow.flood == kind) for kind in ("calm", "slowed_first", "slowed")]
        assert floods == [LIMIT, 1, 9]
        assert len([text for text in await heard_by(product, ANNA) if SLOWED in text]) == 1


async def test_a_flood_in_a_conversation_with_a_person_lets_another_customers_card_by(product):
    await product.people.say(ANNA, "/operator")
    await product.in_group("Почему")
    for number in range(2 * LIMIT):
        await product.people.say(ANNA, f"подробность {number}")
    await product.people.say(OLEG, "/operator")
    await product.answer(OLEG, "Зову оператора")
    await everything_handled(product, 2 * LIMIT + 2)

    async with product.database.reading() as session:
        anna, oleg = [
            await session.scalar(select(CustomerRow.id).where(CustomerRow.chat_id == chat_id))
            for chat_id in (ANNA, OLEG)
        ]
        query = select(DeliveryRow).where(DeliveryRow.to_topic).order_by(DeliveryRow.id)
        rows = list(await session.scalars(query))
    relayed = [row.priority for row in rows if row.customer_id == anna and row.key.endswith(":relay")]
    # The call itself was counted too: nineteen more are calm.
    assert relayed == [Priority.RELAY] * (LIMIT - 1) + [Priority.ACTION] * (LIMIT + 1)
    waiting = [row for row in rows if row.state == "pending"]
    first = min(waiting, key=lambda row: (row.priority, row.id), default=None)
    card = next(row for row in rows if row.customer_id == oleg and row.key.endswith(":card"))
    assert card.state in {"attempting", "delivered"} or first is card
