"""BM25 over two fields: rank_bm25 holds the corpus statistics, the scores are compiled into a sparse matrix.

A text has headings and a body. Counts of the body are normalised by its length, counts of the headings weigh more and
are not, and their sum saturates (BM25F, Robertson & Zaragoza 2009). Without headings this is BM25Okapi exactly.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi
from scipy.linalg.blas import saxpy
from scipy.sparse import coo_array, csc_array, csr_array

from knowledge.counting import Counts, count

K1 = 1.6
B = 0.8
HEADING_WEIGHT = 2.0
"""Measured together over both languages and all kinds of text: docs/adr/0015."""
COMMON = 0.2
"""Share of the documents from which a term's scores are kept for every document."""


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
        self.idf = {word: idf(self.corpus_size, holding) for word, holding in nd.items()}


class _CountedBM25(NonNegativeBM25):
    """The same statistics of texts that are counted already: the library's list of dicts takes gigabytes at 100k."""

    def _initialize(self, corpus: tuple[Counts, csc_array]) -> dict[str, int]:
        bodies, held = corpus
        self.corpus_size = held.shape[0]
        self.doc_len = bodies.table.sum(axis=1).tolist()
        self.avgdl = sum(self.doc_len) / self.corpus_size
        return dict(zip(bodies.tokens, np.diff(held.indptr).tolist(), strict=True))


_Cells = tuple[NDArray[np.float32], NDArray[np.integer], NDArray[np.integer]]
"""Counts, each with the numbers of its document and its token."""


@dataclass(frozen=True)
class CompiledBM25:
    """The scores of every (term, document) pair, ready to be added up."""

    vocabulary: dict[str, int]
    counts: csc_array
    """float32[n_documents, n_terms]: how often a document says a term, normalised by length and field."""
    k1: float
    mean_length: float
    """In tokens, of a body: what lengths are measured by."""

    @classmethod
    def build(cls, documents: Iterable[Fields], *, k1: float = K1, b: float = B) -> Self:
        """Compile the corpus; at least one document must hold a token."""
        fields = list(documents)
        counted = count([*(one.body for one in fields), *(one.headings for one in fields)])
        return cls.of(counted[: len(fields)], counted[len(fields) :], k1=k1, b=b)

    @classmethod
    def of(cls, bodies: Counts, headings: Counts, *, k1: float = K1, b: float = B) -> Self:
        """Compile a corpus of the same tokens whose fields are counted already, a row a document."""
        held = csc_array(bodies.table + headings.table)
        statistics = _CountedBM25((bodies, held), k1=k1, b=b)
        counts = coo_array(_normalised(bodies, headings, statistics.avgdl, b))
        return cls._sorted(bodies.tokens, (counts.data, counts.row, counts.col), held.shape[0], k1, statistics.avgdl)

    def changed(self, rows: NDArray[np.int64], bodies: Counts, headings: Counts, *, b: float = B) -> Self:
        """Return the table of another base: what length is usual stays, how rare a term is does not.

        ``rows``: int64[n_documents_after], the row here of each document that stays, -1 for a new one; the new ones
        are counted in ``bodies`` and ``headings`` in their order.
        """
        place = dict(self.vocabulary)
        columns = np.array([place.setdefault(token, len(place)) for token in bodies.tokens], dtype=np.int32)
        new = np.flatnonzero(rows < 0).astype(np.int32)
        position = np.full(self.n_documents, -1, dtype=np.int32)
        position[rows[rows >= 0]] = np.flatnonzero(rows >= 0)
        documents = position[self.counts.indices]
        stays = documents >= 0
        kept = np.zeros(len(place), dtype=np.int64)
        kept[: len(self.vocabulary)] = np.add.reduceat(stays, self.counts.indptr[:-1], dtype=np.int64)
        added = coo_array(_normalised(bodies, headings, self.mean_length, b))
        numbers = columns[added.col]
        held = kept + np.bincount(numbers, minlength=len(place))
        tokens = list(place)
        order = sorted(np.flatnonzero(held).tolist(), key=tokens.__getitem__)
        rank = np.zeros(len(tokens), dtype=np.int32)
        rank[order] = np.arange(len(order))
        # Cells lie by term, then by document: what is new is put where it belongs.
        staying = documents[stays]
        places = np.repeat(np.arange(len(order)) * len(rows), kept[order]) + staying
        wanted = rank[numbers].astype(np.int64) * len(rows) + new[added.row]
        by_place = np.argsort(wanted)
        before = np.searchsorted(places, wanted[by_place])
        cells = (
            np.insert(self.counts.data[stays], before, added.data[by_place]),
            np.insert(staying, before, new[added.row[by_place]]),
            np.concatenate([[0], np.cumsum(held[order])]).astype(np.int32),
        )
        vocabulary = {tokens[number]: row for row, number in enumerate(order)}
        table = csc_array(cells, shape=(len(rows), len(order)))
        table.sort_indices()  # does nothing unless documents that stay have changed places
        return type(self)(vocabulary, table, self.k1, self.mean_length)

    @classmethod
    def _sorted(cls, tokens: Sequence[str], cells: _Cells, n_documents: int, k1: float, mean_length: float) -> Self:
        """Order the terms, and leave out those that no document says."""
        values, documents, numbers = cells
        said = np.flatnonzero(np.bincount(numbers, minlength=len(tokens)))
        order = sorted(said.tolist(), key=tokens.__getitem__)
        place = np.zeros(len(tokens), dtype=np.int32)
        place[order] = np.arange(len(order))
        by_document = csr_array((values, (documents, place[numbers])), shape=(n_documents, len(order)))
        # Within a column the rows rise, because they are gone through in their order.
        return cls({tokens[number]: row for row, number in enumerate(order)}, by_document.tocsc(), k1, mean_length)

    @property
    def n_documents(self) -> int:
        """How many documents are scored."""
        return int(self.counts.shape[0])

    @cached_property
    def idf(self) -> NDArray[np.float64]:
        """float64[n_terms]."""
        holding = np.diff(self.counts.indptr)
        result: NDArray[np.float64] = np.log(1 + (self.n_documents - holding + 0.5) / (holding + 0.5))
        return result

    @property
    def nbytes(self) -> int:
        """Memory of the postings and of the common terms' scores, in bytes."""
        return int(self.counts.data.nbytes + self.counts.indices.nbytes + self._common[1].nbytes)

    @cached_property
    def _common(self) -> tuple[dict[int, int], NDArray[np.float32]]:
        """Terms of a good part of the base, and their scores in all documents, float32[n_common, n_documents].

        A row is added up without looking at each document's number: several times as fast, for hardly more memory.
        """
        starts = self.counts.indptr
        numbers = np.flatnonzero(np.diff(starts) >= max(1, COMMON * self.n_documents)).tolist()
        scores = np.zeros((len(numbers), self.n_documents), dtype=np.float32)
        for row, number in enumerate(numbers):
            span = slice(starts[number], starts[number + 1])
            counts = self.counts.data[span]
            scores[row, self.counts.indices[span]] = self.idf[number] * (self.k1 + 1) * counts / (counts + self.k1)
        return {number: row for row, number in enumerate(numbers)}, scores

    def scores(self, query: Sequence[str] | Mapping[str, float]) -> NDArray[np.float32]:
        """Return float32[n_documents]; a term that stands twice in the query counts twice, one with a weight by it."""
        asked = query if isinstance(query, Mapping) else Counter(query)
        common, scores_of = self._common
        result = np.zeros(self.n_documents, dtype=np.float32)
        rare: list[tuple[int, float]] = []
        for term, times in asked.items():
            if (number := self.vocabulary.get(term)) is None:
                continue
            if (row := common.get(number)) is None:
                rare.append((number, times))
            else:
                saxpy(scores_of[row], result, a=times)
        if rare:
            result += self._scores_of_rare(rare)
        return result

    def _scores_of_rare(self, weighted: Sequence[tuple[int, float]]) -> NDArray[np.float64]:
        starts = self.counts.indptr
        spans = [slice(starts[number], starts[number + 1]) for number, _ in weighted]
        weights = np.array([times * self.idf[number] * (self.k1 + 1) for number, times in weighted], dtype=np.float32)
        counts = np.concatenate([self.counts.data[span] for span in spans])
        values = np.repeat(weights, [span.stop - span.start for span in spans]) * (
            counts / (counts + np.float32(self.k1))
        )
        rows = np.concatenate([self.counts.indices[span] for span in spans])
        return np.asarray(np.bincount(rows, values, minlength=self.n_documents), dtype=np.float64)

    def holders(self, term: str) -> NDArray[np.int32]:
        """Return the documents that hold the term."""
        number = self.vocabulary.get(term)
        start, end = (0, 0) if number is None else self.counts.indptr[number : number + 2]
        rows: NDArray[np.int32] = self.counts.indices[start:end]
        return rows

    def weight(self, term: str) -> float:
        """Return the term's idf; an unknown term weighs as much as one that no document holds."""
        number = self.vocabulary.get(term)
        return idf(self.n_documents, 0) if number is None else float(self.idf[number])

    def maximum(self, query: Sequence[str]) -> float:
        """Return the score that no document can pass for this query."""
        return sum(self.weight(term) for term in query) * (self.k1 + 1)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored in a release besides the vocabulary."""
        return {
            "starts": self.counts.indptr,
            "rows": self.counts.indices,
            "counts": self.counts.data,
            "settings": np.array([self.k1, self.mean_length]),
        }

    @classmethod
    def restore(cls, terms: Sequence[str], arrays: Mapping[str, NDArray], *, n_documents: int) -> Self:  # type: ignore[type-arg]  # whatever npz holds
        """Rebuild from the vocabulary in order and from ``arrays()``.

        Raises:
            ValueError: they do not belong together.
        """
        parts = (arrays["counts"], arrays["rows"], arrays["starts"])
        k1, mean_length = arrays["settings"].tolist()
        vocabulary = {term: number for number, term in enumerate(terms)}
        return cls(vocabulary, csc_array(parts, shape=(n_documents, len(terms))), k1, mean_length).warm()

    def warm(self) -> Self:
        """Compute now what the first query would have to wait for."""
        _ = self._common
        return self


def _normalised(bodies: Counts, headings: Counts, mean_length: float, b: float) -> csr_array:
    lengths = bodies.table.sum(axis=1) / max(mean_length, 1e-9)
    body = bodies.table.astype(np.float64)
    body.data /= np.repeat(1 - b + b * lengths, np.diff(body.indptr))
    return csr_array((body + HEADING_WEIGHT * headings.table).astype(np.float32))
