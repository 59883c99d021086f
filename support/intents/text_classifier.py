"""Any number of labels from a few examples each: which is meant, how likely, and whether it is any of them at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from knowledge.logistic import LogisticRegression
from support.intents.features import MessageFeatures
from support.intents.hinge import Rows, Weights, fit_hinge
from support.intents.topics import FEW_LABELS, topics_of

UNKNOWN: Final = -1
"""Label of an example that belongs to none of the labels."""
_SHARPNESS: Final = (0.5, 30.0)
_ALL_FOLDS: Final = 1500
"""Examples up to which each is left out once to calibrate; of more, only the first fold is."""
_FOLDS: Final = 10
_LABEL_FOLDS: Final = 5
_SIGNS_PENALTY: Final = 0.1
_STRANGER: Final = 2
"""Place among the signs of how much a text is like a stranger."""
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

        ``labels``: int64[n], 0..n_labels-1, or ``UNKNOWN``; ``vectors``: float32[n, d], one a text, L2-normalised: they
        are left aside where left-out examples are recognised worse by them, as by a model of another language.
        """
        features = MessageFeatures.fit(texts)
        rows = Rows(features.rows(texts), None)
        columns = np.where(labels == UNKNOWN, n_labels, labels)
        examples = _Examples(rows, rows.table(), columns, n_labels, row_weights)
        if vectors is not None:
            meant = Rows(rows.terms, vectors.astype(np.float64))
            with_vectors = replace(examples, rows=meant, table=meant.table())
            if with_vectors.is_better_than(examples):
                examples = with_vectors
        calibration, weights = examples.calibrate(), examples.weights()
        by_topic, topic_calibration, topic_weights = examples, calibration, weights
        if examples.rows.vectors is not None and n_labels < FEW_LABELS:
            topics = topics_of(columns, examples.rows.vectors, n_labels)
            by_topic = replace(examples, columns=topics, n_labels=int(topics[columns < n_labels].max()) + 1)
        if by_topic.n_labels > n_labels:
            topic_calibration, topic_weights = by_topic.calibrate(), by_topic.weights()
        sharpness = _sharpness(calibration.scores[:, :n_labels], calibration.labels)
        familiar = Familiarity.fit(topic_calibration, by_topic.n_labels, topic_weights)
        left_out = None
        if len(labels) <= _ALL_FOLDS:
            own = slice(0, len(labels))
            left_out = Readings(
                softmax(sharpness * calibration.scores[own, :n_labels], axis=1),
                familiar.of(topic_calibration.scores[own], topic_calibration.near[own]),
            )
        return cls(features, examples.rows, columns, n_labels, weights, sharpness, familiar, left_out)

    def read(self, texts: Sequence[str], vectors: NDArray[np.float32] | None = None) -> Readings:
        """Say of each text what it is; with vectors if it was fitted with them."""
        parts = [self._read(texts[at : at + _BATCH], None if vectors is None else vectors[at : at + _BATCH])
                 for at in range(0, max(1, len(texts)), _BATCH)]  # fmt: skip
        return Readings(np.vstack([one.probabilities for one in parts]), np.concatenate([one.known for one in parts]))

    def _read(self, texts: Sequence[str], vectors: NDArray[np.float32] | None) -> Readings:
        meant = None if vectors is None or self.rows.vectors is None else vectors.astype(np.float64)
        asked = Rows(self.features.rows(texts), meant)
        scores = self.weights.scores(asked)
        near = _near(asked, self.rows.take(self.labels < self.n_labels))
        by_topic = scores if self.familiar.weights is self.weights else self.familiar.weights.scores(asked)
        known = self.familiar.of(by_topic, near)
        return Readings(softmax(self.sharpness * scores[:, : self.n_labels], axis=1), known)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores of texts that the model which gave them has not seen."""

    scores: Floats
    near: Floats
    """float64[n, 2 or 3]: how much of it is in any example, similarity to the nearest by terms and by meaning."""
    labels: Labels
    """The label, or ``UNKNOWN`` where it was none of the model's labels."""
    in_truth: Labels
    """The label with which it came: ``UNKNOWN`` only of examples that belong to none."""


@dataclass(frozen=True, slots=True)
class Familiarity:
    """Whether a text is any of the labels: logistic regression on score, margin and nearness of examples.

    None of these may speak against a text, whatever a few labels that were left out seem to teach: AUROC .92 instead of
    .77 with three labels of ten examples (mean of six draws). A few broad labels hold many topics, and strangers are
    like none of *them*: it asks about topics then.
    """

    n_topics: int
    weights: Weights
    """The model of the topics; with many labels that of the labels."""
    centre: Floats
    scale: Floats
    model: LogisticRegression | None

    @classmethod
    def fit(cls, calibration: Calibration, n_topics: int, weights: Weights) -> Self:
        """Learn from examples left out alone (known) and left out with their whole topic (unknown)."""
        signs = _signs(calibration.scores, calibration.near, n_topics)
        known = (calibration.labels != UNKNOWN).astype(np.int64)
        centre, scale = signs.mean(axis=0), signs.std(axis=0) + 1e-9
        share = known.mean()
        if share in {0.0, 1.0}:
            return cls(n_topics, weights, centre, scale, None)
        # Messages that belong nowhere count as much as those whose topic was left out: the latter are many, and others.
        kinds = [
            known == 1,
            (known == 0) & (calibration.in_truth == UNKNOWN),
            (known == 0) & (calibration.in_truth != UNKNOWN),
        ]
        halves = 0.5 / sum(kind.any() for kind in kinds[1:])
        row_weights = sum(
            size * kind / max(1, kind.sum()) for size, kind in zip((0.5, halves, halves), kinds, strict=True)
        )
        model = LogisticRegression.fit(
            (signs - centre) / scale,
            known,
            n_classes=2,
            penalty=_SIGNS_PENALTY,
            row_weights=row_weights * len(known),
            directions=np.where(np.arange(signs.shape[1]) == _STRANGER, -1, 1),
        )
        return cls(n_topics, weights, centre, scale, model)

    def of(self, scores: Floats, near: Floats) -> Floats:
        """Return float64[n], 0..1; ``scores``: of the topics, float64[n, n_topics] or one column more for strangers."""
        if self.model is None:
            return np.ones(len(scores))
        signs = _signs(scores, near, self.n_topics)
        return self.model.probabilities((signs - self.centre) / self.scale)[:, 1]


def _signs(scores: Floats, near: Floats, n_labels: int) -> Floats:
    """Return float64[n, 5 or 6]: best score, margin, how much it is like a stranger, and how near the examples are."""
    own = scores[:, :n_labels]
    best_two = np.sort(own, axis=1)[:, -2:]
    stranger = scores[:, n_labels] if scores.shape[1] > n_labels else np.zeros(len(scores))
    return np.column_stack([best_two[:, 1], best_two[:, 1] - best_two[:, 0], stranger, near])


def _near(asked: Rows, known: Rows) -> Floats:
    """Return float64[n, 2 or 3]: the share of its terms that stand in an example, similarity to the nearest one."""
    seen = (np.asarray(known.terms.sum(axis=0)) > 0).astype(np.float64)
    found = [np.asarray((asked.terms * asked.terms) @ seen), (asked.terms @ known.terms.T).toarray().max(axis=1)]
    if asked.vectors is not None and known.vectors is not None:
        found.append((asked.vectors @ known.vectors.T).max(axis=1))
    return np.column_stack(found)


@dataclass(frozen=True, slots=True)
class _Examples:
    """What there is to learn from, and what models say that have seen only a part of it."""

    rows: Rows
    table: NDArray[np.float32]
    columns: Labels
    n_labels: int
    row_weights: Floats | None

    @property
    def target(self) -> Floats:
        """Zeros and ones, float64[n, n_labels], with a column more where there are strangers."""
        return np.eye(max(self.n_labels, int(self.columns.max()) + 1))[self.columns]

    def weights(self) -> Weights:
        """Return the model of all examples."""
        return self.rows.weights(fit_hinge(self.table, self.target, self.row_weights))

    def calibrate(self) -> Calibration:
        """Ask about examples that are left out: all of them if they are few."""
        return self._calibrate() if len(self.columns) <= _ALL_FOLDS else self._calibrate_at_once()

    def _calibrate(self) -> Calibration:
        """Leave each example out once among others at random, and once with its whole label: then it is a stranger."""
        order = np.random.default_rng(0).permutation(len(self.columns)) % _FOLDS
        own = self.columns < self.n_labels
        labels = np.where(own, self.columns, UNKNOWN)
        alone = self._folds(order, np.ones(len(order), dtype=bool))
        if self.n_labels <= 2:  # noqa: PLR2004  # without one of two labels there is nothing to choose from
            return Calibration(*alone, labels, labels)
        apart = self._folds(np.where(own, self.columns % _LABEL_FOLDS, UNKNOWN), own)
        strangers = np.full(int(own.sum()), UNKNOWN)
        return Calibration(
            np.vstack([alone[0], apart[0]]),
            np.vstack([alone[1], apart[1]]),
            np.append(labels, strangers),
            np.append(labels, labels[own]),
        )

    def _calibrate_at_once(self) -> Calibration:
        """Leave out a fifth of the labels and a tenth of the other examples, and ask about both."""
        own = self.columns < self.n_labels
        dropped = own & (self.columns % _LABEL_FOLDS == 0) & (self.n_labels > 2)  # noqa: PLR2004
        held = dropped | (np.random.default_rng(0).permutation(len(own)) % _FOLDS == 0)
        in_truth = np.where(own, self.columns, UNKNOWN)[held]
        labels = np.where(dropped[held], UNKNOWN, in_truth)
        return Calibration(*self._without(held), labels, in_truth)

    def is_better_than(self, other: "_Examples") -> bool:
        """Whether left-out examples are recognised as often as by the other, and their labels are likelier."""
        (surprise, right), (others, others_right) = self._trial(), other._trial()
        return surprise < others and right >= others_right

    def _trial(self) -> tuple[float, int]:
        """Leave a fifth out; return the mean negative log-likelihood of the labels, and how many are the likeliest."""
        held = np.random.default_rng(0).permutation(len(self.columns)) % _LABEL_FOLDS == 0
        scores, labels = self._without(held)[0][:, : self.n_labels], self.columns[held]
        own = labels < self.n_labels
        scores, labels = scores[own], labels[own]
        if not len(labels):
            return 0.0, 0
        likely = log_softmax(_sharpness(scores, labels) * scores, axis=1)
        surprise = -float(likely[np.arange(len(labels)), labels].mean())
        return surprise, int((scores.argmax(axis=1) == labels).sum())

    def _folds(self, fold: Labels, wanted: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        places = [np.flatnonzero(fold == number) for number in np.unique(fold[wanted])]
        found = [self._without(np.isin(np.arange(len(fold)), held)) for held in places]
        order = np.argsort(np.concatenate(places))
        return np.vstack([one for one, _ in found])[order], np.vstack([one for _, one in found])[order]

    def _without(self, held: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Return the scores and nearness of the held rows by a model of the others."""
        kept = ~held
        weights = None if self.row_weights is None else self.row_weights[kept]
        fitted = fit_hinge(self.table[np.ix_(kept, kept)], self.target[kept], weights)
        scores = (self.table[np.ix_(held, kept)] @ fitted.astype(np.float32)).astype(np.float64)
        return scores, _near(self.rows.take(held), self.rows.take(kept & (self.columns < self.n_labels)))


def _sharpness(scores: Floats, labels: Labels) -> float:
    """Return the factor that makes the softmax of left-out scores likeliest (temperature scaling, Guo et al. 2017)."""
    known = labels != UNKNOWN
    if not known.any():
        return 1.0
    own, right = scores[known], labels[known]

    def loss(factor: float) -> float:
        return -float(log_softmax(factor * own, axis=1)[np.arange(len(right)), right].mean())

    return float(minimize_scalar(loss, bounds=_SHARPNESS, method="bounded").x)
