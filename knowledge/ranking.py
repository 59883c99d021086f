"""One query against one index: the channels' scores and their blend."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge.concepts import concepts, concepts_of, emphasis
from knowledge.evidence import AROUND, ARTICLE, LOOKED_AT, OPENING, told
from knowledge.index import Index
from knowledge.language import detect
from knowledge.stopwords import STOP_WORDS
from knowledge.surroundings import QUESTION_PRIOR, is_question
from knowledge.tokens import grams, is_code, stem, words
from knowledge.wanted import Wanted, tells, wanted

Channel = Literal["lexical", "characters", "vector"]
ALL_CHANNELS: frozenset[Channel] = frozenset({"lexical", "characters", "vector"})

CHARACTERS_WEIGHT = 0.6
CONCEPTS_WEIGHT = 1.0
"""Of BM25 over concepts, beside the cosine of the vectors: both belong to the vector channel."""
VECTOR_WEIGHTS = (0.8, 0.05)
"""Share of the vector channel in a small and in a large base, measured: concepts bridge what few articles leave unsaid,
many articles have words of their own for everything. Between the sizes it falls with the logarithm."""
SMALL_BASE, LARGE_BASE = 400, 3_000
"""Numbers of chunks. In a small base articles are short and neighbours speak of other things: they do not count."""
TRADE = (0.2, 0.4)
"""Concepts for each stem of the base: between them the vector channel's say grows. The thesaurus knows shops (.47) and
has words of other trades by chance (an encyclopaedia's .11): there it misleads, unless words can say nothing at all."""
EVERYDAY = (0.0, 0.25)
"""Share of the question's words that name concepts: between them the vector channel's say grows."""
SAID = (0.3, 0.5)
"""The best chunk's BM25 score in units of the possible maximum: between them the vector channel's say shrinks."""
PRICE = 0.15
"""Of the possible maximum, for a chunk that tells a price, if the question surely wants one. Lengths of time gain
nothing: nearly every article tells some."""
_LEAST = 0.1
CANDIDATES = 50
_PEAK_OF = 64
_MAX_CODE_HOLDERS = 5
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Ranking:
    """All chunks' scores, each float32[n_chunks], and the best chunks in order."""

    lexical: NDArray[np.float32]
    characters: NDArray[np.float32]
    vector: NDArray[np.float32]
    """Cosines; where the channel has no say in the order only those of the best chunks, of the others 0."""
    meaning: NDArray[np.float32]
    """Cosines by the pretrained model; 0 without one."""
    grasp: float
    """Length of the query's projection: how much of it the base speaks of at all; 0 while the vector channel is off."""
    blend: NDArray[np.float32]
    order: tuple[int, ...]
    pinned: int = 0
    """How many at the head of ``order`` hold a code of the query."""


def rank(
    index: Index,
    query: str,
    *,
    among: NDArray[np.bool_],
    channels: Set[Channel] = ALL_CHANNELS,
    asked: NDArray[np.float32] | None = None,
) -> Ranking:
    """Score every chunk and order the best ``among`` them (bool[n_chunks]); ties go by position.

    ``asked``: the question's vector by the pretrained model, float32[n_dimensions]; without it the rest decides.
    """
    nothing = np.zeros(len(index.chunks), dtype=np.float32)
    lexical, characters = nothing, nothing
    weights = emphasised(query)
    stems = _weighted((stem(word), weight) for word, weight in weights)
    if "lexical" in channels:
        lexical = index.lexical.scores(stems)
    if "characters" in channels:
        spelt = ((gram, weight) for word, weight in weights for gram in grams([word]))
        characters = index.characters.scores(_weighted(spelt))
    size = largeness(len(index.chunks))
    share = 1.0
    if channels & {"lexical", "characters"}:
        share = float(np.interp(size, [0, 1], VECTOR_WEIGHTS)) * _need_of_meaning(index, query, lexical, among)
    blend = _spread(_spread(lexical, among) + CHARACTERS_WEIGHT * _spread(characters, among), among)
    touched = among & ((lexical > 0) | (characters > 0))
    projected, vector = np.zeros(index.vectors.shape[1], dtype=np.float32), nothing
    if "vector" in channels:
        projected = index.embedder.project(query)
    grasp = float(np.linalg.norm(projected))
    projected /= max(grasp, _TINY)
    if "vector" in channels and share:
        vector, meant = index.vectors @ projected, index.concepts.scores(concepts(query))
        dense = _spread(_spread(np.maximum(vector, 0), among) + CONCEPTS_WEIGHT * _spread(meant, among), among)
        blend = (1 - share) * blend + share * dense
        touched |= among & ((vector > 0) | (meant > 0))
    meaning, trust = nothing, nothing
    if index.meaning is not None and asked is not None and "vector" in channels:
        meaning = index.meaning.scores(asked)
        shares = [index.meaning.shares.get(name, 0.0) for name in index.columns.languages]
        trust = np.array(shares, dtype=np.float32)[index.columns.language_of]
        blend = (1 - trust) * _spread(blend, among) + trust * _spread(np.maximum(meaning, 0), among)
        touched |= among & (trust > 0) & (meaning > 0)
    # Like neighbours, the rest of an article says little in a small base; and it is evidence of words.
    strength = size * (1 - share)
    blend = index.surroundings.spread(blend, size) + strength * ARTICLE * index.surroundings.best_of_article(blend)
    most = 1 + strength * (ARTICLE + OPENING + AROUND)
    if is_question(query):
        blend[index.surroundings.pairs] += QUESTION_PRIOR * most
    blend = np.where(touched, blend, 0.0)
    rows = _best(blend, touched)
    if strength:
        blend[rows] += strength * (1 - trust[rows]) * told(index, stems, rows)
    blend[rows] += PRICE * most * _tells_price(index, query, rows)
    pinned = _code_holders(index, query, among) if "lexical" in channels else rows[:0]
    order = _ordered(blend, rows, pinned)
    if not share:
        best_rows = list(order)
        vector = nothing.copy()
        vector[best_rows] = index.vectors[best_rows] @ projected
    blend = np.asarray(blend / (most * (1 + QUESTION_PRIOR)), dtype=np.float32)
    return Ranking(lexical, characters, vector, meaning, grasp, blend, order, len(pinned))


def emphasised(query: str) -> list[tuple[str, float]]:
    """Return the words that carry meaning in order, each with its emphasis."""
    return [(word, emphasis(word)) for word in words(query) if word not in STOP_WORDS]


def _weighted(tokens: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Add up the weights of equal tokens."""
    weights: dict[str, float] = {}
    for token, weight in tokens:
        weights[token] = weights.get(token, 0.0) + weight
    return weights


def _need_of_meaning(index: Index, query: str, lexical: NDArray[np.float32], among: NDArray[np.bool_]) -> float:
    """Return 1 for everyday words that no chunk repeats, little for words that the thesaurus lacks or a chunk holds."""
    content = [word for word in words(query) if word not in STOP_WORDS]
    if not content:
        return 1.0
    everyday = sum(bool(concepts_of(word)) for word in content) / len(content)
    possible = index.lexical.maximum([stem(word) for word in content])
    said = float(lexical[among].max(initial=0.0)) / possible if possible else 0.0
    trade = 1.0 if _is_foreign(index, query, among) else float(np.interp(index.known_trade, TRADE, [0, 1]))
    return trade * float(np.interp(everyday, EVERYDAY, [_LEAST, 1]) * np.interp(said, SAID, [1, _LEAST]))


def _is_foreign(index: Index, query: str, among: NDArray[np.bool_]) -> bool:
    """Say whether no chunk in question is written in the query's language: its words find nothing there."""
    language = detect(query)
    if language is None:
        return False
    if language not in index.columns.languages:
        return True
    return not bool((index.columns.language_of[among] == index.columns.languages.index(language)).any())


def largeness(n_chunks: int) -> float:
    """Return 0 for a small base, 1 for a large one, and what lies between by the logarithm."""
    return float(np.interp(np.log(max(n_chunks, 1)), np.log([SMALL_BASE, LARGE_BASE]), [0, 1]))


def _spread(scores: NDArray[np.float32], among: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Min–max over the chunks in question; chunks that all score alike get 1 if they score at all."""
    if not among.any():
        return np.zeros_like(scores)
    low, high = scores[among].min(), scores[among].max()
    if high <= low:
        return np.where(among & (scores > 0), 1.0, 0.0)
    return np.where(among, (scores - low) / (high - low), 0.0)


def _best(scores: NDArray[np.float32], eligible: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the ``LOOKED_AT`` best rows, by position; ties at the edge all come along.

    Scores are at least 0, and 0 where not eligible. So many blocks hold a score as high as the ``LOOKED_AT``-th of the
    blocks' highest: only what reaches it has to be compared, a few hundred of 100,000 chunks.
    """
    peaks = np.maximum.reduceat(scores, np.arange(0, len(scores), _PEAK_OF))
    floor = np.partition(peaks, -LOOKED_AT)[-LOOKED_AT] if len(peaks) > LOOKED_AT else 0
    rows = np.flatnonzero(eligible & (scores >= floor))
    if len(rows) <= LOOKED_AT:
        return rows
    found = scores[rows]
    edge = np.partition(found, len(rows) - LOOKED_AT)[len(rows) - LOOKED_AT]
    return np.asarray(rows[found >= edge], dtype=np.int64)


def _tells_price(index: Index, query: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return float32[n_rows]: 1 for what tells the price that is asked for, 0 for the others."""
    asked = wanted(query) & {Wanted.PRICE}
    told = (bool(asked) and tells(index.chunks[row].text, asked) for row in rows.tolist())
    return np.fromiter(told, dtype=np.float32, count=len(rows))


def _ordered(scores: NDArray[np.float32], rows: NDArray[np.int64], pinned: NDArray[np.int64]) -> tuple[int, ...]:
    """Return the best rows in order, those that are pinned before all others; ties go by position."""
    rows = np.union1d(rows, pinned)
    found = scores[rows] + (scores.max(initial=0.0) + 1) * np.isin(rows, pinned)
    return tuple(rows[np.argsort(-found, kind="stable")][:CANDIDATES].tolist())


def _code_holders(index: Index, query: str, among: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Chunks in question, each once, that hold a code of the query, if it is rare enough to mean one thing."""
    codes = (index.lexical.holders(word) for word in words(query) if is_code(word))
    found = [holders[among[holders]] for holders in codes if len(holders) <= _MAX_CODE_HOLDERS]
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *found]))
