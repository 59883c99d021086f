"""The embedder trained on the base itself: latent semantic analysis of stems, concepts and character 4-grams."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from knowledge.concepts import concepts
from knowledge.tokens import terms, text_grams

KIND_WEIGHTS = {"s": 0.6, "g": 0.3, "c": 0.75}
"""Share of stems, grams and concepts in a text's feature vector."""
MIN_DIMENSIONS = 32
MAX_DIMENSIONS = 300
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
        return cls.fit([features(text) for text in texts])

    @classmethod
    def fit(cls, counts: Sequence[Mapping[str, int]]) -> tuple[Self, NDArray[np.float32]]:
        """Do the same with the texts' ``features``."""
        holding = Counter(feature for found in counts for feature in found)
        common = sorted(holding, key=lambda feature: (-holding[feature], feature))[:_MAX_FEATURES]
        vocabulary = {feature: number for number, feature in enumerate(sorted(common))}
        weights = np.array([np.log((1 + len(counts)) / (1 + holding[f])) + 1 for f in vocabulary], dtype=np.float32)
        rows = _matrix(counts, vocabulary, weights)
        embedder = cls(vocabulary, weights, np.ascontiguousarray(_components(rows), dtype=np.float32))
        return embedder, normalised(rows @ embedder.projection)

    def embed_counted(self, counts: Sequence[Mapping[str, int]]) -> NDArray[np.float32]:
        """Return what ``embed`` returns, from the texts' ``features``."""
        return normalised(_matrix(counts, self.vocabulary, self.weights) @ self.projection)

    def project(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n, n_dimensions]: the shorter a row, the less of its text the base speaks of."""
        rows = _matrix([features(text) for text in texts], self.vocabulary, self.weights)
        projected: NDArray[np.float32] = rows @ self.projection
        return projected

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n, n_dimensions], L2-normalised; a text without a known feature is a zero row."""
        return normalised(self.project(texts))


def normalised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide each row by its length; zero rows stay zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: NDArray[np.float32] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return result


def features(text: str) -> Counter[str]:
    """Count stems (``s:``), 4-grams (``g:``) and concepts (``c:``)."""
    found: Counter[str] = Counter()
    for kind, tokens in (("s", terms(text)), ("g", text_grams(text)), ("c", concepts(text))):
        found.update(f"{kind}:{token}" for token in tokens)
    return found


def _matrix(
    counts: Sequence[Mapping[str, int]], vocabulary: Mapping[str, int], weights: NDArray[np.float32]
) -> csr_array:
    indices: list[int] = []
    values: list[float] = []
    starts = [0]
    unknown = float(weights.max(initial=0.0))
    for found in counts:
        kinds: dict[str, list[tuple[int | None, float]]] = {kind: [] for kind in KIND_WEIGHTS}
        for feature in sorted(found):
            number = vocabulary.get(feature)
            weight = unknown if number is None else float(weights[number])
            kinds[feature[0]].append((number, (1 + np.log(found[feature])) * weight))
        for kind, cells in kinds.items():
            # What the base does not know still takes its share of the length.
            length = float(np.sqrt(sum(value**2 for _, value in cells))) or 1.0
            known = [(number, value) for number, value in cells if number is not None]
            indices.extend(number for number, _ in known)
            values.extend(value / length * KIND_WEIGHTS[kind] for _, value in known)
        starts.append(len(indices))
    shape = (len(counts), len(vocabulary))
    return csr_array(
        (np.array(values, np.float32), np.array(indices, np.int32), np.array(starts, np.int32)), shape=shape
    )


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
