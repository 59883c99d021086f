"""Figures of ranked lists: recall, reciprocal rank, nDCG, and their intervals by resampling."""

from collections.abc import Hashable, Sequence, Set
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

DEPTH: Final = 10
_RESAMPLES: Final = 1_000
_SEED: Final = 7


class Mean(BaseModel):
    """A mean over questions with its 95 % interval."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float


def recall(found: Sequence[str], relevant: Set[str], depth: int) -> float:
    """Share of the relevant passages among the first ``depth``, 0..1."""
    return len(relevant & set(found[:depth])) / len(relevant)


def reciprocal_rank(found: Sequence[str], relevant: Set[str]) -> float:
    """1 / place of the first relevant one of the first ten, else 0."""
    return next((1 / place for place, one in enumerate(found[:DEPTH], start=1) if one in relevant), 0.0)


def ndcg(found: Sequence[str], relevant: Set[str]) -> float:
    """Normalised discounted cumulative gain of the first ten, relevance 0 or 1 (Järvelin & Kekäläinen 2002)."""
    gain = sum(1 / np.log2(place + 1) for place, one in enumerate(found[:DEPTH], start=1) if one in relevant)
    best = sum(1 / np.log2(place + 1) for place in range(1, min(DEPTH, len(relevant)) + 1))
    return float(gain / best)


def resamples(pages: Sequence[Hashable]) -> NDArray[np.float64]:
    """Weights of the questions in each resample, float64[n_resamples, n]: pages are drawn with replacement.

    Questions of one page stand or fall together, so drawing them singly would make the interval too narrow.
    """
    numbers: dict[Hashable, int] = {}
    page_of = np.array([numbers.setdefault(page, len(numbers)) for page in pages], dtype=np.int64)
    chance = np.random.default_rng(_SEED)
    n = len(numbers)
    drawn = chance.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES).astype(np.float64)
    return np.asarray(drawn[:, page_of])


def mean(values: Sequence[float], weights: NDArray[np.float64]) -> Mean:
    """Mean with the percentile interval over the resamples (Efron 1979)."""
    told = np.array(values)
    means = weights @ told / np.maximum(weights.sum(axis=1), 1e-9)
    low, high = np.percentile(means, [2.5, 97.5])
    return Mean(value=float(told.mean()), low=float(low), high=float(high))
