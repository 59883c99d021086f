"""Shares with their intervals: how many of how many, and how far that may be from the truth."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

Z_95: Final = 1.959963984540054


def wilson_interval(hits: int, total: int) -> tuple[float, float]:
    """95 % interval of a share, 0..1 each (Wilson 1927); (0, 1) when nothing was measured."""
    if total == 0:
        return 0.0, 1.0
    share, square = hits / total, Z_95**2
    centre = (share + square / (2 * total)) / (1 + square / total)
    half = Z_95 / (1 + square / total) * sqrt(share * (1 - share) / total + square / (4 * total**2))
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Part:
    """How many of how many."""

    hits: int = 0
    total: int = 0

    @property
    def value(self) -> float | None:
        """0..1; None of nothing."""
        return self.hits / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval; (0, 1) of nothing."""
        return wilson_interval(self.hits, self.total)
