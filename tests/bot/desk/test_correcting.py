"""An administrator corrects what a message was taken for, and the bot goes by it at once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from sandbox.world import ANNA, JAMES, MARIA, OPERATORS_CHAT_ID
from support.desk_tables import IntentExampleRow
from support.operators import Member, OperatorRepository
from support.tables import AuditRow
from tests.bot.desk.topics import DeskTalk, until

pytestmark = pytest.mark.e2e
MISREAD = "🏷 Понято не так"

WORDS = "Верните деньги за палатку, заказ KD-10440! Мой телефон +7 916 555-44-33"


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
        for member in (Member(MARIA, "Мария"), Member(JAMES, "James")):
            await OperatorRepository(session).joined(member, OPERATORS_CHAT_ID, datetime.now(UTC))
    await people.say(MARIA, "/intents")
    assert "0 добавлено" in (await last_in_private(product, "в файле"))["text"]
    await people.say(ANNA, WORDS)
    talk = DeskTalk(product, await product.in_group("Почему:"))
    assert "Понято как: «" in talk.card["text"]
    await talk.write(MARIA, "/intent")
    await last_in_private(product, "на самом деле")
    assert "только администратор" in await talk.press(talk.card, MISREAD, JAMES)
    assert "в личном чате" in await talk.press(talk.card, MISREAD, MARIA)
    asked = await last_in_private(product, "на самом деле")
    assert "Понято как: «" in asked["text"]
    assert "555" not in asked["text"]
    assert "KD-00000" in asked["text"]

    await people.press(asked, "Жалоба", user_id=MARIA)
    asked = await last_in_private(product, "Добавить пример для «Жалоба»?")
    assert await rows(product, IntentExampleRow) == []
    await people.press(asked, "Добавить", user_id=MARIA)
    asked = await last_in_private(product, "Добавлено к «Жалоба»")
    (row,) = await rows(product, IntentExampleRow)
    assert (row.intent, "555" in row.text, "10440" in row.text) == ("complaint", False, False)
    assert "→ исправлено на «Жалоба»" in (await talk.card_reads("исправлено"))["text"]

    await people.press(asked, "Отменить", user_id=MARIA)
    await last_in_private(product, "Пример убран")
    assert await rows(product, IntentExampleRow) == []
    await until(lambda: talk.shown(talk.card), lambda card: "исправлено" not in card["text"])
    actions = [one.action for one in await rows(product, AuditRow)]
    assert actions.count("intent_example_added") == actions.count("intent_example_removed") == 1
