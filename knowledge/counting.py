"""Texts → sparse counts of stems, 4-grams and concepts; each different word is taken apart once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from knowledge.concepts import concepts_in
from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import grams, stem, words


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each token stands in each text."""

    tokens: list[str]
    table: csr_array
    """int32[n_texts, n_tokens]."""

    def __getitem__(self, texts: slice) -> Self:
        """Return the counts of some of the texts, of the same tokens."""
        return type(self)(self.tokens, self.table[texts])

    def held(self) -> list[int]:
        """Return in how many texts each token stands."""
        found: list[int] = np.bincount(self.table.indices, minlength=len(self.tokens)).tolist()
        return found


@dataclass(frozen=True, slots=True)
class Tally:
    """What the channels of search count in the same texts."""

    terms: Counts
    grams: Counts
    concepts: Counts

    def __getitem__(self, texts: slice) -> Self:
        """Return the counts of some of the texts."""
        return type(self)(self.terms[texts], self.grams[texts], self.concepts[texts])

    def plus(self, other: Tally, times: int) -> Self:
        """Add another field of the same texts, counted ``times``, to each text."""
        parts = zip((self.terms, self.grams, self.concepts), (other.terms, other.grams, other.concepts), strict=True)
        return type(self)(*(Counts(one.tokens, csr_array(one.table + times * more.table)) for one, more in parts))


def count(texts: Iterable[Iterable[str]]) -> Counts:
    """Count tokens that are given one by one."""
    numbers: dict[str, int] = {}
    seen, ends = array("i"), array("q", [0])
    for tokens in texts:
        seen.extend([numbers.setdefault(token, len(numbers)) for token in tokens])
        ends.append(len(seen))
    cells = (np.ones(len(seen), dtype=np.int32), np.array(seen, dtype=np.int32), np.array(ends, dtype=np.int64))
    table = csr_array(cells, shape=(len(ends) - 1, len(numbers)))
    table.sum_duplicates()
    return Counts(list(numbers), table)


def tally(texts: Iterable[str]) -> Tally:
    """Count stems and 4-grams of the words that carry meaning, as ``terms`` and ``text_grams`` do, and concepts."""
    meant: list[list[str]] = []

    def spoken() -> Iterable[list[str]]:
        for text in texts:
            found = words(text)
            meant.append(concepts_in(found))
            yield found

    said = count(spoken())
    return Tally(
        _taken_apart(said, lambda word: [stem(word)]), _taken_apart(said, lambda word: grams([word])), count(meant)
    )


def _taken_apart(said: Counts, parts: Callable[[str], Iterable[str]]) -> Counts:
    """Count the parts of words instead of the words."""
    of_words = count(parts(word) if word not in STOP_WORDS else () for word in said.tokens)
    return Counts(of_words.tokens, csr_array(said.table @ of_words.table))
