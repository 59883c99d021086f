"""Drawn answers are judged in General: one message, edited in place, and the score is never shown."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.unit import utc_now
from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID
from support.audit_tables import AnswerAuditRow
from tests.bot.desk.topics import until

pytestmark = pytest.mark.e2e


async def test_drawn_answers_are_judged_one_after_the_other_in_one_message_without_their_score(run_product):
    passed = timedelta()
    async with run_product(now=lambda: utc_now() + passed, audit_one_in=1) as product:
        people = product.people

        async def stands():
            found = [
                one for one in await people.messages(OPERATORS_CHAT_ID) if "Проверка ответов" in (one.get("text") or "")
            ]
            return found[0] if len(found) == 1 else None

        async def rows():
            async with product.database.reading() as session:
                return list(await session.scalars(select(AnswerAuditRow).order_by(AnswerAuditRow.id)))

        async def press(button):
            pressed = await people.press(await stands(), button, user_id=MARIA)
            answered = await until(lambda: people.callback(pressed["callback_query_id"]), "answered")
            return answered.get("text") or ""

        for question in ("Сколько стоит доставка курьером?", "Сколько дней хранится заказ в пункте выдачи?"):
            await people.say(ANNA, question)
            await product.answer(ANNA, "Источник")
        first = await until(stands)
        drawn = await rows()
        assert "доставка курьером" in first["text"]
        assert drawn[0].answer[:40] in first["text"]
        assert "Источники:" in first["text"]
        assert f"{drawn[0].score:.2f}" not in first["text"]
        await people.in_topic(MARIA, OPERATORS_CHAT_ID, None, "Смотрю")

        assert "Записано: неверно" in await press("❌ Неверно")
        await until(stands, lambda one: "Мария: неверно" in one["text"])
        assert "Записано: верно" in await press("✅ Верно")
        await until(stands, lambda one: "Мария: верно" in one["text"])
        await press("Следующий ответ →")
        second = await until(stands, lambda one: "пункте выдачи" in one["text"])
        assert second["message_id"] == first["message_id"]
        await press("🤷 Не могу судить")
        assert [row.verdict for row in await rows()] == ["right", "unsure"]
        passed = timedelta(minutes=6)
        await until(stands, lambda one: "Все выбранные ответы проверены" in one["text"])
