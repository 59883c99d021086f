"""A linear model whose features are hashed into a table, stored in a byte a slot."""

import base64
import json
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

_MOST: Final = 127.0


@dataclass(frozen=True, slots=True)
class HashedModel:
    """Fitted weights."""

    weights: NDArray[np.float64]
    """float64[size of the table]."""
    bias: float

    def score(self, places: NDArray[np.int64], values: NDArray[np.float64]) -> float:
        """Return the log odds of a row by the slots of its features and their values, each [n_features]."""
        return float(self.weights[places] @ values) + self.bias

    def to_json(self) -> str:
        """Return the weights in a byte each."""
        scale = float(np.abs(self.weights).max()) / _MOST or 1.0
        packed = base64.b64encode(np.rint(self.weights / scale).astype(np.int8).tobytes()).decode()
        return json.dumps({"scale": round(scale, 9), "bias": round(self.bias, 6), "weights": packed}) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild from ``to_json``."""
        value = json.loads(text)
        packed = np.frombuffer(base64.b64decode(value["weights"]), dtype=np.int8)
        return cls(packed.astype(np.float64) * value["scale"], value["bias"])


def probability(log_odds: float) -> float:
    """Return 0..1."""
    return float(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))))
