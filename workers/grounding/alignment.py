"""How two sequences of words lie beside each other: common runs, common order, likeness of single words."""

from collections.abc import Set as AbstractSet
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from workers.grounding.words import trigrams

T = TypeVar("T")


def common_subsequence(a: list[str], b: list[str]) -> int:
    """Length of the longest common subsequence (bit-parallel: Hyyrö 2004)."""
    where: dict[str, int] = {}
    for place, word in enumerate(a):
        where[word] = where.get(word, 0) | (1 << place)
    full = (1 << len(a)) - 1
    row = full
    for word in b:
        match = where.get(word, 0)
        if match:
            both = row & match
            row = ((row + both) | (row - both)) & full
    return len(a) - row.bit_count()


def runs(a: list[str], b: list[str]) -> NDArray[np.int64]:
    """For each word of ``a`` the length of the longest run around it that stands in ``b`` as well, int64[len(a)]."""
    n = len(a)
    longest = np.zeros(n, dtype=np.int64)
    if not n or not b:
        return longest
    places: dict[str, list[int]] = {}
    for place, word in enumerate(b):
        places.setdefault(word, []).append(place)
    ends: dict[int, int] = {}
    for i, word in enumerate(a):
        ends = {j: ends.get(j - 1, 0) + 1 for j in places.get(word, ())}
        if ends:
            length = max(ends.values())
            span = longest[i - length + 1 : i + 1]
            np.maximum(span, length, out=span)
    return longest


def ngrams(stems: list[str], n: int) -> frozenset[tuple[str, ...]]:
    """The distinct n-grams."""
    return frozenset(tuple(stems[i : i + n]) for i in range(len(stems) - n + 1))


def share(found: AbstractSet[T], among: AbstractSet[T], default: float) -> float:
    """Share of ``found`` that is in ``among``; ``default`` of nothing."""
    return len(found & among) / len(found) if found else default


def likeness(word: str, others: frozenset[str]) -> float:
    """How like the most similar of other stems is, 0..1 (Dice over character trigrams)."""
    own = trigrams(word)
    best = 0.0
    for other in others:
        theirs = trigrams(other)
        common = len(own & theirs)
        if common:
            best = max(best, 2 * common / (len(own) + len(theirs)))
    return best


def in_order(a: list[str], b: list[str]) -> float:
    """Share of the pairs of common words that stand in the same order, by first place, 0..1; 1 without pairs."""
    first_b: dict[str, int] = {}
    for place, word in enumerate(b):
        first_b.setdefault(word, place)
    places = np.array([first_b[word] for word in dict.fromkeys(a) if word in first_b])
    if len(places) < 2:  # noqa: PLR2004  # a pair
        return 1.0
    upper = np.triu_indices(len(places), 1)
    return float((places[upper[0]] < places[upper[1]]).mean())
