"""How well the judge tells right drafts from wrong ones at the threshold, and from whose verdicts that is known.

*Precision*: of the answers that were sent, how many are right; from the random audit alone. *Recall*: of all right
drafts, how many were sent. That needs both: S answers sent of which the share p is right, and H drafts held back of
which the share q is right; recall = S·p / (S·p + H·q). p comes from the audit. q comes from the audit, too, once it has
judged ``ENOUGH`` drafts that were held back for their score, and H counts those: a random sample on both sides. Until
then q comes from operators' verdicts (sent as it stood = right; edited or discarded = not), H counts what failed a
check as well, and recall holds only as far as operators decide without picking. Its interval draws p and q from their
Beta posteriors (Jeffreys' prior).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from support.shares import SEED, Estimate, Part, middle
from support.watching.audited import Audited

ENOUGH: Final = 30
"""Audited drafts that were held back: of fewer the share is known to ± 0.2 at best."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What operators decided about drafts that were held back."""

    sent: int = 0
    edited: int = 0
    discarded: int = 0

    @property
    def right(self) -> Part:
        """How many were right as they stood."""
        return Part(self.sent, self.sent + self.edited + self.discarded)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a period's drafts."""

    sent: int
    held_for_score: int = 0
    held_by_checks: int = 0


@dataclass(frozen=True, slots=True)
class Judging:
    """The judge's figures; None where the verdicts are missing."""

    precision: Part
    """Of audited answers: right. «Cannot tell» is counted as not right."""
    cannot_tell: int
    held: Part
    """Of drafts held back about which somebody decided: right."""
    held_by: Literal["audit", "operators"]
    """Who decided: ``audit`` is a random sample."""
    recall: Estimate | None


def judging(audited: Sequence[Audited], held_audited: Sequence[Audited], labels: Labels, counts: Counts) -> Judging:
    """Put the verdicts together: of the audit on answers sent and on drafts held back, and of operators."""
    precision = _right(audited)
    by_audit = len(held_audited) >= ENOUGH
    right = _right(held_audited) if by_audit else labels.right
    held = counts.held_for_score if by_audit else counts.held_for_score + counts.held_by_checks
    return Judging(
        precision=precision,
        cannot_tell=sum(one.correct is None for one in (*audited, *(held_audited if by_audit else ()))),
        held=right,
        held_by="audit" if by_audit else "operators",
        recall=_recall(precision, right, counts.sent, held),
    )


def _right(audited: Sequence[Audited]) -> Part:
    return Part(sum(one.correct is True for one in audited), len(audited))


def _recall(right: Part, held_right: Part, sent: int, held: int) -> Estimate | None:
    p, q = right.value, held_right.value
    if not sent or p is None or (held and q is None):
        return None
    q = q or 0.0
    if not sent * p + held * q:
        return None
    chance = np.random.default_rng(SEED)
    of_sent, of_held = sent * right.draws(chance), held * held_right.draws(chance)
    return Estimate(sent * p / (sent * p + held * q), middle(of_sent / (of_sent + of_held)))
