"""Figures that measurements are made of: shares with intervals, ranks, AUROC."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, computed_field
from scipy.stats import rankdata

from support.shares import wilson_interval

__all__ = ["Share", "auroc", "line", "mean_reciprocal_rank", "rank_of_first", "share_within", "wilson_interval"]


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


def line(name: str, share: Share) -> str:
    """Return a share as a line of a table, with its interval."""
    low, high = share.interval
    return f"  {name:44}{share.value:>7.1%}  {share.hits:>5} of {share.total:<5}  95 %: {low:.1%}–{high:.1%}"
