"""95 % intervals by resampling items (percentile bootstrap, Efron 1979), for figures that are no share."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from evaluation.figures import auroc
from evaluation.ranked import Mean, mean, resamples

_RESAMPLES: Final = 1_000
_SEED: Final = 11


def mean_of(values: Sequence[float]) -> Mean | None:
    """Mean over items that are drawn one by one; None of nothing."""
    return mean(values, resamples(range(len(values)))) if values else None


def auroc_of(positive: Sequence[float], negative: Sequence[float]) -> Mean | None:
    """AUROC; positives and negatives are drawn apart. None without both."""
    value = auroc(positive, negative)
    if value is None:
        return None
    chance = np.random.default_rng(_SEED)
    high, low = np.array(positive)[:, None], np.array(negative)[None, :]
    wins = (high > low) + 0.5 * (high == low)
    # How often each item is drawn: multinomial counts instead of the items themselves.
    rows = chance.multinomial(len(positive), np.full(len(positive), 1 / len(positive)), size=_RESAMPLES)
    columns = chance.multinomial(len(negative), np.full(len(negative), 1 / len(negative)), size=_RESAMPLES)
    drawn = ((rows @ wins) * columns).sum(axis=1) / wins.size
    bounds = np.percentile(drawn, [2.5, 97.5])
    return Mean(value=value, low=float(bounds[0]), high=float(bounds[1]))
