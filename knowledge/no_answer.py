"""The no-answer model: from raw features of a search to the probability that its passages suffice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge.bm25 import CompiledBM25
from knowledge.concepts import Mention, is_everyday, mentions, narrowest
from knowledge.index import Index
from knowledge.logistic import LogisticRegression
from knowledge.ranking import Ranking, emphasised
from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import grams, is_code, stem, words

FEATURES = (
    "meaning",
    "evidence",
    "coverage",
    "term_coverage",
    "lexical",
    "characters",
    "foreign",
    "log_words",
    "score",
)
"""Names in the order of the model's weights."""
OF_A_SMALL_BASE = frozenset(FEATURES) - {"score"}
OF_A_LARGE_BASE = frozenset({"meaning", "lexical", "characters", "score"})
"""What tells whether there is an answer, measured: few articles say it in other words, which concepts bridge. A large
base knows some word of every question, and only how much one passage says of it tells anything: docs/adr/0015."""

_CONCEPT_CREDIT = 0.8
_EVERYDAY_WEIGHT = 0.2
_UNSAID_WEIGHT = 0.5
"""Of what customers often talk of and the base does not: less foreign than a word that nobody ever uses."""
_EVERYDAY_HELD = 0.5
"""Of a word of everyday speech that the base happens to use too."""
_TINY = 1e-9
_PENALTY = 0.015
"""Of L2, for each example: strong, because the features say much the same and must not cancel one another out."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a question's weight the best passage speaks of."""

    best: float
    terms: float
    foreign: float
    """Share of words that neither the base nor everyday speech knows."""
    units: int
    """Words and phrases that carry meaning."""


def features(index: Index, query: str, ranking: Ranking, among: NDArray[np.bool_]) -> dict[str, float]:
    """Return the raw features by name; ``among`` are the chunks that were searched (bool[n_chunks])."""
    if not ranking.order:
        return dict.fromkeys(FEATURES, 0.0) | {"foreign": 1.0}
    order = list(ranking.order)
    covered = _coverage(index, query, order[0], among)
    weights = emphasised(query)
    possible = sum(weight * index.lexical.maximum([stem(word)]) for word, weight in weights)
    return {
        "meaning": float(ranking.meaning[order].max()),
        "evidence": float(ranking.vector[order].max()) * ranking.grasp,
        "coverage": covered.best,
        "term_coverage": covered.terms,
        "lexical": float(ranking.lexical[order[0]]) / max(possible, _TINY),
        "characters": _share_held(index.characters, list(grams(word for word, _ in weights)), order[0]),
        "foreign": covered.foreign,
        "log_words": float(np.log1p(covered.units)),
        "score": float(ranking.lexical.max(where=among, initial=0.0)),
    }


def _share_held(table: CompiledBM25, tokens: Sequence[str], row: int) -> float:
    """Return which share of the tokens' weight the chunk holds, 0..1."""
    weights = {token: table.weight(token) for token in tokens}
    held = sum(weight for token, weight in weights.items() if _is_held(table, token, row))
    return held / max(sum(weights.values()), _TINY)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A word or phrase of the question: its weight, and whether anybody says it."""

    weight: float
    said: bool
    """By the best passage, literally."""
    alike: bool
    """By the best passage, in other words."""
    known: bool
    """By some passage, or in everyday speech."""


def _units(index: Index, query: str, best: int, among: NDArray[np.bool_]) -> Iterator[_Unit]:
    spoken = words(query)
    found = {mention.start: mention for mention in mentions(spoken)}
    start, before = 0, ""
    told: set[tuple[str, ...]] = set()
    while start < len(spoken):
        mention = found.get(start, Mention(start, start + 1, ()))
        together = tuple(spoken[start : mention.end])
        content = [word for word in together if word not in STOP_WORDS]
        if (content or mention.concepts) and together not in told:
            told.add(together)
            yield _unit(index, content, mention.concepts, best, among)
            if content[:1] and content[0].isdecimal() and _is_name(index, before, best):
                said = _is_held(index.lexical, content[0], best)
                yield _Unit(index.lexical.weight(before), said, alike=False, known=False)
        before = stem(content[-1]) if content and not mention.concepts else ""
        start = mention.end


def _is_name(index: Index, word: str, best: int) -> bool:
    """Say whether the best passage speaks of a thing by this name, so that the number behind it must be the same."""
    return bool(word) and not is_everyday(word) and _is_held(index.lexical, word, best)


def _unit(index: Index, content: Sequence[str], meant: Sequence[str], best: int, among: NDArray[np.bool_]) -> _Unit:
    stems = [stem(word) for word in content]
    literal = [index.lexical.holders(term) for term in stems]
    together = reduce(_common, literal[1:], literal[0]) if literal else np.zeros(0, dtype=np.int32)
    holders = bool(among[together].any())
    names = narrowest(meant)
    alike = any(among[index.concepts.holders(name)].any() for name in names)
    weight = max((index.lexical.weight(term) for term in stems), default=0.0)
    if meant and len(stems) != 1:
        weight = max(index.concepts.weight(name) for name in meant)
    quiet = all(_says_nothing(word) for word in content) and not alike
    if quiet:
        weight *= _EVERYDAY_HELD if holders else _EVERYDAY_WEIGHT
    elif meant and names == tuple(meant) and not holders and not alike:
        weight *= _UNSAID_WEIGHT
    return _Unit(
        weight,
        said=bool(stems) and all(_is_held(index.lexical, term, best) for term in stems),
        alike=any(_is_held(index.concepts, name, best) for name in names),
        known=quiet or holders or alike,
    )


def _coverage(index: Index, query: str, best: int, among: NDArray[np.bool_]) -> Coverage:
    units = list(_units(index, query, best, among))
    total = sum(unit.weight for unit in units)
    if not total:
        return Coverage(0.0, 0.0, 1.0, 0)
    return Coverage(
        best=sum(unit.weight * (1.0 if unit.said else _CONCEPT_CREDIT * unit.alike) for unit in units) / total,
        terms=sum(unit.said or unit.alike for unit in units) / len(units),
        foreign=sum(unit.weight for unit in units if not unit.known) / total,
        units=len(units),
    )


def _says_nothing(word: str) -> bool:
    """Words around the subject, and the customer's own numbers and codes: no base can know them."""
    return is_everyday(word) or word.isdecimal() or is_code(word)


def _common(some: NDArray[np.int32], others: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.intersect1d(some, others, assume_unique=True)


def _is_held(table: CompiledBM25, token: str, row: int) -> bool:
    """Say whether the chunk holds the token; holders rise."""
    holders = table.holders(token)
    place = int(np.searchsorted(holders, row))
    return place < len(holders) and int(holders[place]) == row


@dataclass(frozen=True, slots=True)
class NoAnswerModel:
    """Logistic regression over standardised features, a mixture of two by the size of the base."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    @classmethod
    def fit(
        cls,
        rows: Sequence[Mapping[str, float]],
        answerable: Sequence[bool],
        importance: Sequence[tuple[float, float]],
        *,
        largeness: float,
    ) -> Self:
        """Fit; both classes weigh the same whatever their counts, inside a class rows weigh by importance.

        ``importance``: in a small and in a large base. ``largeness``: of this one, 0..1; by it a regression for small
        bases and one for large bases are mixed.
        """
        table = np.array([[row[name] for name in FEATURES] for row in rows])
        labels = np.array(answerable, dtype=np.int64)
        mean, scale = table.mean(axis=0), table.std(axis=0)
        scale[scale < 1e-9] = 1.0  # noqa: PLR2004  # a constant feature tells nothing and must not divide by zero
        weights, bias = np.zeros(len(FEATURES)), 0.0
        kinds = ((1 - largeness, OF_A_SMALL_BASE), (largeness, OF_A_LARGE_BASE))
        for (share, used), weight in zip(kinds, np.array(importance).T, strict=True):
            columns = [number for number, name in enumerate(FEATURES) if name in used]
            balance = weight.sum() / (2 * np.maximum(np.bincount(labels, weight, minlength=2), 1e-9))
            model = LogisticRegression.fit(
                ((table - mean) / scale)[:, columns],
                labels,
                n_classes=2,
                penalty=_PENALTY * weight.sum(),
                row_weights=weight * balance[labels],
            )
            weights[columns] += share * (model.weights[:, 1] - model.weights[:, 0])
            bias += share * float(model.bias[1] - model.bias[0])
        return cls(mean, scale, weights, bias)

    def probability(self, found: Mapping[str, float]) -> float:
        """Return the probability, 0..1, that the passages suffice."""
        row = np.array([found[name] for name in FEATURES])
        logit = float(((row - self.mean) / self.scale) @ self.weights + self.bias)
        return float(1 / (1 + np.exp(-np.clip(logit, -50, 50))))

    def to_json(self) -> dict[str, object]:
        """Return what is stored in a release."""
        return {
            "features": list(FEATURES),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "weights": self.weights.tolist(),
            "bias": self.bias,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Self:
        """Rebuild from ``to_json``.

        Raises:
            ValueError: it was made for other features.
        """
        if value.get("features") != list(FEATURES):
            raise ValueError("the no-answer model was made for other features")
        mean, scale, weights = (np.array(value[name], dtype=np.float64) for name in ("mean", "scale", "weights"))
        return cls(mean, scale, weights, bias=float(str(value["bias"])))
