"""BM25 over two fields: rank_bm25 holds the corpus statistics, the scores are compiled into a sparse matrix.

A text has headings and a body. Counts of the body are normalised by its length, counts of the headings weigh more and
are not, and their sum saturates (BM25F, Robertson & Zaragoza 2009). Without headings this is BM25Okapi exactly.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

K1 = 1.6
B = 0.8
HEADING_WEIGHT = 2.0
"""Measured together over both languages and all kinds of text: docs/adr/0015."""


@dataclass(frozen=True, slots=True)
class Fields:
    """One text's tokens."""

    body: Sequence[str]
    headings: Sequence[str] = ()


def idf(documents: int, holding: int) -> float:
    """Non-negative inverse document frequency: log(1 + (N - n + ½) / (n + ½)), as in Lucene."""
    return math.log(1 + (documents - holding + 0.5) / (holding + 0.5))


class NonNegativeBM25(BM25Okapi):  # type: ignore[misc]  # the library ships no types
    """BM25Okapi whose idf never falls below zero: the library's gives nothing on a base of four articles."""

    corpus_size: int
    idf: dict[str, float]
    doc_len: list[int]
    avgdl: float

    def _calc_idf(self, nd: Mapping[str, int]) -> None:
        self.idf = {word: idf(self.corpus_size, count) for word, count in nd.items()}


class _CountedBM25(NonNegativeBM25):
    """The same statistics with the counts in arrays: the library's list of dicts takes gigabytes at 100k chunks."""

    numbers: dict[str, int]
    rows: array[int]
    columns: array[int]
    in_body: array[int]
    in_headings: array[int]

    def _initialize(self, corpus: Iterable[Fields]) -> dict[str, int]:
        self.numbers = {}
        self.rows, self.columns, self.in_body, self.in_headings = array("i"), array("i"), array("i"), array("i")
        holding: Counter[str] = Counter()
        for fields in corpus:
            body, headings = Counter(fields.body), Counter(fields.headings)
            held = body | headings
            holding.update(held.keys())
            self.rows.extend([self.corpus_size] * len(held))
            self.columns.extend(self.numbers.setdefault(token, len(self.numbers)) for token in held)
            self.in_body.extend(body[token] for token in held)
            self.in_headings.extend(headings[token] for token in held)
            self.doc_len.append(len(fields.body))
            self.corpus_size += 1
        self.avgdl = sum(self.doc_len) / self.corpus_size
        return holding


@dataclass(frozen=True, slots=True)
class CompiledBM25:
    """The scores of every (term, document) pair, ready to be added up."""

    vocabulary: dict[str, int]
    idf: NDArray[np.float64]
    """float64[n_terms]."""
    starts: NDArray[np.int64]
    """int64[n_terms + 1]: where each term's postings begin."""
    rows: NDArray[np.int32]
    """Documents holding the term, rising within a term."""
    values: NDArray[np.float32]
    n_documents: int
    k1: float

    @classmethod
    def build(cls, documents: Iterable[Fields], *, k1: float = K1, b: float = B) -> Self:
        """Compile the corpus; at least one document must hold a token."""
        counted = _CountedBM25(documents, k1=k1, b=b)
        terms = sorted(counted.numbers)
        place = np.empty(len(terms), dtype=np.int64)
        place[[counted.numbers[term] for term in terms]] = np.arange(len(terms))
        columns = place[np.frombuffer(counted.columns, dtype=np.int32)]
        rows = np.frombuffer(counted.rows, dtype=np.int32)
        order = np.argsort(columns, kind="stable")  # rows rise already
        columns, rows = columns[order], rows[order]
        weights = np.array([counted.idf[term] for term in terms])
        lengths = np.array(counted.doc_len) / max(counted.avgdl, 1e-9)
        body = np.frombuffer(counted.in_body, dtype=np.int32)[order] / (1 - b + b * lengths)[rows]
        count = body + HEADING_WEIGHT * np.frombuffer(counted.in_headings, dtype=np.int32)[order]
        values = weights[columns] * count * (k1 + 1) / (count + k1)
        starts = np.searchsorted(columns, np.arange(len(terms) + 1))
        vocabulary = {term: number for number, term in enumerate(terms)}
        return cls(vocabulary, weights, starts, rows, values.astype(np.float32), counted.corpus_size, k1)

    def scores(self, query: Sequence[str]) -> NDArray[np.float64]:
        """Return float64[n_documents]; a term that stands twice in the query counts twice."""
        scores = np.zeros(self.n_documents)
        for term, times in Counter(query).items():
            if (number := self.vocabulary.get(term)) is not None:
                span = slice(self.starts[number], self.starts[number + 1])
                scores[self.rows[span]] += times * self.values[span]
        return scores

    def holders(self, term: str) -> NDArray[np.int32]:
        """Return the documents that hold the term."""
        number = self.vocabulary.get(term)
        if number is None:
            return self.rows[:0]
        return self.rows[self.starts[number] : self.starts[number + 1]]

    def weight(self, term: str) -> float:
        """Return the term's idf; an unknown term weighs as much as one that no document holds."""
        number = self.vocabulary.get(term)
        return idf(self.n_documents, 0) if number is None else float(self.idf[number])

    def maximum(self, query: Sequence[str]) -> float:
        """Return the score that no document can pass for this query."""
        return sum(self.weight(term) for term in query) * (self.k1 + 1)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored in a release besides the vocabulary."""
        return {"idf": self.idf, "starts": self.starts, "rows": self.rows, "values": self.values}

    @classmethod
    def restore(cls, terms: Sequence[str], arrays: Mapping[str, NDArray], *, n_documents: int, k1: float) -> Self:  # type: ignore[type-arg]  # whatever npz holds
        """Rebuild from the vocabulary in order and from ``arrays()``."""
        vocabulary = {term: number for number, term in enumerate(terms)}
        return cls(vocabulary, arrays["idf"], arrays["starts"], arrays["rows"], arrays["values"], n_documents, k1)
