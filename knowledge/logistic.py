"""Logistic regression with an L2 penalty, multinomial, fitted by L-BFGS (scipy); rows may be sparse."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import log_softmax, softmax

Matrix = NDArray[np.float64] | csr_array


@dataclass(frozen=True, slots=True)
class LogisticRegression:
    """Fitted weights; two classes are a softmax over two columns."""

    weights: NDArray[np.float64]
    """float64[n_features, n_classes]."""
    bias: NDArray[np.float64]
    """float64[n_classes]."""

    @classmethod
    def fit(
        cls,
        rows: Matrix,
        labels: NDArray[np.int64],
        *,
        n_classes: int,
        penalty: float = 1.0,
        row_weights: NDArray[np.float64] | None = None,
        directions: NDArray[np.int64] | None = None,
    ) -> Self:
        """Minimise weighted cross-entropy + penalty/2 · ‖weights‖² (the bias is free).

        ``rows``: [n, n_features]; ``labels``: int64[n], 0..n_classes-1; deterministic. ``directions``, of two classes:
        int64[n_features], 1 where more of a feature may only speak for the second class, -1 where only for the first.
        """
        n, n_features = rows.shape
        weight = np.ones(n) if row_weights is None else row_weights
        target = np.zeros((n, n_classes))
        target[np.arange(n), labels] = 1.0

        def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            table = flat.reshape(n_features + 1, n_classes)
            weights, bias = table[:-1], table[-1]
            logits = rows @ weights + bias
            value = -float(weight @ (target * log_softmax(logits, axis=1)).sum(axis=1))
            residual = (softmax(logits, axis=1) - target) * weight[:, None]
            gradient = np.vstack([rows.T @ residual + penalty * weights, residual.sum(axis=0)])
            return value + penalty / 2 * float((weights**2).sum()), gradient.ravel()

        start = np.zeros((n_features + 1) * n_classes)
        bounds = None
        if directions is not None:
            free, up, down = (None, None), (0.0, None), (None, 0.0)
            bounds = [bound for one in directions for bound in ((down, up) if one > 0 else (up, down))] + [free, free]
        fitted = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
        table = fitted.x.reshape(n_features + 1, n_classes)
        return cls(weights=table[:-1], bias=table[-1])

    def probabilities(self, rows: Matrix) -> NDArray[np.float64]:
        """Return float64[n, n_classes]; each row sums to 1."""
        probabilities: NDArray[np.float64] = softmax(rows @ self.weights + self.bias, axis=1)
        return probabilities
