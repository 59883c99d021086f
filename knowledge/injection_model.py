"""How much a message reads like an instruction to a model: logistic regression over hashed character n-grams."""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.hashed import HashedModel, probability

FILE: Final = Path(__file__).with_name("injection_weights.json")
SIZE: Final = 8192
"""Of the table that n-grams are hashed into; a power of two."""
LENGTHS: Final = (3, 4, 5)
MOST_CHARACTERS: Final = 1500
_PRIME: Final = np.uint64(1099511628211)


def rows(text: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the slots of the text's n-grams and their values, L2-normalised; both empty for one without any."""
    folded = f" {' '.join(text[:MOST_CHARACTERS].lower().split())} "
    letters = np.array([ord(letter) for letter in folded], dtype=np.uint64)
    slots = []
    for length in LENGTHS:
        if len(letters) < length:
            break
        windows = np.lib.stride_tricks.sliding_window_view(letters, length)
        hashed = np.full(len(windows), np.uint64(length))
        for column in range(length):
            hashed = (hashed ^ windows[:, column]) * _PRIME
        slots.append((hashed >> np.uint64(17)) & np.uint64(SIZE - 1))
    if not slots:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    places, counts = np.unique(np.concatenate(slots).astype(np.int64), return_counts=True)
    values = np.log1p(counts)
    return places, values / np.linalg.norm(values)


class InjectionModel(HashedModel):
    """Fitted weights; made by ``python -m evaluation.injection_training``."""

    __slots__ = ()

    def probability(self, text: str) -> float:
        """Return how likely the text is addressed to a model, 0..1, as far as its training set goes."""
        return probability(self.score(*rows(text)))


@cache
def bundled() -> InjectionModel:
    """Return the model of the package."""
    return InjectionModel.from_json(FILE.read_text(encoding="utf-8"))
