"""What speaks for a passage besides its own score: its article, its opening, and what stands around it."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.bm25 import CompiledBM25
from knowledge.index import Index

ARTICLE: Final = 0.5
"""Of the best score in the same article: a passage of an article that speaks of the matter is likelier to."""
OPENING: Final = 0.3
"""Of the share of the question that headings and first words say: what a passage is about stands at its beginning."""
AROUND: Final = 0.4
"""Of the share that a passage says together with its neighbours: one tells what is meant, the next what to do."""
LOOKED_AT: Final = 100
"""So many of the best passages are looked at closely. All of these were measured together: docs/adr/0015."""


def told(index: Index, weights: Mapping[str, float], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return float32[len(rows)]: what opening and neighbours of these chunks add, 0..``OPENING + AROUND``.

    ``weights``: the question's stems, each with its emphasis; a rare one counts as much as in BM25.
    """
    known = {term: weight * index.lexical.weight(term) for term, weight in weights.items() if _known(index, term)}
    places = np.stack([rows, *index.surroundings.beside(rows)])
    opening, around = np.zeros(len(rows)), np.zeros(len(rows))
    for term, weight in known.items():
        opening += weight * _held(index.openings, term, rows)
        around += weight * _held(index.lexical, term, places).any(axis=0)
    total = max(sum(known.values()), 1e-9)
    return np.asarray((OPENING * opening + AROUND * around) / total, dtype=np.float32)


def _known(index: Index, term: str) -> bool:
    return term in index.lexical.vocabulary


def _held(table: CompiledBM25, term: str, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which of the rows hold the term, bool of the rows' shape."""
    holders = table.holders(term)
    if not len(holders):
        return np.zeros(rows.shape, dtype=np.bool_)
    place = np.minimum(np.searchsorted(holders, rows), len(holders) - 1)
    return np.asarray(holders[place] == rows, dtype=np.bool_)
