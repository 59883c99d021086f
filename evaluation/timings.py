"""How long the stages take."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil

from pydantic import BaseModel, ConfigDict


class Timing(BaseModel):
    """How long one stage takes, milliseconds."""

    model_config = ConfigDict(frozen=True)

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, durations_ms: Sequence[float]) -> "Timing":
        """Nearest-rank percentiles of at least one duration."""
        ordered = sorted(durations_ms)
        p50, p95, p99 = (_percentile(ordered, part) for part in (0.5, 0.95, 0.99))
        return cls(count=len(ordered), p50=p50, p95=p95, p99=p99)


class Stopwatch:
    """Collects durations by stage."""

    def __init__(self) -> None:
        self._durations_ms: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside."""
        started = time.perf_counter()
        yield
        self.add(name, (time.perf_counter() - started) * 1000)

    def add(self, name: str, duration_ms: float) -> None:
        """Take a duration that was measured elsewhere."""
        self._durations_ms[name].append(duration_ms)

    def timings(self) -> dict[str, Timing]:
        """Return every stage's timing, in the order in which they were first seen."""
        return {name: Timing.of(durations) for name, durations in self._durations_ms.items()}


def _percentile(ordered: Sequence[float], part: float) -> float:
    return round(ordered[max(0, ceil(part * len(ordered)) - 1)], 3)
