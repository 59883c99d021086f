"""What this process tells Prometheus: every metric with its name, its help and its labels; no customer's data.

Labels come from closed lists (reasons, outcomes, states, queues): nothing that anybody wrote.
"""

from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

SECONDS: Final = (0.5, 1, 2, 3, 5, 8, 13, 20, 30, 45, 60, 120)
STAGE_SECONDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)
REPLY_SECONDS: Final = (60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800)
TENTHS: Final = tuple(n / 10 for n in range(1, 11))


@dataclass(slots=True)
class Metrics:
    """The metrics of one bot process, in a registry of their own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    turns: Counter = field(init=False)
    answers: Counter = field(init=False)
    escalations: Counter = field(init=False)
    drafts_decided: Counter = field(init=False)
    audits: Counter = field(init=False)
    answer_seconds: Histogram = field(init=False)
    stage_seconds: Histogram = field(init=False)
    judge_score: Histogram = field(init=False)
    first_reply_seconds: Histogram = field(init=False)
    calls: Counter = field(init=False)
    throttled: Counter = field(init=False)
    database_errors: Counter = field(init=False)
    outbox_waiting: Gauge = field(init=False)
    outbox_oldest: Gauge = field(init=False)
    inbox_waiting: Gauge = field(init=False)
    conversations_open: Gauge = field(init=False)
    conversations_overdue: Gauge = field(init=False)
    workers: Gauge = field(init=False)
    queue_length: Gauge = field(init=False)
    redis_up: Gauge = field(init=False)
    sends: Gauge = field(init=False)
    looked_at: Gauge = field(init=False)
    release: Gauge = field(init=False)

    def __post_init__(self) -> None:
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.turns = self._counter("turns", "Turns that have ended, by outcome.", "outcome")
        self.answers = self._counter("answers", "Answers sent, by language.", "language")
        self.escalations = self._counter("escalations", "Conversations handed to a person, by reason.", "reason")
        self.drafts_decided = self._counter("draft_decisions", "Operators' verdicts on drafts.", "verdict")
        self.audits = self._counter("audits", "Answers judged in the random audit.", "verdict")
        self.answer_seconds = self._histogram("answer_seconds", "From the question's end to the answer.", SECONDS)
        self.stage_seconds = self._histogram(
            "stage_seconds", "Seconds of a stage of an answer.", STAGE_SECONDS, "stage"
        )
        self.judge_score = self._histogram("judge_score", "The judge's scores of drafts.", TENTHS)
        self.first_reply_seconds = self._histogram(
            "first_reply_seconds", "From the call for a person to an operator's first words.", REPLY_SECONDS
        )
        self.calls = self._counter("telegram_calls", "Calls of the outbox that have ended, by state.", "state")
        self.throttled = self._counter("telegram_throttled", "Telegram's 429 answers.")
        self.database_errors = self._counter("database_errors", "Statements that the database refused or lost.")
        self.outbox_waiting = self._gauge("outbox_waiting", "Calls to Telegram that wait in the ledger.")
        self.outbox_oldest = self._gauge("outbox_oldest_seconds", "Age of the oldest call that waits.")
        self.inbox_waiting = self._gauge("inbox_waiting", "Updates stored and not handled yet.")
        self.conversations_open = self._gauge("conversations_open", "Conversations that a person has.")
        self.conversations_overdue = self._gauge("conversations_overdue", "Of them overdue for an answer.")
        self.workers = self._gauge("workers", "Live workers, by queue.", "queue")
        self.queue_length = self._gauge("queue_length", "Jobs that wait, by queue.", "queue")
        self.redis_up = self._gauge("redis_up", "1 while Redis answers.")
        self.sends = self._gauge("sends", "1 in the process that holds the lease: it alone counts what is in SQL.")
        self.looked_at = self._gauge("looked_at_seconds", "Unix time of the last look at the database.")
        self.release = self._gauge("knowledge_release", "Number of the release that answers; 0: none.")

    def _counter(self, name: str, help_: str, *labels: str) -> Counter:
        return Counter(f"otvet_{name}", help_, labels, registry=self.registry)

    def _gauge(self, name: str, help_: str, *labels: str) -> Gauge:
        return Gauge(f"otvet_{name}", help_, labels, registry=self.registry)

    def _histogram(self, name: str, help_: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"otvet_{name}", help_, labels, buckets=buckets, registry=self.registry)
