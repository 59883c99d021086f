"""What may be promised about wrong answers, and how many audited answers are missing where nothing may."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict

from evaluation.answers import Attempt
from evaluation.calibration import fewest
from evaluation.running_bot import Calibrated, Deciding
from support.answer_audits import version_of

LEVEL: Final = 0.05
LIMITS: Final = (0.05, 0.02, 0.01)


class Assurance(BaseModel):
    """How the thresholds came to be. Only answers that were drawn at random and judged by a person count."""

    model_config = ConfigDict(frozen=True)

    threshold: float
    """ANSWER_THRESHOLD, where no calibrated one decides."""
    thresholds: dict[str, float]
    """By language: what decided about most of its drafts in this report."""
    calibrated: tuple[Calibrated, ...]
    """What decides in the running bot; empty: the threshold is a default or a guess, and nothing is promised."""
    decided: dict[str, int]
    """By language of a calibrated threshold: drafts of this report that it decided about."""
    as_default: bool = False
    """Whether it was asked to leave the calibrated ones out of this report."""
    missing: dict[str, int]
    """Largest share of wrong answers, in per cent → how many audited answers without a mistake it takes."""

    @property
    def at(self) -> float | None:
        """The threshold of all languages; None: they have several."""
        values = set(self.thresholds.values()) or {self.threshold}
        return values.pop() if len(values) == 1 else None


def assurance(
    attempts: Sequence[Attempt], deciding: Deciding, calibrated: Sequence[Calibrated], *, as_default: bool = False
) -> Assurance:
    """Say which thresholds decided, and what stands behind them."""
    by_language: dict[str, Counter[float]] = {one.item.language: Counter() for one in attempts}
    by_version: Counter[tuple[str, str]] = Counter()
    for one in attempts:
        if one.draft is not None and one.threshold is not None:
            by_language[one.item.language][one.threshold] += 1
            by_version[one.item.language, version_of(one.draft)] += 1
    return Assurance(
        threshold=deciding.default,
        thresholds={
            language: counts.most_common(1)[0][0] if counts else deciding.default
            for language, counts in sorted(by_language.items(), reverse=True)
        },
        calibrated=tuple(calibrated),
        decided={row.language: 0 if as_default else by_version[row.language, row.version] for row in calibrated},
        as_default=as_default,
        missing={f"{limit:.0%}"[:-1]: fewest(limit, LEVEL) for limit in LIMITS},
    )
