"""One linear machine a class with squared hinge loss: a row that is clearly right no longer pulls at the weights."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

COST: Final = 0.5
"""Of a row on the wrong side, chosen on training rows of two sets: .15 is a point worse, 1.5 the same."""
VECTORS: Final = 2.0
"""Weight of the sentence vectors' kernel beside that of the terms, which is about 2.5; not tuned."""
_STEPS: Final = 40
_ENOUGH: Final = 3e-4
"""Of the first gradient's length."""
_LINE_STEPS: Final = 3
_STRIP: Final = 1000

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts as the kernel sees them: sparse terms and, with a sentence model, vectors."""

    terms: csr_array
    """float64[n, n_terms]."""
    vectors: Floats | None
    """float64[n, d], rows L2-normalised; None without a sentence model."""

    def kernel(self, others: "Rows") -> Floats:
        """Return float64[n, m]: inner products, a constant for the bias included."""
        product: Floats = (self.terms @ others.terms.T).toarray() + 1.0
        if self.vectors is not None and others.vectors is not None:
            product += VECTORS * (self.vectors @ others.vectors.T)
        return product

    def table(self) -> Singles:
        """Return float32[n, n], the kernel of these rows with each other: 15,000 rows take 900 MB."""
        n = self.terms.shape[0]
        table = np.empty((n, n), dtype=np.float32)
        for start in range(0, n, _STRIP):
            strip = np.zeros(n, dtype=bool)
            strip[start : start + _STRIP] = True
            table[strip] = self.take(strip).kernel(self)
        return table

    def weights(self, coefficients: Floats) -> "Weights":
        """Return the linear model that weighs these rows so."""
        dense = None if self.vectors is None else VECTORS * (self.vectors.T @ coefficients)
        return Weights(np.asarray(self.terms.T @ coefficients), dense, coefficients.sum(axis=0))

    def take(self, chosen: NDArray[np.bool_]) -> "Rows":
        """Return some of the rows."""
        return Rows(self.terms[chosen], None if self.vectors is None else self.vectors[chosen])


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model over the rows' columns."""

    terms: Floats
    """float64[n_terms, n_classes]."""
    vectors: Floats | None
    bias: Floats

    def scores(self, rows: Rows) -> Floats:
        """Return float64[n, n_classes]: above 0 for the right class, below for the others."""
        found: Floats = rows.terms @ self.terms + self.bias
        return found if self.vectors is None or rows.vectors is None else found + rows.vectors @ self.vectors


def fit_hinge(kernel: Singles, target: Floats, row_weights: Floats | None = None) -> Floats:
    """Return float64[n, n_classes], the coefficients of the rows; ``target``: 0 or 1, float64[n, n_classes].

    Minimises, for each class apart, ‖weights‖²/2 + cost · Σ weight · max(0, 1 − sign · score)² by conjugate gradients
    (Polak–Ribière) in the kernel's inner product, with a Newton search along each direction; one product with the
    kernel a step, for all classes at once.
    """
    sign = (2 * target - 1).astype(np.float32)
    weight = np.ones(len(sign)) if row_weights is None else row_weights
    cost = (2 * COST * weight).astype(np.float32)[:, None]
    alpha, scores = np.zeros_like(sign), np.zeros_like(sign)
    gradient = -cost * sign
    image = kernel @ gradient
    way, way_image = -gradient, -image
    length = first = _products(gradient, image)
    for _ in range(_STEPS):
        size = _along(sign, cost, scores, way_image, (_products(alpha, way_image), _products(way, way_image)))
        alpha += size * way
        scores += size * way_image
        following = alpha - cost * sign * np.maximum(0, 1 - sign * scores)
        following_image = kernel @ following
        following_length = _products(following, following_image)
        if following_length.sum() < _ENOUGH**2 * first.sum():
            break
        turn = (following_length - _products(following, image)) / np.maximum(length, np.float32(1e-12))
        turn = np.maximum(0, turn)
        way = turn * way - following
        way_image = turn * way_image - following_image
        gradient, image, length = following, following_image, following_length
    return alpha.astype(np.float64)


def _along(sign: Singles, cost: Singles, scores: Singles, way: Singles, norms: tuple[Singles, Singles]) -> Singles:
    """Return float32[n_classes], how far to go: Newton's method on a sum of pieces of parabolas.

    ``norms``: products of the way with the coefficients and with itself.
    """
    linear, square = norms
    size = np.zeros_like(linear)
    for _ in range(_LINE_STEPS):
        missing = np.maximum(0, 1 - sign * (scores + size * way))
        slope = linear + size * square - _products(cost * sign * missing, way)
        bend = square + _products(cost * (missing > 0) * way, way)
        size = size - slope / np.maximum(bend, np.float32(1e-12))
    return size


def _products(left: Singles, right: Singles) -> Singles:
    found: Singles = np.einsum("ij,ij->j", left, right)
    return found
