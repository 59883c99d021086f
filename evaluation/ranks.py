"""Figures over ranks with bootstrap intervals."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from evaluation.figures import auroc

_DRAWS = 1000
_SEED = 11


class Area(BaseModel):
    """Area under the ROC curve with its 95 % interval (bootstrap over rows, both classes kept at their size)."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, positive: Sequence[float], negative: Sequence[float]) -> "Area | None":
        """Measure; None without rows of both classes."""
        value = auroc(positive, negative)
        if value is None:
            return None
        draw = np.random.default_rng(_SEED)
        some, others = np.array(positive), np.array(negative)
        drawn = [
            auroc(draw.choice(some, len(some)).tolist(), draw.choice(others, len(others)).tolist()) or 0.0
            for _ in range(_DRAWS)
        ]
        low, high = np.percentile(drawn, [2.5, 97.5])
        return cls(value=value, low=float(low), high=float(high))
