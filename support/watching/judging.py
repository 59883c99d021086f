"""How well the judge tells right drafts from wrong ones at the threshold, and from whose verdicts that is known.

*Precision*: of the answers that were sent, how many are right; from the random audit alone. *Recall*: of all right
drafts, how many were sent. That needs both: S answers sent of which the share p is right (audit), and H drafts held
back for a low score of which the share q is right (operators' verdicts: sent as it stood = right; edited or discarded =
not); recall = S·p / (S·p + H·q). Its interval draws p and q from their Beta posteriors (Jeffreys' prior), so it holds
only as far as operators decide about held drafts without picking the good ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from support.shares import SEED, Estimate, Part, middle
from support.watching.audited import Audited


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
class Judging:
    """The judge's figures; None where the verdicts are missing."""

    precision: Part
    """Of audited answers: right. «Cannot tell» is counted as not right."""
    cannot_tell: int
    held: Part
    """Of drafts held back about which an operator decided: right."""
    recall: Estimate | None


def judging(audited: Sequence[Audited], labels: Labels, *, sent: int, held: int) -> Judging:
    """Put the verdicts together. ``sent``, ``held``: answers sent, drafts held back for a low score in the period."""
    precision = Part(sum(one.correct is True for one in audited), len(audited))
    recall = _recall(precision, labels.right, sent, held)
    cannot_tell = sum(one.correct is None for one in audited)
    return Judging(precision, cannot_tell, labels.right, recall)


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
