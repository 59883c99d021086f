"""The judge's score fitted on a company's own labels, and whether that is any better than the score in force.

score = σ(bias + Σ weight · (feature - centre)), as in workers.judge; the fit starts from the shipped weights and is
held near them, by a penalty that cross-validation chooses. A weight never changes its sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.optimize import minimize

from evaluation.judge import area
from evaluation.judge_fit import balanced_folds
from evaluation.ranked import Mean, resamples
from support.draft_labels import Label
from support.jobs import JudgeFit
from workers.judge import BIAS, centred, shipped_weights

FEWEST: Final = 100
"""Labels. Of fits on rows of the public collections 28, 43 and 56 % were called better with 60, 100 and 150."""
FEWEST_OF_A_KIND: Final = 20
_FOLDS: Final = 5
_PENALTIES: Final = (1.0, 3.0, 10.0, 30.0, 100.0, 1e6)
"""On squared changes of the weights; the last one moves nothing but the bias."""

Floats = NDArray[np.float64]


class Standing(BaseModel):
    """What a score is worth on the labels."""

    model_config = ConfigDict(frozen=True)

    auroc: Mean
    brier: Mean
    sent: int
    """How many drafts reach the threshold."""
    sent_wrong: int


class Refit(BaseModel):
    """A fit beside the score in force, on the same labels; ``after`` by cross-validation."""

    model_config = ConfigDict(frozen=True)

    labels: int
    right: int
    compared: int
    """On how many of them both were compared: those that the score in force was not fitted on."""
    threshold: float
    before: Standing
    after: Standing
    brier_gain: Mean
    """By how much the Brier score falls, paired."""
    auroc_gain: Mean
    bias: float
    weights: dict[str, float]
    penalty: float

    @property
    def is_better(self) -> bool:
        """The Brier score is lower beyond chance, and the order not worse beyond chance."""
        return self.brier_gain.low > 0 and self.auroc_gain.high >= 0


class LabelsReport(BaseModel):
    """What the operators' verdicts allow."""

    model_config = ConfigDict(frozen=True)

    usable: int
    left_out: dict[str, int]
    """By reason."""
    missing: int
    fit: Refit | None
    """None: labels are missing."""


def missing(labels: Sequence[Label]) -> int:
    """How many labels are missing at least before a fit is worth trying; 0: enough."""
    right = sum(label.right for label in labels)
    of_a_kind = max(0, FEWEST_OF_A_KIND - right) + max(0, FEWEST_OF_A_KIND - (len(labels) - right))
    return max(FEWEST - len(labels), of_a_kind)


def refit(labels: Sequence[Label], own: Sequence[bool], force: JudgeFit | None, threshold: float) -> Refit:
    """Fit on all labels; compare with the score in force on ``own``, the labels that it was not fitted on.

    Labels of one customer are in the same fold, and are drawn together. Both kinds must be among ``own``.
    """
    names = tuple(shipped_weights())
    rows = _rows(labels, names)
    right = np.array([label.right for label in labels], dtype=np.int64)
    customers = np.array([label.customer_id for label in labels])
    compared = np.array(own, dtype=np.bool_)
    fold = balanced_folds(customers, right, _FOLDS, seed=1)
    odds = np.zeros(len(labels))
    for one in range(_FOLDS):
        rest = fold != one
        bias, weights = _best(rows[rest], right[rest], customers[rest])[1]
        odds[~rest] = rows[~rest] @ weights + bias
    penalty, (bias, weights) = _best(rows, right, customers)
    told = dict(zip(names, (round(float(weight), 4) for weight in weights), strict=True))
    then = np.array([shipped_weights()[name] for name in names]) if force is None else _weights(force, names)
    before = (rows @ then + (BIAS if force is None else force.bias))[compared]
    pair = _Pair(right[compared], before, odds[compared], resamples(list(customers[compared])))
    return Refit(
        labels=len(labels),
        right=int(right.sum()),
        compared=int(compared.sum()),
        threshold=threshold,
        before=pair.standing(before, threshold),
        after=pair.standing(odds[compared], threshold),
        brier_gain=pair.brier_gain(),
        auroc_gain=pair.auroc_gain(),
        bias=round(bias, 4),
        weights=told,
        penalty=penalty,
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two scores of the same answers as log odds, with how often each answer is drawn in each resample."""

    right: NDArray[np.int64]
    before: Floats
    after: Floats
    drawn: Floats

    def standing(self, odds: Floats, threshold: float) -> Standing:
        sent = 1 / (1 + np.exp(-odds)) >= threshold
        return Standing(
            auroc=area(odds, self.right, self.drawn),
            brier=self._mean(self._squares(odds)),
            sent=int(sent.sum()),
            sent_wrong=int((1 - self.right)[sent].sum()),
        )

    def brier_gain(self) -> Mean:
        return self._mean(self._squares(self.before) - self._squares(self.after))

    def auroc_gain(self) -> Mean:
        return area(self.after, self.right, self.drawn, less=self.before)

    def _squares(self, odds: Floats) -> Floats:
        return np.asarray((1 / (1 + np.exp(-odds)) - self.right) ** 2)

    def _mean(self, values: Floats) -> Mean:
        means = self.drawn @ values / np.maximum(self.drawn.sum(axis=1), 1e-9)
        low, high = np.percentile(means, [2.5, 97.5])
        return Mean(value=float(values.mean()), low=float(low), high=float(high))


def _rows(labels: Sequence[Label], names: Sequence[str]) -> Floats:
    found = [centred(label.features) for label in labels]
    return np.array([[one.get(name, 0.0) for name in names] for one in found], dtype=np.float64)


def _weights(fit: JudgeFit, names: Sequence[str]) -> Floats:
    return np.array([fit.weights[name] for name in names])


def _best(rows: Floats, right: NDArray[np.int64], customers: NDArray[np.int64]) -> tuple[float, tuple[float, Floats]]:
    """Return the penalty with the least cross-entropy in a cross-validation, and the fit with it."""
    fold = balanced_folds(customers, right, _FOLDS, seed=2)

    def loss(penalty: float) -> float:
        total = 0.0
        for one in range(_FOLDS):
            test = fold == one
            bias, weights = _fit(rows[~test], right[~test], penalty)
            odds = rows[test] @ weights + bias
            total += float((np.logaddexp(0, odds) - right[test] * odds).sum())
        return total

    best = min(_PENALTIES, key=loss)
    return best, _fit(rows, right, best)


def _fit(rows: Floats, right: NDArray[np.int64], penalty: float) -> tuple[float, Floats]:
    """Minimise cross-entropy + penalty/2 · ‖weights - shipped‖²; the bias is free, signs stay."""
    shipped = np.array(list(shipped_weights().values()))

    def loss(flat: Floats) -> tuple[float, Floats]:
        odds = rows @ flat[:-1] + flat[-1]
        away = flat[:-1] - shipped
        residual = 1 / (1 + np.exp(-odds)) - right
        value = float((np.logaddexp(0, odds) - right * odds).sum() + penalty / 2 * away @ away)
        return value, np.append(rows.T @ residual + penalty * away, residual.sum())

    bounds = [(0.0, None) if weight > 0 else (None, 0.0) for weight in shipped]
    found = minimize(loss, np.append(shipped, BIAS), jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return float(found.x[-1]), found.x[:-1]
