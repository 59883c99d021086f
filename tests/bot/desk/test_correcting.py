"""An administrator corrects what a message was taken for, and the bot goes by it at once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID
from support.desk_tables import IntentExampleRow
from support.operators import Member, OperatorRepository
from support.tables import AuditRow
from tests.bot.desk.topics import until

pytestmark = pytest.mark.e2e

WORDS = "Верните деньги за палатку! Мой телефон +7 916 555-44-33"


async def rows(product, table):
    async with product.database.reading() as session:
        return list(await session.scalars(select(table)))


async def last_in_private(product, text):
    async def look():
        return [one for one in await product.people.messages(MARIA) if text in (one.get("text") or "")]

    return (await until(look))[-1]


async def test_a_corrected_guess_is_learned_after_confirmation_and_can_be_taken_back(product):
    people = product.people
    async with product.database.writing() as session:
        await OperatorRepository(session).joined(Member(MARIA, "Мария"), OPERATORS_CHAT_ID, datetime.now(UTC))
    await people.say(MARIA, "/intents")
    assert "0 добавлено" in (await last_in_private(product, "в файле"))["text"]
    await people.say(ANNA, WORDS)
    card = await product.in_group("Почему:")
    await people.in_topic(MARIA, OPERATORS_CHAT_ID, card["message_thread_id"], "/intent")
    asked = await last_in_private(product, "на самом деле")
    assert "555" not in asked["text"]

    await people.press(asked, "Жалоба", user_id=MARIA)
    asked = await last_in_private(product, "Добавить пример для «Жалоба»?")
    assert await rows(product, IntentExampleRow) == []
    await people.press(asked, "Добавить", user_id=MARIA)
    asked = await last_in_private(product, "Добавлено к «Жалоба»")
    (row,) = await rows(product, IntentExampleRow)
    assert (row.intent, "555" in row.text) == ("complaint", False)

    await people.press(asked, "Отменить", user_id=MARIA)
    await last_in_private(product, "Пример убран")
    assert await rows(product, IntentExampleRow) == []
    actions = [one.action for one in await rows(product, AuditRow)]
    assert actions.count("intent_example_added") == actions.count("intent_example_removed") == 1
