"""Clusters of questions: those that want the same article stand together. Pure; numpy and scipy.

The texts are compared by stems, 4-grams and the thesaurus's concepts (both languages), weighed by how rare they are
among the questions, and joined bottom-up by average linkage while the mean cosine stays above ``CLOSE``. Projecting
them first (``knowledge.embedder``) was tried and mixes subjects up: there are too few questions to learn from.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from math import log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from knowledge.concepts import concepts_in
from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import grams, stem, words

CLOSE: Final = 0.2
"""Mean cosine of a question to those of its cluster, at least; chosen on one basket, checked on another."""
WEIGHTS: Final = {"s": 0.8, "g": 0.5, "c": 0.6}
"""Of stems, 4-grams and concepts in a question's vector."""
MOST_QUESTIONS: Final = 2000
"""The newest: average linkage takes the square of them (2,000: 0.2 s, 32 MB)."""
EXAMPLES: Final = 3
WORDS: Final = 5
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that the bot had no good answer to. Its text is masked."""

    turn_id: int
    customer_id: int
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """Questions of one kind."""

    turn_id: int
    """Of the question that stands for them all: the nearest to their middle. It names the cluster."""
    language: str
    size: int
    """Questions."""
    customers: int
    """How many people asked."""
    examples: tuple[str, ...]
    """The first is the one that stands for them all."""
    words: tuple[str, ...]
    """What tells them from the others."""
    turn_ids: tuple[int, ...]


def cluster(questions: Sequence[Unanswered], *, close: float = CLOSE) -> list[Cluster]:
    """Return the clusters, those that most people asked first; single questions are clusters of one."""
    questions = sorted(questions, key=lambda one: -one.turn_id)[:MOST_QUESTIONS]
    if not questions:
        return []
    rows = vectors([one.text for one in questions])
    held = Counter(word for one in questions for word in _stems(one.text))
    numbers = labels(rows, close)
    found = []
    for number in np.unique(numbers):
        places = np.flatnonzero(numbers == number)
        found.append(_described([questions[place] for place in places], rows[[*places]], held))
    return sorted(found, key=lambda one: (-one.customers, -one.size, -one.turn_id))


def vectors(texts: Sequence[str]) -> csr_array:
    """Return float64[n, n_features], L2-normalised; a text without words is a zero row."""
    features = [_features(text[:_LONGEST]) for text in texts]
    rarity = {name: log((1 + len(texts)) / (1 + held)) + 1 for name, held in Counter(chain(*features)).items()}
    columns = {name: number for number, name in enumerate(sorted(rarity))}
    rows, places, values = [], [], []
    for number, names in enumerate(features):
        for kind, weight in WEIGHTS.items():
            mine = [(name, rarity[name]) for name in names if name[0] == kind]
            length = sqrt(sum(value**2 for _, value in mine))
            rows += [number] * len(mine)
            places += [columns[name] for name, _ in mine]
            values += [weight * value / length for _, value in mine]
    table = csr_array((values, (rows, places)), shape=(len(texts), len(columns)), dtype=np.float64)
    lengths = np.sqrt(table.multiply(table).sum(axis=1))
    return csr_array(table.multiply(1 / np.maximum(lengths, 1e-9)[:, None]))


def _features(text: str) -> set[str]:
    spoken = words(text)
    meant = [word for word in spoken if word not in STOP_WORDS]
    kinds = (("s", map(stem, meant)), ("g", grams(meant)), ("c", concepts_in(spoken)))
    return {f"{kind}:{name}" for kind, names in kinds for name in names}


def labels(rows: csr_array, close: float) -> NDArray[np.int32]:
    """Return int32[n]: the number of each row's cluster."""
    if rows.shape[0] == 1:
        return np.ones(1, dtype=np.int32)
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415  # a bot starts without it

    distances = 1.0 - np.clip((rows @ rows.T).toarray(), -1.0, 1.0)
    condensed = distances[np.triu_indices(rows.shape[0], k=1)]
    numbers: NDArray[np.int32] = fcluster(linkage(condensed, "average"), 1.0 - close, criterion="distance")
    return numbers


def _described(members: list[Unanswered], rows: csr_array, held: Counter[str]) -> Cluster:
    order = np.argsort(-(rows @ rows.mean(axis=0)), kind="stable")
    texts = list(dict.fromkeys(" ".join(members[place].text.split())[:_LONGEST] for place in order))
    middle = members[int(order[0])]
    return Cluster(
        turn_id=middle.turn_id,
        language=middle.language,
        size=len(members),
        customers=len({one.customer_id for one in members}),
        examples=tuple(texts[:EXAMPLES]),
        words=_telling(members, held),
        turn_ids=tuple(one.turn_id for one in members),
    )


def _telling(members: list[Unanswered], held: Counter[str]) -> tuple[str, ...]:
    """Return the words that most of them hold and few others do, as they were written most often."""
    inside = Counter(word for one in members for word in _stems(one.text))
    written: dict[str, Counter[str]] = {}
    for one in members:
        for word in words(one.text):
            written.setdefault(stem(word), Counter())[word] += 1
    scored = sorted(inside, key=lambda word: (-(inside[word] ** 2) / held[word], word))
    return tuple(written[word].most_common(1)[0][0] for word in scored[:WORDS])


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words(text) if word not in STOP_WORDS and len(word) > 1}
