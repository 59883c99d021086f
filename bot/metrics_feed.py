"""Fills the metrics: what happened since the last look is read from SQL, what waits is counted.

Only the process that holds the lease counts events, or several bots over one database would count each of them; a sum
over processes is right. Counters begin at 0 when a process starts, as Prometheus expects.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from prometheus_client import Counter as Metric
from redis.exceptions import RedisError
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.budget import Budget
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.unit import Units
from knowledge.current import CurrentKnowledge
from support.audit_tables import AnswerAuditRow
from support.availability import UNAVAILABLE
from support.board import State, standing
from support.deliveries import OPEN_STATES as OPEN_CALLS
from support.desk_file import DeskFile
from support.desk_tables import DraftLabelRow
from support.leases import Lease
from support.queue import BUILD_QUEUE, GENERATION_QUEUES, GenerationQueue
from support.tables import AnswerRow, EscalationRow, TurnRow
from support.transport_tables import DeliveryRow, InboxRow
from support.turns import TurnState

EVERY_S: Final = 15.0
LATE: Final = timedelta(seconds=60)
"""So long a transaction may take to commit what it wrote a time into."""
_SUGGESTED: Final = (TurnState.SUGGESTING, TurnState.SUGGESTED)
log = structlog.get_logger()


@dataclass(slots=True)
class Seen:
    """Which rows were counted already; forgets them when they cannot come again."""

    since: datetime
    _known: dict[Hashable, datetime] = field(default_factory=dict)

    def fresh(self, key: Hashable, at: datetime) -> bool:
        """Whether a row is new; from now on it is not."""
        if key in self._known or at < self.since:
            return False
        self._known[key] = at
        return True

    def forget(self, before: datetime) -> None:
        """Forget what lies before a moment."""
        self._known = {key: at for key, at in self._known.items() if at >= before}


@dataclass(slots=True)
class MetricsFeed:
    """Looks every few seconds."""

    metrics: Metrics
    units: Units
    lease: Lease
    budget: Budget
    outbox: Outbox
    queue: GenerationQueue
    current: CurrentKnowledge
    file: DeskFile
    _seen: Seen | None = field(default=None)
    _looked: datetime | None = field(default=None)
    _known: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Look until cancelled; a database or a Redis that is away is what the metrics then show."""
        while True:
            try:
                await self.look()
            except UNAVAILABLE as error:
                log.debug("no look for the metrics", error=type(error).__name__)
            except Exception:
                # The edge: nobody's answer may fail because of a figure.
                log.exception("the metrics could not be filled")
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Look once."""
        self._own()
        await asyncio.to_thread(self._queues)
        now = self.units.clock()
        self._seen = self._seen or Seen(now)
        async with self.units.database.reading() as session:
            await self._waiting(session, now)
            if self.lease.held:
                # Since the last look that succeeded, however long the database was away.
                await self._events(session, self._seen, (self._looked or now) - LATE)
        self._looked = now
        self._seen.forget(now - LATE)
        self.metrics.looked_at.set(time.time())

    def _own(self) -> None:
        """Tell what this process knows without asking anybody."""
        metrics = self.metrics
        metrics.sends.set(self.lease.held)
        self._raise(metrics.throttled, "429", self.budget.throttled)
        self._raise(metrics.database_errors, "database", self.units.database.errors)
        for state, n in self.outbox.ended.items():
            self._raise(metrics.calls.labels(state), f"calls {state}", n)
        base = self.current.get()
        metrics.release.set(0 if base is None else base.release)

    def _raise(self, metric: Metric, name: str, total: int) -> None:
        metric.inc(max(0, total - self._known[name]))
        self._known[name] = total

    def _queues(self) -> None:
        metrics = self.metrics
        try:
            for name in (*GENERATION_QUEUES, BUILD_QUEUE):
                metrics.workers.labels(name).set(self.queue.live_workers(name))
                metrics.queue_length.labels(name).set(self.queue.length(name))
        except (RedisError, OSError):
            metrics.redis_up.set(0)
        else:
            metrics.redis_up.set(1)

    async def _waiting(self, session: AsyncSession, now: datetime) -> None:
        waiting = select(func.count(), func.min(DeliveryRow.created_at)).where(DeliveryRow.state.in_(OPEN_CALLS))
        n, oldest = (await session.execute(waiting)).one()
        self.metrics.outbox_waiting.set(n)
        self.metrics.outbox_oldest.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0)
        unhandled = select(func.count()).select_from(InboxRow).where(InboxRow.handled_at.is_(None))
        self.metrics.inbox_waiting.set(await session.scalar(unhandled) or 0)
        still_open = list(await session.scalars(select(EscalationRow).where(EscalationRow.closed_at.is_(None))))
        states = [standing(one, self.file, now).state for one in still_open if one.waiting_since is not None]
        self.metrics.conversations_open.set(len(still_open))
        self.metrics.conversations_overdue.set(states.count(State.OVERDUE))

    async def _events(self, session: AsyncSession, seen: Seen, since: datetime) -> None:
        metrics = self.metrics
        ended = select(TurnRow.id, TurnRow.finished_at, TurnRow.outcome)
        ended = ended.where(TurnRow.finished_at >= since, TurnRow.state.not_in(_SUGGESTED))
        for _, outcome in await self._fresh(session, ended, seen, "turn"):
            metrics.turns.labels(outcome or "superseded").inc()
        called = select(EscalationRow.id, EscalationRow.opened_at, EscalationRow.reason)
        for _, reason in await self._fresh(session, called.where(EscalationRow.opened_at >= since), seen, "escalation"):
            metrics.escalations.labels(reason).inc()
        replied = select(EscalationRow.id, EscalationRow.first_reply_at, EscalationRow.opened_at)
        replied = replied.where(EscalationRow.first_reply_at >= since)
        for at, opened in await self._fresh(session, replied, seen, "reply"):
            metrics.first_reply_seconds.observe(max(0.0, (at - opened).total_seconds()))
        decided = select(DraftLabelRow.id, DraftLabelRow.at, DraftLabelRow.verdict).where(DraftLabelRow.at >= since)
        for _, verdict in await self._fresh(session, decided, seen, "label"):
            metrics.drafts_decided.labels(verdict).inc()
        judged = select(AnswerAuditRow.id, AnswerAuditRow.judged_at, AnswerAuditRow.verdict)
        for _, verdict in await self._fresh(session, judged.where(AnswerAuditRow.judged_at >= since), seen, "audit"):
            metrics.audits.labels(verdict).inc()
        await self._answers(session, seen, since)

    async def _answers(self, session: AsyncSession, seen: Seen, since: datetime) -> None:
        metrics, draft = self.metrics, AnswerRow.draft
        score = draft["verdict"]["score"].as_float()
        sent = select(
            AnswerRow.id, AnswerRow.created_at, TurnRow.closed_at, TurnRow.language, draft["timings_ms"], score
        )
        sent = sent.join(TurnRow, TurnRow.id == AnswerRow.turn_id).where(AnswerRow.created_at >= since)
        for at, closed, language, timings, value in await self._fresh(session, sent, seen, "answer"):
            metrics.answers.labels(language).inc()
            if closed is not None:
                metrics.answer_seconds.observe(max(0.0, (at - closed).total_seconds()))
            if value is not None:
                metrics.judge_score.observe(value)
            for stage, ms in (timings or {}).items():
                metrics.stage_seconds.labels(stage).observe(ms / 1000)

    async def _fresh(
        self, session: AsyncSession, query: Select[*tuple[Any, ...]], seen: Seen, kind: str
    ) -> Iterable[tuple[Any, ...]]:
        """Return what was not counted yet of rows (id, time, …), without the id."""
        rows = list(await session.execute(query))
        return [tuple(row[1:]) for row in rows if seen.fresh((kind, row[0]), row[1])]
