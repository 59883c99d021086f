"""The embedder trained on the base itself: latent semantic analysis of stems, concepts and character 4-grams."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from knowledge.concepts import concepts_in
from knowledge.counting import Counts, Tally, tally
from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import grams, stem, words

KIND_WEIGHTS = {"s": 0.6, "g": 0.3, "c": 0.75}
"""Share of stems, grams and concepts in a text's feature vector."""
MIN_DIMENSIONS = 32
MAX_DIMENSIONS = 128
"""Between them one for ten texts: a small base has few subjects to tell apart, a large one loses them in too few."""
_MAX_FEATURES = 40_000
_DENSE_UP_TO = 1_500
_SPARE = 20
_ROUNDS = 3
_SEED = 12
"""Of the random start: the same base always gives the same vectors."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """Weights of features and their projection."""

    vocabulary: dict[str, int]
    weights: NDArray[np.float32]
    """float32[n_features]: smoothed idf."""
    projection: NDArray[np.float32]
    """float32[n_features, n_dimensions], C order: any other is copied for every question."""

    @classmethod
    def train(cls, texts: Sequence[str]) -> tuple[Self, NDArray[np.float32]]:
        """Fit on all texts of the base and return their vectors too, as ``embed`` would; deterministic."""
        return cls.fit(tally(texts))

    @classmethod
    def fit(cls, counted: Tally) -> tuple[Self, NDArray[np.float32]]:
        """Do the same with texts that are counted already."""
        n_texts = counted.terms.table.shape[0]
        holding = {
            f"{kind}:{token}": texts
            for kind, counts in _kinds(counted)
            for token, texts in zip(counts.tokens, counts.held(), strict=True)
            if texts
        }
        common = sorted(holding, key=lambda feature: (-holding[feature], feature))[:_MAX_FEATURES]
        vocabulary = {feature: number for number, feature in enumerate(sorted(common))}
        weights = np.array([np.log((1 + n_texts) / (1 + holding[f])) + 1 for f in vocabulary], dtype=np.float32)
        rows = _matrix(counted, vocabulary, weights)
        embedder = cls(vocabulary, weights, np.ascontiguousarray(_components(rows), dtype=np.float32))
        return embedder, normalised(rows @ embedder.projection)

    def embed_counted(self, counted: Tally) -> NDArray[np.float32]:
        """Return what ``embed`` returns for texts that are counted already."""
        return normalised(_matrix(counted, self.vocabulary, self.weights) @ self.projection)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n, n_dimensions], L2-normalised; a text without a known feature is a zero row."""
        return self.embed_counted(tally(texts))

    def project(self, text: str) -> NDArray[np.float32]:
        """Return float32[n_dimensions]: the shorter, the less of the text the base speaks of."""
        spoken = words(text)
        meant = [word for word in spoken if word not in STOP_WORDS]
        kinds = (("s", map(stem, meant)), ("g", grams(meant)), ("c", concepts_in(spoken)))
        projected = np.zeros(self.projection.shape[1], dtype=np.float32)
        for kind, tokens in kinds:
            times = Counter(tokens)
            numbers = np.array([self.vocabulary.get(f"{kind}:{token}", -1) for token in times], dtype=np.int64)
            rows = np.zeros(len(numbers), dtype=np.int64)
            values = _values(kind, rows, numbers, np.array([*times.values()], dtype=np.int64), self.weights)
            known = numbers >= 0
            projected += values[known].astype(np.float32) @ self.projection[numbers[known]]
        return projected


def normalised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide each row by its length; zero rows stay zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: NDArray[np.float32] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return result


def _kinds(counted: Tally) -> tuple[tuple[str, Counts], ...]:
    return ("s", counted.terms), ("g", counted.grams), ("c", counted.concepts)


def _matrix(counted: Tally, vocabulary: Mapping[str, int], weights: NDArray[np.float32]) -> csr_array:
    """Return float32[n_texts, n_features]."""
    parts = []
    for kind, counts in _kinds(counted):
        table = counts.table
        of_token = np.array([vocabulary.get(f"{kind}:{token}", -1) for token in counts.tokens], dtype=np.int64)
        rows, numbers = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr)), of_token[table.indices]
        values, known = _values(kind, rows, numbers, table.data, weights), numbers >= 0
        parts.append((values[known], rows[known], numbers[known]))
    values, rows, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    shape = (counted.terms.table.shape[0], len(vocabulary))
    return csr_array((values.astype(np.float32), (rows, columns)), shape=shape)


def _values(
    kind: str,
    rows: NDArray[np.int64],
    numbers: NDArray[np.int64],
    times: NDArray[np.integer],
    weights: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Weigh cells of one kind, each (text, feature, how often); -1: a feature that the base does not know.

    What it does not know still takes its share of a text's length.
    """
    weight = np.append(weights, weights.max(initial=0.0))[numbers]
    values = (1 + np.log(times)) * weight
    lengths = np.sqrt(np.bincount(rows, values**2))
    values *= KIND_WEIGHTS[kind] / np.maximum(lengths[rows], 1e-9)
    result: NDArray[np.float64] = values
    return result


def _components(rows: csr_array) -> NDArray[np.float64]:
    """Right singular vectors, float64[n_features, k], strongest first."""
    n, n_features = rows.shape
    dimensions = int(np.clip(n // 10, MIN_DIMENSIONS, MAX_DIMENSIONS))
    rows = rows.astype(np.float64)
    if n <= _DENSE_UP_TO or n_features <= dimensions + 1:
        values, left = np.linalg.eigh((rows @ rows.T).toarray())
        order = np.argsort(-values)[:dimensions]
        order = order[values[order] > values.max() * 1e-9]
        right = (rows.T @ left[:, order]) / np.sqrt(values[order])
    else:
        right = _randomised(rows.astype(np.float32), dimensions)
    return np.asarray(right, dtype=np.float64)


def _randomised(rows: csr_array, dimensions: int) -> NDArray[np.float32]:
    """Right singular vectors by subspace iteration from random directions (Halko, Martinsson & Tropp 2011)."""
    chance = np.random.default_rng(_SEED)
    start = chance.standard_normal((rows.shape[1], dimensions + _SPARE), dtype=np.float32)
    basis, _ = np.linalg.qr(rows @ start)
    for _ in range(_ROUNDS):
        turned, _ = np.linalg.qr(rows.T @ basis)
        basis, _ = np.linalg.qr(rows @ turned)
    _, _, right = np.linalg.svd((rows.T @ basis).T, full_matrices=False)
    result: NDArray[np.float32] = right[:dimensions].T
    return result
