"""/stats as an administrator uses it, the alarm about a shift, and what Prometheus is told."""

import re
import socket
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import aiohttp
import pytest
from sqlalchemy import select

from bot import stats_charts as charts
from bot.alarm import Alarm
from bot.stats_page import page
from bot.stats_words import StatsWords
from bot.texts import Library
from bot.unit import Units
from sandbox.world import ANNA, MARIA
from support.desk_file import DeskFile
from support.shares import Part
from support.tables import AuditRow
from support.transport_tables import DeliveryRow
from support.watching.clusters import Cluster
from support.watching.judging import Counts, Labels, judging
from support.watching.report import Figures
from tests.databases import ON_SQLITE
from tests.support.watching.month import write_month

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
QUESTION = "Ремонтируете ли вы старые швейные машинки?"


def buttons(message):
    return [button["text"] for row in message["reply_markup"]["inline_keyboard"] for button in row]


async def edited(product, message, contains):
    event = await product.people.wait_for(
        lambda event: (
            event["type"] == "message_edited"
            and event["message"]["message_id"] == message["message_id"]
            and contains in event["message"]["text"]
        )
    )
    return event["message"]


async def metrics(port):
    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/metrics") as answer:
        return await answer.text()


@pytest.mark.e2e
async def test_an_administrator_reads_figures_the_page_and_a_draft_article_and_prometheus_counts_the_same(run_product):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with run_product(metrics_port=port) as product:
        people = product.people
        await people.say(ANNA, QUESTION)
        await product.in_group("Почему:")

        await people.say(ANNA, "/stats")
        assert "Статистика" not in (await product.answer(ANNA))["text"]
        await people.say(MARIA, "/stats")
        shown = await product.answer(MARIA, "Статистика: сегодня")
        assert "Разговоров: 1, без человека: 0" in shown["text"]
        assert buttons(shown) == ["• Сегодня", "7 дней", "30 дней", "📄 Страница", "❓ Без ответа"]

        await people.press(shown, "30 дней")
        month = await edited(product, shown, "Статистика: 30 дней")
        await people.press(month, "❓ Без ответа")
        gaps = await edited(product, shown, "На что не было ответа")
        assert "швейные машинки" in gaps["text"]
        await people.press(gaps, "1 · черновик статьи")
        draft = await product.answer(MARIA, "Черновик статьи")
        assert draft["document"]["file_name"].endswith(".md")
        await people.say(MARIA, "/stats page 30")
        assert (await product.answer(MARIA, "Откройте файл"))["document"]["file_name"].startswith("stats-")
        await people.say(MARIA, "/stats what")
        await product.answer(MARIA, "Напишите /stats")

        async with product.database.reading() as session:
            ledger = list(await session.scalars(select(DeliveryRow).where(DeliveryRow.key.startswith("stats:"))))
        assert len(ledger) == 5
        assert "машинки" not in "".join(str(row.payload) for row in ledger)

        told = await metrics(port)
    assert re.search(r"^otvet_workers\{queue=\"generate\"\} 1\.0$", told, re.MULTILINE)
    assert re.search(r"^otvet_sends 1\.0$", told, re.MULTILINE)
    assert "Анна" not in told
    assert str(ANNA) not in told


class Checked(HTMLParser):
    """Counts tags and notes anything that would be fetched from outside."""

    def __init__(self):
        super().__init__()
        self.tags, self.outside = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.outside += [value for name, value in attrs if name in {"src", "href", "xlink:href"}]


def test_the_page_stands_alone_and_shows_what_customers_wrote_as_text():
    words = StatsWords(Library().of("ru"), {})
    empty = Figures(
        start="2026-11-20T00:00:00+00:00",
        end="2026-11-27T00:00:00+00:00",
        days=7,
        containment=Part(3, 4),
        resolution=Part(),
        verified=Part(),
        answers=3,
        useful=0,
        useless=0,
        reasons={"no_answer": 1},
        judging=judging([], [], Labels(), Counts(3)),
        latency_s=None,
        stages_ms={},
        by_day=(),
        operators=(),
        open=0,
        overdue=0,
        first_reply_min=None,
        scores={},
        intents={"question": 4},
        judge_scores=(0,) * 9 + (3,),
        thresholds={"ru": 0.75, "en": 0.6},
        honest=None,
        clusters=(Cluster(1, "ru", 1, 1, ("<script>alert(1)</script> где заказ?",), ("заказ",), (1,)),),
    )

    text = page(words, empty)

    checked = Checked()
    checked.feed(text)
    assert "script" not in checked.tags
    assert checked.outside == []
    assert "url(" not in text
    assert "75\u00a0%" in text
    assert "порог, который решает: ru 0,75 · en 0,60" in text
    assert [f"<line x1='{charts.WIDTH * line:.1f}' y1='0.0'" in text for line in (0.6, 0.75, 0.7)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("database_url", [ON_SQLITE], indirect=True)
async def test_a_shift_is_told_once_a_day_and_the_same_topic_not_again_within_a_week(database, deliveries, monkeypatch):
    async with database.writing() as session:
        await write_month(session, NOW, customers_a_day=14, tents_this_week=0.4, first_id=1000)
    clock = [NOW]
    units = Units(database, lambda: None, lambda: clock[0])
    words = StatsWords(Library().of("ru"), {})

    def alarm():
        return Alarm(units, None, words, DeskFile().hours, (MARIA,))

    first = alarm()
    with monkeypatch.context() as broken:
        broken.setattr("bot.alarm.send", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await first.look()
    assert (await first.look()).alarms
    assert await first.look() is None
    await alarm().look()  # after a restart
    [told] = await deliveries()
    assert "палатк" in told.payload["text"]
    assert "раньше об этом почти не спрашивали" in told.payload["text"]

    clock[0] = NOW + timedelta(days=1)
    await alarm().look()
    assert "палатк" not in "".join(row.payload["text"] for row in (await deliveries())[1:])
    async with database.reading() as session:
        assert await session.scalar(select(AuditRow.action)) == "questions_shifted"
