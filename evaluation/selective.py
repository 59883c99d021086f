"""Is the score worth its name? Risk against coverage for every threshold, and what a score of 0.8 really means."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evaluation.answers import Attempt
from evaluation.figures import Share
from evaluation.intervals import auroc_of
from evaluation.ranked import Mean, mean, resamples

_BINS: Final = 10
_MOST_POINTS: Final = 80


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Point(_Value):
    """What a threshold would do."""

    threshold: float | None
    """None: each language has its own."""
    coverage: Share
    """Answered, of everything that was asked, questions without an answer included."""
    wrong: Share
    """Wrong, of what is answered."""


class Bin(_Value):
    """Drafts whose scores lie close together."""

    low: float
    high: float
    mean_score: float
    right: Share


class SelectiveReport(_Value):
    """How well the score tells right drafts from wrong ones. Drafts that failed a check or are risky are never sent."""

    chosen: Point
    """At the thresholds that decided."""
    curve: tuple[Point, ...]
    """From the strictest threshold to the laxest."""
    bins: tuple[Bin, ...]
    calibration_error: Mean | None
    """Expected calibration error over ten bins of equal width (Naeini et al. 2015), 0..1."""
    brier: Mean | None
    """Mean squared difference between score and outcome (Brier 1950), 0..1."""
    auroc: Mean | None
    """Probability that a right draft scores above a wrong one."""


def measure_scores(attempts: Sequence[Attempt], default: float) -> SelectiveReport:
    """Look at every draft that a threshold decides about: the attempt's own, else the default."""
    decided = [
        (one.draft.verdict.score, one.right, default if one.threshold is None else one.threshold)
        for one in attempts
        if one.draft and not one.draft.verdict.failed and not one.risky
    ]
    scores = np.array([score for score, _, _ in decided])
    right = np.array([is_right for _, is_right, _ in decided], dtype=np.float64)
    asked = len(attempts)
    held_against = np.array([threshold for _, _, threshold in decided])
    values = set(held_against.tolist()) or {default}
    thresholds = sorted(set(scores.tolist()), reverse=True)
    kept = thresholds[:: max(1, -(-len(thresholds) // _MOST_POINTS))]
    return SelectiveReport(
        chosen=_point(scores >= held_against, right, values.pop() if len(values) == 1 else None, asked),
        curve=tuple(_point(scores >= one, right, one, asked) for one in kept),
        bins=_bins(scores, right),
        calibration_error=_calibration_error(scores, right),
        brier=mean([float(one) for one in (scores - right) ** 2], resamples(range(len(decided)))) if decided else None,
        auroc=auroc_of(list(scores[right == 1]), list(scores[right == 0])),
    )


def _point(sent: NDArray[np.bool_], right: NDArray[np.float64], threshold: float | None, asked: int) -> Point:
    count = int(sent.sum())
    wrong = count - int(right[sent].sum())
    return Point(
        threshold=None if threshold is None else round(threshold, 4),
        coverage=Share(hits=count, total=asked),
        wrong=Share(hits=wrong, total=count),
    )


def _bins(scores: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[Bin, ...]:
    places = _places(scores)
    return tuple(
        Bin(
            low=place / _BINS,
            high=(place + 1) / _BINS,
            mean_score=float(scores[places == place].mean()),
            right=Share(hits=int(right[places == place].sum()), total=int((places == place).sum())),
        )
        for place in range(_BINS)
        if (places == place).any()
    )


def _calibration_error(scores: NDArray[np.float64], right: NDArray[np.float64]) -> Mean | None:
    if not len(scores):
        return None
    weights = resamples(range(len(scores)))
    gaps = np.zeros((_BINS, len(scores)))
    gaps[_places(scores), np.arange(len(scores))] = scores - right
    # Of each resample: the sum over bins of |Σ (score - right)|, over all drafts.
    drawn = np.abs(weights @ gaps.T).sum(axis=1) / len(scores)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Mean(value=float(np.abs(gaps.sum(axis=1)).sum() / len(scores)), low=float(low), high=float(high))


def _places(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.minimum((scores * _BINS).astype(np.int64), _BINS - 1)
