"""Any number of labels from a few examples each: which is meant, how likely, and whether it is any of them at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from knowledge.logistic import LogisticRegression
from support.intents.features import MessageFeatures
from support.intents.ridge import DIRECT, Ridge, Rows, Weights

UNKNOWN: Final = -1
"""Label of an example that belongs to none of the labels."""
_SHARPNESS: Final = (1.0, 60.0)
_HELD_OUT: Final = 5
"""With many examples each fifth one, and each fifth label, is left out to calibrate."""
_SIGNS_PENALTY: Final = 0.1
_BATCH: Final = 500

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Readings:
    """What is thought of some texts."""

    probabilities: Floats
    """float64[n, n_labels] of the labels, provided that it is one of them; each row sums to 1."""
    known: Floats
    """float64[n], 0..1: that it is one of them, where examples and strangers are equally frequent."""


@dataclass(frozen=True, slots=True)
class TextClassifier:
    """Fitted on examples; immutable and safe to share between threads."""

    features: MessageFeatures
    rows: Rows
    labels: Labels
    n_labels: int
    weights: Weights
    sharpness: float
    """What the scores are multiplied by before they become probabilities: fitted on left-out scores."""
    familiar: "Familiarity"
    left_out: Readings | None
    """Of each example by a model that has not seen it; None when there are too many of them."""

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: Labels,
        *,
        n_labels: int,
        vectors: NDArray[np.float32] | None = None,
        row_weights: Floats | None = None,
    ) -> Self:
        """Learn from examples; deterministic; 500 take half a second.

        ``labels``: int64[n], 0..n_labels-1, or ``UNKNOWN``; ``vectors``: float32[n, d], one a text, L2-normalised.
        """
        features = MessageFeatures.fit(texts)
        rows = Rows(features.rows(texts), None if vectors is None else vectors.astype(np.float64))
        columns = np.where(labels == UNKNOWN, n_labels, labels)
        target = np.eye(n_labels + 1 if (labels == UNKNOWN).any() else n_labels)[columns]
        fitted = Ridge.fit(rows, target, row_weights)
        if fitted.inverse is None:
            calibration = _by_holding_out(rows, target, columns, n_labels)
        else:
            calibration = _by_leaving_out(fitted, rows, columns, n_labels)
        sharpness = _sharpness(calibration.scores[:, :n_labels], calibration.labels)
        familiar = Familiarity.fit(calibration, n_labels)
        left_out = None
        if fitted.inverse is not None:
            own = slice(0, len(labels))
            left_out = Readings(
                softmax(sharpness * calibration.scores[own, :n_labels], axis=1),
                familiar.of(_signs(calibration.scores[own], calibration.nearest[own], n_labels)),
            )
        return cls(features, rows, columns, n_labels, fitted.weights, sharpness, familiar, left_out)

    def read(self, texts: Sequence[str], vectors: NDArray[np.float32] | None = None) -> Readings:
        """Say of each text what it is; with vectors if and only if it was fitted with them."""
        parts = [self._read(texts[at : at + _BATCH], None if vectors is None else vectors[at : at + _BATCH])
                 for at in range(0, max(1, len(texts)), _BATCH)]  # fmt: skip
        return Readings(np.vstack([one.probabilities for one in parts]), np.concatenate([one.known for one in parts]))

    def _read(self, texts: Sequence[str], vectors: NDArray[np.float32] | None) -> Readings:
        asked = Rows(self.features.rows(texts), None if vectors is None else vectors.astype(np.float64))
        scores = self.weights.scores(asked)
        signs = _signs(scores, _nearest(asked, self.rows.take(self.labels < self.n_labels)), self.n_labels)
        return Readings(softmax(self.sharpness * scores[:, : self.n_labels], axis=1), self.familiar.of(signs))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores of texts that the model which gave them has not seen."""

    scores: Floats
    nearest: Floats
    """float64[n, 1 or 2]: similarity to the nearest example by terms and, with vectors, by meaning."""
    labels: Labels
    """The label, or ``UNKNOWN`` where it was none of the model's labels."""


@dataclass(frozen=True, slots=True)
class Familiarity:
    """Whether a text is any of the labels: logistic regression on best score, margin and nearest examples."""

    centre: Floats
    scale: Floats
    model: LogisticRegression | None

    @classmethod
    def fit(cls, calibration: Calibration, n_labels: int) -> Self:
        """Learn from examples left out alone (known) and left out with their whole label (unknown)."""
        signs = _signs(calibration.scores, calibration.nearest, n_labels)
        known = (calibration.labels != UNKNOWN).astype(np.int64)
        centre, scale = signs.mean(axis=0), signs.std(axis=0) + 1e-9
        share = known.mean()
        if share in {0.0, 1.0}:
            return cls(centre, scale, None)
        weights = np.where(known == 1, 0.5 / share, 0.5 / (1 - share))
        model = LogisticRegression.fit(
            (signs - centre) / scale, known, n_classes=2, penalty=_SIGNS_PENALTY, row_weights=weights
        )
        return cls(centre, scale, model)

    def of(self, signs: Floats) -> Floats:
        """Return float64[n], 0..1."""
        if self.model is None:
            return np.ones(len(signs))
        return self.model.probabilities((signs - self.centre) / self.scale)[:, 1]


def _signs(scores: Floats, nearest: Floats, n_labels: int) -> Floats:
    """Return float64[n, 4 or 5]: best score, margin, how much it is like a stranger, similarity to the nearest."""
    own = scores[:, :n_labels]
    best_two = np.sort(own, axis=1)[:, -2:]
    stranger = scores[:, n_labels] if scores.shape[1] > n_labels else np.zeros(len(scores))
    return np.column_stack([best_two[:, 1], best_two[:, 1] - best_two[:, 0], stranger, nearest])


def _nearest(asked: Rows, known: Rows) -> Floats:
    return _similarities(asked, known, None)


def _similarities(asked: Rows, known: Rows, allowed: NDArray[np.bool_] | None) -> Floats:
    """Return float64[n, 1 or 2]; ``allowed``: bool[n, m], the examples that count for each."""
    terms = (asked.terms @ known.terms.T).toarray()
    both = [terms]
    if asked.vectors is not None and known.vectors is not None:
        both.append(asked.vectors @ known.vectors.T)
    if allowed is not None:
        both = [np.where(allowed, one, 0.0) for one in both]
    return np.column_stack([one.max(axis=1) for one in both])


def _by_leaving_out(fitted: Ridge, rows: Rows, columns: Labels, n_labels: int) -> Calibration:
    """Each example once alone, and once with its whole label, which makes it a stranger."""
    alone = fitted.left_out(np.arange(len(columns)))
    own = columns < n_labels
    candidates = np.broadcast_to(own, (len(columns), len(columns)))
    others = candidates & ~np.eye(len(columns), dtype=bool)
    labels = np.where(own, columns, UNKNOWN)
    if n_labels <= 2:  # noqa: PLR2004  # without one of two labels there is nothing to choose from
        return Calibration(alone, _similarities(rows, rows, others), labels)
    apart = fitted.left_out(columns)
    apart[np.arange(len(columns)), columns] = -np.inf
    apart = np.where(np.isinf(apart), apart.min(axis=1, where=~np.isinf(apart), initial=1.0)[:, None], apart)[own]
    strange = _similarities(rows, rows, others & (columns[:, None] != columns[None, :]))[own]
    return Calibration(
        np.vstack([alone, apart]),
        np.vstack([_similarities(rows, rows, others), strange]),
        np.concatenate([labels, np.full(int(own.sum()), UNKNOWN)]),
    )


def _by_holding_out(rows: Rows, target: Floats, columns: Labels, n_labels: int) -> Calibration:
    """A model without a fifth of the labels and a fifth of the other examples, asked about both."""
    assert len(columns) > DIRECT  # noqa: S101  # fewer are left out one by one
    dropped = (columns < n_labels) & (columns % _HELD_OUT == 0)
    held = dropped | (np.arange(len(columns)) * 7919 % _HELD_OUT == 0)
    kept = ~held
    labels = np.where(dropped | (columns == n_labels), UNKNOWN, columns)[held]
    scores = Ridge.fit(rows.take(kept), target[kept]).weights.scores(rows.take(held))
    own = kept & (columns < n_labels)
    return Calibration(scores, _nearest(rows.take(held), rows.take(own)), labels)


def _sharpness(scores: Floats, labels: Labels) -> float:
    """Return the factor that makes the softmax of left-out scores likeliest (temperature scaling, Guo et al. 2017)."""
    known = labels != UNKNOWN
    if not known.any():
        return 1.0
    own, right = scores[known], labels[known]

    def loss(factor: float) -> float:
        return -float(log_softmax(factor * own, axis=1)[np.arange(len(right)), right].mean())

    return float(minimize_scalar(loss, bounds=_SHARPNESS, method="bounded").x)
