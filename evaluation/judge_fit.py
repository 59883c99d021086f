"""Fits of the grounding score: on several collections for texts of any kind, on one collection for its own kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.judge import JudgedError, Measured, groups_of
from workers.grounding.features import sign
from workers.grounding.model import PENALTY, GroundingModel

# Each training file counts as so many rows, however long it is.
_ROWS_A_FILE: Final = 400.0
# What every collection agrees on; all that a small one can tell apart.
_FEW: Final = (
    "clause_mean", "clause_min", "best_recall", "facts_together", "grams", "names_share", "numbers_share",
    "rare_recall", "rare_unlike", "recall", "recall_all", "recall_soft",
)  # fmt: skip
_INNER_FOLDS: Final = 5
_KEPT: Final = 3


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to fit: which features, towards what, how strongly."""

    names: tuple[str, ...]
    penalty: float
    prior: GroundingModel | None = None

    def fit(self, measured: Measured, own: NDArray[np.bool_]) -> GroundingModel:
        rows = columns(measured, self.names)[own]
        return GroundingModel.fit(rows, measured.labels[own], self.names, penalty=self.penalty, prior=self.prior)


def columns(measured: Measured, names: Sequence[str]) -> NDArray[np.float64]:
    """Return the features of these names, float64[n, len(names)]."""
    return measured.features[:, [measured.names.index(name) for name in names]]


def fit(sets: Sequence[Measured], *, penalty: float = PENALTY) -> GroundingModel:
    """Fit on several collections together, each weighing the same; only features whose direction is known."""
    names = tuple(name for name in sets[0].names if sign(name))
    weights = [np.full(len(one.rows), _ROWS_A_FILE / len(one.rows)) for one in sets]
    return GroundingModel.fit(
        np.vstack([columns(one, names) for one in sets]),
        np.concatenate([one.labels for one in sets]),
        names,
        row_weights=np.concatenate(weights),
        penalty=penalty,
    )


def cross_validated(measured: Measured, folds: int, others: Sequence[Measured] = ()) -> NDArray[np.float64]:
    """Return log odds of every row, each from fits on the other folds; rows of a group stay together.

    Among ways to fit, the three with the least cross-entropy in a cross-validation of the training rows are averaged.
    With ``others`` some of the ways only move a fit on those collections.

    Raises:
        JudgedError: the rows are too few to be parted twice.
    """
    groups = np.array(groups_of(measured.rows))
    if (known := int(groups.max()) + 1) < (wanted := 2 * max(folds, _INNER_FOLDS)):
        raise JudgedError(f"These rows are about {known} different contexts and answers: {wanted} are wanted.")
    ways = _ways(measured, others)
    fold = balanced_folds(groups, measured.labels, folds, seed=1)
    found = np.zeros(len(groups))
    for one in range(folds):
        rest = fold != one
        for way in _best(ways, measured, groups, rest):
            model = way.fit(measured, rest)
            found[~rest] += model.log_odds(columns(measured, way.names)[~rest]) / _KEPT
    return found


def balanced_folds(groups: NDArray[np.int64], labels: NDArray[np.int64], folds: int, *, seed: int) -> NDArray[np.int64]:
    """Return each row's fold, groups whole, the labels' shares alike: uneven ones would shift folds' scores apart."""
    _, groups = np.unique(groups, return_inverse=True)
    sizes = np.stack([np.bincount(groups, weights=labels == label) for label in (0, 1)])
    share = sizes / np.maximum(sizes.sum(axis=1, keepdims=True), 1)
    order = np.random.default_rng(seed).permutation(len(share.T))
    filled, at = np.zeros((2, folds)), np.zeros(len(order), dtype=np.int64)
    for group in sorted(order, key=lambda one: -sizes[:, one].sum()):
        at[group] = (filled * share[:, [group]]).sum(axis=0).argmin()
        filled[:, at[group]] += share[:, group]
    return at[groups]


def _ways(measured: Measured, others: Sequence[Measured]) -> list[_Way]:
    found = [_Way(measured.names, penalty) for penalty in (30.0, 100.0, 300.0)]
    found += [_Way(_FEW, penalty) for penalty in (10.0, 30.0, 100.0)]
    if others:
        prior = fit(others, penalty=1000.0)
        found += [_Way(prior.names, penalty, prior) for penalty in (30.0, 100.0, 300.0)]
    return found


def _best(ways: Sequence[_Way], measured: Measured, groups: NDArray[np.int64], own: NDArray[np.bool_]) -> list[_Way]:
    fold = np.full(len(groups), -1)
    fold[own] = balanced_folds(groups[own], measured.labels[own], _INNER_FOLDS, seed=2)

    def loss(way: _Way) -> float:
        total = 0.0
        for one in range(_INNER_FOLDS):
            test = fold == one
            odds = way.fit(measured, own & ~test).log_odds(columns(measured, way.names)[test])
            total += float((np.logaddexp(0, odds) - measured.labels[test] * odds).sum())
        return total

    return sorted(ways, key=loss)[:_KEPT]
