"""Shares with their intervals: how many of how many, and how far that may be from the truth."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 4000
SEED: Final = 7
"""The same counts always give the same interval."""
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
class Estimate:
    """A share that is put together from several, with its 95 % interval."""

    value: float
    interval: tuple[float, float]


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

    def draws(self, chance: np.random.Generator) -> NDArray[np.float64]:
        """Return DRAWS draws from the share's Beta posterior (Jeffreys' prior)."""
        return chance.beta(self.hits + 0.5, self.total - self.hits + 0.5, DRAWS)


def product(one: Part, other: Part) -> Estimate | None:
    """Return the product of two independent shares; None where one of them is of nothing."""
    if one.value is None or other.value is None:
        return None
    chance = np.random.default_rng(SEED)
    return Estimate(one.value * other.value, middle(one.draws(chance) * other.draws(chance)))


def middle(draws: NDArray[np.float64]) -> tuple[float, float]:
    """Return the interval that holds the middle 95 % of the draws."""
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)
