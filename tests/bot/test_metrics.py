from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from prometheus_client import generate_latest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text

from bot.budget import Budget
from bot.metrics import Metrics
from bot.metrics_feed import MetricsFeed
from bot.unit import Units
from support.availability import DatabaseUnavailableError
from support.desk_file import DeskFile
from support.tables import AnswerRow, EscalationRow, TurnRow
from support.transport_tables import DeliveryRow

START = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Queue:
    down = False

    def live_workers(self, _queue):
        if self.down:
            raise RedisConnectionError
        return 2

    def length(self, _queue):
        return 3


@pytest.fixture
def clock():
    return SimpleNamespace(now=START)


@pytest.fixture
def feed(database, clock):
    outbox = SimpleNamespace(ended=Counter())
    current = SimpleNamespace(get=lambda: None)
    units = Units(database, lambda: None, lambda: clock.now)
    lease = SimpleNamespace(held=True)
    return MetricsFeed(Metrics(), units, lease, Budget(), outbox, Queue(), current, DeskFile())


def value(feed, name, **labels):
    return feed.metrics.registry.get_sample_value(f"otvet_{name}", labels)


async def answered(database, at, customer_id=1):
    draft = {"verdict": {"score": 0.83}, "timings_ms": {"generate": 1200.0}}
    state = {"state": "answered", "outcome": "answered", "text": "тайна", "language": "ru"}
    times = {"opened_at": at, "closes_at": at, "closed_at": at, "finished_at": at + timedelta(seconds=4)}
    async with database.writing() as session:
        turn = TurnRow(customer_id=customer_id, **state, **times)
        session.add(turn)
        await session.flush()
        created = at + timedelta(seconds=4)
        session.add(AnswerRow(turn_id=turn.id, text="тайна", draft=draft, created_at=created))
        reason = {"reason": "no_answer", "opened_at": created, "first_reply_at": created + timedelta(seconds=90)}
        session.add(EscalationRow(customer_id=customer_id, **reason))
        session.add(
            DeliveryRow(
                key=str(turn.id), method="SendMessage", payload={}, priority=0, state="pending", created_at=created
            )
        )


async def test_what_happens_after_the_start_is_counted_once_and_what_happened_before_is_not(database, feed, clock):
    await answered(database, START - timedelta(minutes=2))
    await feed.look()
    assert value(feed, "turns_total", outcome="answered") is None

    async with database.writing() as session:
        await session.execute(text("UPDATE escalation SET closed_at = opened_at"))
    await answered(database, START + timedelta(seconds=10))
    clock.now = START + timedelta(minutes=2)
    await feed.look()
    clock.now += timedelta(seconds=15)
    await feed.look()

    assert value(feed, "turns_total", outcome="answered") == 1
    assert value(feed, "answers_total", language="ru") == 1
    assert value(feed, "escalations_total", reason="no_answer") == 1
    assert value(feed, "answer_seconds_bucket", le="5.0") == 1
    assert value(feed, "answer_seconds_bucket", le="3.0") == 0
    assert value(feed, "judge_score_bucket", le="0.9") == 1
    assert value(feed, "stage_seconds_sum", stage="generate") == pytest.approx(1.2)
    assert value(feed, "first_reply_seconds_sum") == 90
    assert value(feed, "outbox_waiting") == 2
    assert value(feed, "outbox_oldest_seconds") == 251
    assert value(feed, "conversations_open") == 1
    assert "тайна" not in generate_latest(feed.metrics.registry).decode()


async def test_a_process_without_the_lease_counts_nothing_that_is_in_sql(database, feed, clock):
    feed.lease.held = False
    await feed.look()
    await answered(database, START + timedelta(seconds=1))
    clock.now += timedelta(seconds=15)
    await feed.look()

    assert value(feed, "turns_total", outcome="answered") is None
    assert value(feed, "sends") == 0
    assert value(feed, "outbox_waiting") == 1


async def test_throttling_lost_statements_and_a_redis_that_is_away_show(database, feed):
    feed.budget.block(7, 3.0)
    feed.budget.restore([], [(8, 5.0)])  # of an earlier process: counted there
    feed.outbox.ended["delivered"] += 4
    with pytest.raises(Exception, match="no_such_table"):
        async with database.reading() as session:
            await session.execute(text("SELECT * FROM no_such_table"))
    await feed.look()
    await feed.look()

    assert value(feed, "telegram_throttled_total") == 1
    assert value(feed, "telegram_calls_total", state="delivered") == 4
    assert value(feed, "database_errors_total") >= 1
    assert value(feed, "workers", queue="generate") == 2
    feed.queue.down = True
    await feed.look()
    assert value(feed, "redis_up") == 0


async def test_a_database_that_is_away_does_not_end_the_feed(feed, monkeypatch):
    looks = []

    async def look():
        looks.append(1)
        if len(looks) == 1:
            raise DatabaseUnavailableError(OSError())
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.metrics_feed.EVERY_S", 0)
    monkeypatch.setattr(MetricsFeed, "look", lambda _self: look())
    with pytest.raises(KeyboardInterrupt):
        await feed.run()
    assert len(looks) == 2
