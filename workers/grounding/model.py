"""The grounding score: a logistic regression over the features, fitted on public judgements and shipped as weights."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from workers.grounding.features import measure, sign

SHIPPED: Final = Path(__file__).with_name("weights.json")
# Standard deviations beyond which a feature counts no further.
_FURTHEST: Final = 4.0
# Of a fit on kinds of text that it will not meet: little is left of it but what all features say together. Of 100 to
# 3,000 the strongest served unseen collections best.
PENALTY: Final = 3000.0


@dataclass(frozen=True, slots=True)
class GroundingModel:
    """P(supported) = σ(bias + Σ weight · clip((feature - mean) / deviation))."""

    names: tuple[str, ...]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    weights: NDArray[np.float64]
    """Never against a feature's sign: a better supported answer cannot score lower for it."""
    bias: float

    @classmethod
    def fit(
        cls,
        rows: NDArray[np.float64],
        labels: NDArray[np.int64],
        names: tuple[str, ...],
        *,
        row_weights: NDArray[np.float64] | None = None,
        penalty: float = PENALTY,
        prior: "GroundingModel | None" = None,
    ) -> Self:
        """Minimise weighted cross-entropy + penalty/2 · ‖weights - prior's‖² under the signs.

        ``rows``: float64[n, n_features]; without a ``prior`` (of the same names) towards 0. The bias is free.
        """
        times = np.ones(len(rows)) if row_weights is None else row_weights
        if prior is None:
            mean = np.average(rows, axis=0, weights=times)
            deviation = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=times)) + 1e-6
            start = np.zeros(len(names) + 1)
        else:
            mean, deviation, start = prior.mean, prior.deviation, np.append(prior.weights, prior.bias)
        scaled = _scaled(rows, mean, deviation)
        bounds = [{1: (0.0, None), -1: (None, 0.0)}.get(sign(name), (None, None)) for name in names]

        def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            logits = scaled @ flat[:-1] + flat[-1]
            value = float(times @ (np.logaddexp(0, logits) - labels * logits))
            residual = times * (1 / (1 + np.exp(-logits)) - labels)
            away = flat[:-1] - start[:-1]
            gradient = np.append(scaled.T @ residual + penalty * away, residual.sum())
            return value + penalty / 2 * float(away @ away), gradient

        from scipy.optimize import minimize  # noqa: PLC0415  # a worker scores without it

        fitted = minimize(
            loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)], options={"maxiter": 500}
        )
        return cls(names, mean, deviation, fitted.x[:-1], float(fitted.x[-1]))

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Self:
        """Read the weights."""
        stored = json.loads(path.read_text(encoding="utf-8"))
        names = tuple(stored["features"])
        mean, deviation, weights = np.array([stored["features"][name] for name in names], dtype=np.float64).T
        return cls(names, mean, deviation, weights, float(stored["bias"]))

    def dump(self, provenance: dict[str, object]) -> str:
        """Return the weights as JSON: feature → mean, deviation, weight."""
        table = np.stack([self.mean, self.deviation, self.weights], axis=1)
        features = {name: [round(float(x), 5) for x in row] for name, row in zip(self.names, table, strict=True)}
        text = json.dumps({"provenance": provenance, "bias": round(self.bias, 5), "features": features}, indent=1)
        return text + "\n"

    def log_odds(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return float64[n]."""
        found: NDArray[np.float64] = _scaled(rows, self.mean, self.deviation) @ self.weights + self.bias
        return found

    def probability(self, features: dict[str, float]) -> float:
        """Return the probability that the answer is supported, 0..1."""
        row = np.array([[features[name] for name in self.names]])
        return float(1 / (1 + np.exp(-self.log_odds(row)[0])))


def grounded(
    question: str, context: str, answer: str, model: GroundingModel | None = None
) -> tuple[float, dict[str, float]]:
    """Return the (shipped) model's probability that the context supports the answer, and what it was computed from."""
    features = measure(question, context, answer)
    return (model or shipped()).probability(features), features


@cache
def shipped() -> GroundingModel:
    """Return the model that comes with the product."""
    return GroundingModel.load()


def _scaled(
    rows: NDArray[np.float64], mean: NDArray[np.float64], deviation: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.clip((rows - mean) / deviation, -_FURTHEST, _FURTHEST)
