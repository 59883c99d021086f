"""Figures that measurements are made of: shares with intervals, ranks, AUROC."""

from collections.abc import Sequence
from math import sqrt
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, computed_field
from scipy.stats import rankdata

_Z_95: Final = 1.959963984540054


def wilson_interval(hits: int, total: int) -> tuple[float, float]:
    """95 % interval of a share, 0..1 each (Wilson 1927); (0, 1) when nothing was measured."""
    if total == 0:
        return 0.0, 1.0
    share, square = hits / total, _Z_95**2
    centre = (share + square / (2 * total)) / (1 + square / total)
    half = _Z_95 / (1 + square / total) * sqrt(share * (1 - share) / total + square / (4 * total**2))
    return max(0.0, centre - half), min(1.0, centre + half)


class Share(BaseModel):
    """How many of how many."""

    model_config = ConfigDict(frozen=True)

    hits: int
    total: int

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties; pydantic asks for them
    @property
    def value(self) -> float:
        """0..1; 0 of nothing is 0."""
        return self.hits / self.total if self.total else 0.0

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties; pydantic asks for them
    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval."""
        return wilson_interval(self.hits, self.total)

    @classmethod
    def of(cls, outcomes: Sequence[bool]) -> "Share":
        """Count the true ones."""
        return cls(hits=sum(outcomes), total=len(outcomes))


def rank_of_first(found: Sequence[str], wanted: Sequence[str]) -> int | None:
    """1-based place of the first wanted one, None when none was found."""
    return next((place for place, one in enumerate(found, start=1) if one in wanted), None)


def share_within(ranks: Sequence[int | None], depth: int) -> Share:
    """Share of the ranks that are ``depth`` or better."""
    return Share.of([rank is not None and rank <= depth for rank in ranks])


def mean_reciprocal_rank(ranks: Sequence[int | None]) -> float:
    """Mean of 1 / rank, a miss counting 0; 0 of nothing."""
    return sum(1 / rank for rank in ranks if rank is not None) / len(ranks) if ranks else 0.0


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Probability that a positive scores above a negative, ties counting half (Mann–Whitney); None without both."""
    if not positive or not negative:
        return None
    ranks = rankdata(np.array([*positive, *negative]))
    surplus = float(ranks[: len(positive)].sum()) - len(positive) * (len(positive) + 1) / 2
    return surplus / (len(positive) * len(negative))
