"""Better or worse than a stored report? Paired bootstrap over the items that both have.

Each item is compared with itself, so what is hard stays hard on both sides and only the change counts. A change is
significant when the 95 % percentile interval of the mean difference (Efron 1979; 10,000 resamples) leaves out zero and
the exact sign test over the items that changed (McNemar 1947) gives p ≤ 0.05: with a handful of changes the bootstrap
alone is too easily convinced.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from scipy.stats import binomtest

from evaluation.results import Kind, Result

SCHEMA_VERSION: Final = 3
"""Of the report as JSON; raised when a field changes its meaning or goes."""
_RESAMPLES: Final = 10_000
_SEED: Final = 13
_LEVEL: Final = 0.05


class BaselineError(Exception):
    """A stored report cannot be compared with; the message says why and what to do."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Baseline(BaseModel):
    """The parts of a stored report that matter here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int
    items: tuple[Result, ...]
    provenance: dict[str, object] = {}


class Difference(_Value):
    """One figure before and now, over the items of both."""

    name: str
    items: int
    before: int
    now: int
    change: float
    """Now − before, as a share of the items."""
    low: float
    high: float
    p: float
    """Two-sided, of the exact sign test."""
    better: bool | None
    """None: the change may be chance."""
    won: tuple[str, ...]
    lost: tuple[str, ...]


class Comparison(_Value):
    """This evaluation beside a stored one."""

    file: str
    version: str
    measured_at: str
    compared: int
    only_before: int
    only_now: int
    """Items of one of the two reports only, or asked in other words; they are not compared."""
    differences: tuple[Difference, ...]

    @property
    def regressed(self) -> bool:
        """Whether a figure is significantly worse."""
        return any(one.better is False for one in self.differences)


Outcome = Callable[[Result], bool | None]
"""None: the figure is not about this item."""

FIGURES: Final[tuple[tuple[str, bool, Outcome], ...]] = (
    ("right_source_first", True, lambda one: one.rank == 1 if one.kind is Kind.QUESTION and one.sources else None),
    ("answered_right", True, lambda one: bool(one.sent and one.right) if one.kind is Kind.QUESTION else None),
    ("wrong_sent", False, lambda one: None if one.sent is None else bool(one.sent and not one.right)),
    ("coverage", True, lambda one: one.sent if one.kind is Kind.QUESTION else None),
    ("routing", True, lambda one: one.right if one.kind is Kind.ROUTING else None),
    ("dialogues", True, lambda one: one.right if one.kind in {Kind.ORDERS, Kind.FOLLOW_UP} else None),
)
"""Name, whether more of it is better, and how to tell."""


def read_baseline(path: Path) -> Baseline:
    """Read a report that ``otvet eval all --json`` wrote.

    Raises:
        BaselineError: it is none.
    """
    again = "write one with otvet eval all --json FILE"
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read ({error.strerror}); {again}") from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{path}: is no JSON report; {again}") from error
    version = fields.get("schema_version") if isinstance(fields, dict) else None
    if version != SCHEMA_VERSION:
        raise BaselineError(f"{path}: is a report of schema {version or 'unknown'}, not {SCHEMA_VERSION}; {again}")
    try:
        return Baseline.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BaselineError(f"{path}: {place}: {first['msg']}; {again}") from error


def compare(path: Path, baseline: Baseline, results: Sequence[Result]) -> Comparison:
    """Hold every figure against the stored one.

    Raises:
        BaselineError: the two have no item in common.
    """
    before = {one.key: one for one in baseline.items}
    pairs = [(old, one) for one in results if (old := before.get(one.key)) is not None and old.text == one.text]
    if not pairs:
        raise BaselineError(f"{path}: has no item in common with this basket; compare reports of one basket")
    found = (_difference(name, is_good, outcome, pairs) for name, is_good, outcome in FIGURES)
    return Comparison(
        file=path.name,
        version=str(baseline.provenance.get("version", "")),
        measured_at=str(baseline.provenance.get("measured_at", "")),
        compared=len(pairs),
        only_before=len(before) - len(pairs),
        only_now=len(results) - len(pairs),
        differences=tuple(one for one in found if one is not None),
    )


def _difference(
    name: str, is_good: bool, outcome: Outcome, pairs: Sequence[tuple[Result, Result]]
) -> Difference | None:
    counted = [
        (new.id, was, now)
        for old, new in pairs
        if (was := outcome(old)) is not None and (now := outcome(new)) is not None
    ]
    if not counted:
        return None
    changes = np.array([int(now) - int(was) for _, was, now in counted])
    low, high = interval(changes)
    more, less = int((changes > 0).sum()), int((changes < 0).sum())
    p = float(binomtest(more, more + less).pvalue) if more + less else 1.0
    significant = p <= _LEVEL and (low > 0 or high < 0)
    return Difference(
        name=name,
        items=len(counted),
        before=sum(was for _, was, _ in counted),
        now=sum(now for _, _, now in counted),
        change=float(changes.mean()),
        low=low,
        high=high,
        p=p,
        better=((more > less) == is_good) if significant else None,
        won=tuple(one for one, was, now in counted if was != now and now == is_good),
        lost=tuple(one for one, was, now in counted if was != now and was == is_good),
    )


def interval(changes: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> tuple[float, float]:
    """95 % percentile interval of the mean of paired changes, each −1, 0 or 1, int64[n]."""
    n = len(changes)
    parts = np.array([(changes == value).sum() for value in (-1, 0, 1)]) / n
    drawn = np.random.default_rng(_SEED).multinomial(n, parts, size=_RESAMPLES)
    low, high = np.percentile((drawn[:, 2] - drawn[:, 0]) / n, [2.5, 97.5])
    return float(low), float(high)
