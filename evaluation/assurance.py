"""What may be promised about wrong answers, and how many audited answers are missing where nothing may."""

from typing import Final

from pydantic import BaseModel, ConfigDict
from scipy.stats import beta

CONFIDENCE: Final = 0.95
LIMITS: Final = (0.05, 0.02, 0.01)
_MOST: Final = 100_000


class Assurance(BaseModel):
    """How the threshold came to be. Only answers that were drawn at random and judged by a person count."""

    model_config = ConfigDict(frozen=True)

    threshold: float
    calibrated: bool
    """False: the threshold is a default or a guess, and nothing is promised."""
    audited: int
    wrong: int
    missing: dict[str, int]
    """Largest share of wrong answers, in per cent → how many more audited answers without a mistake it takes."""


def assurance(threshold: float, *, calibrated: bool = False, audited: int = 0, wrong: int = 0) -> Assurance:
    """Say where a threshold stands."""
    missing = {f"{limit:.0%}"[:-1]: needed(limit, audited=audited, wrong=wrong) for limit in LIMITS}
    return Assurance(threshold=threshold, calibrated=calibrated, audited=audited, wrong=wrong, missing=missing)


def needed(limit: float, *, audited: int = 0, wrong: int = 0) -> int:
    """How many more right answers until at most ``limit`` are wrong at 95 % confidence (Clopper & Pearson 1934)."""
    low, high = max(audited, wrong, 1), _MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if upper_bound(wrong, middle) <= limit else (middle + 1, high)
    return max(0, low - audited)


def upper_bound(wrong: int, audited: int) -> float:
    """Exact one-sided 95 % bound of the share of wrong answers, 0..1; 1 when all or none were seen."""
    return 1.0 if wrong >= audited else float(beta.ppf(CONFIDENCE, wrong + 1, audited - wrong))
