"""BM25: rank_bm25 holds the corpus statistics and is the reference, its scores are compiled into a sparse matrix."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi
from scipy.sparse import csc_array

K1 = 1.5
B = 0.75


def idf(documents: int, holding: int) -> float:
    """Non-negative inverse document frequency: log(1 + (N - n + ½) / (n + ½)), as in Lucene."""
    return math.log(1 + (documents - holding + 0.5) / (holding + 0.5))


class NonNegativeBM25(BM25Okapi):  # type: ignore[misc]  # the library ships no types
    """BM25Okapi whose idf never falls below zero: the library's gives nothing on a base of four articles."""

    idf: dict[str, float]
    doc_freqs: list[dict[str, int]]
    doc_len: list[int]
    avgdl: float

    def _calc_idf(self, nd: Mapping[str, int]) -> None:
        self.idf = {word: idf(self.corpus_size, count) for word, count in nd.items()}


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
    values: NDArray[np.float64]
    n_documents: int
    k1: float

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]], *, k1: float = K1, b: float = B) -> Self:
        """Compile the corpus; at least one document must hold a token."""
        reference = NonNegativeBM25(documents, k1=k1, b=b)
        vocabulary = {term: number for number, term in enumerate(sorted(reference.idf))}
        weights = np.array([reference.idf[term] for term in vocabulary])
        rows: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        for row, (counts, length) in enumerate(zip(reference.doc_freqs, reference.doc_len, strict=True)):
            norm = k1 * (1 - b + b * length / reference.avgdl)
            for term, count in counts.items():
                rows.append(row)
                columns.append(vocabulary[term])
                values.append(reference.idf[term] * (count * (k1 + 1) / (count + norm)))
        matrix = csc_array((values, (rows, columns)), shape=(len(documents), len(vocabulary)))
        matrix.sort_indices()
        return cls(
            vocabulary,
            weights,
            matrix.indptr.astype(np.int64),
            matrix.indices.astype(np.int32),
            matrix.data,
            len(documents),
            k1,
        )

    def scores(self, query: Sequence[str]) -> NDArray[np.float64]:
        """Return float64[n_documents]; a term that stands twice in the query counts twice."""
        scores = np.zeros(self.n_documents)
        for term in query:
            if (number := self.vocabulary.get(term)) is not None:
                span = slice(self.starts[number], self.starts[number + 1])
                scores[self.rows[span]] += self.values[span]
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
