"""The figures of a period, as values: read by Telegram, by the page, by the command line and as JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any

from support.shares import Estimate, Part
from support.watching.clusters import Cluster
from support.watching.judging import Judging
from support.watching.shift import Shift


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the period."""

    date: str
    talks: int
    contained: int
    escalations: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took."""

    count: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class OperatorLoad:
    """What one operator had."""

    name: str
    """As in the operators' group; empty: nobody had it."""
    talks: int
    open: int
    first_reply_min: float | None
    """The median, in minutes of opening hours."""
    score: float | None
    """1..5, the mean of customers' scores."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything /stats shows. Shares carry their counts; what is not known is None or empty."""

    start: str
    end: str
    days: int
    containment: Part
    resolution: Part
    """Of the talks of a period that lies three days earlier."""
    verified: Part
    """Of the audited answers in talks that were resolved: right."""
    honest: Estimate | None
    """The share of talks that were resolved, times that of right answers in them; None: nothing was audited."""
    answers: int
    useful: int
    useless: int
    reasons: dict[str, int]
    """Why persons were called, the most frequent first."""
    judging: Judging
    latency_s: Spread | None
    """From the end of the question to the answer."""
    stages_ms: dict[str, Spread]
    by_day: tuple[Day, ...]
    operators: tuple[OperatorLoad, ...]
    open: int
    overdue: int
    first_reply_min: float | None
    scores: dict[int, int]
    """1..5 → how many customers gave it to an operator's help."""
    intents: dict[str, int]
    judge_scores: tuple[int, ...]
    """How many drafts got a score of 0–0.1, 0.1–0.2 … 0.9–1."""
    thresholds: dict[str, float]
    """Language → what a draft's score must reach, 0..1, of those that there are drafts in."""
    clusters: tuple[Cluster, ...] = ()
    unanswered: int = 0
    """Questions that ended at a person because the bot had no good answer."""
    shift: Shift | None = field(default=None)

    def as_json(self) -> dict[str, Any]:
        """Return values that JSON knows; shares with their interval."""
        found: dict[str, Any] = _plain(asdict(self))
        for name in ("containment", "resolution", "verified"):
            found[name] = _share(getattr(self, name))
        found["judging"]["precision"] = _share(self.judging.precision)
        found["judging"]["held"] = _share(self.judging.held)
        return found


def _share(part: Part) -> dict[str, Any]:
    known = part.total > 0
    return {"hits": part.hits, "total": part.total, "value": part.value, "interval": part.interval if known else None}


def _plain(value: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
