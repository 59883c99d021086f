"""The vectors of a pretrained sentence model over a base, and how much the blend trusts them, measured per language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge.bm25 import CompiledBM25, Fields
from knowledge.passages import Chunk
from knowledge.sentences import SentenceEmbedder
from knowledge.tokens import terms
from knowledge.vectors import VectorCache, key

SHARE = 0.6
"""Of a model that knows the language: measured over collections, docs/adr/0015."""
_SAMPLE = 150
_FEWEST = 30
"""With fewer questions nothing can be measured, and the model is trusted."""
_READ = 400
"""Letters of a passage that are embedded for the measurement."""
_ASKED = "asked"
"""Stands before a question's text in the name of its vector: a model may put other words before a passage."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A sentence model's vectors."""

    model: str
    revision: str
    vectors: NDArray[np.float32]
    """float32[n_chunks, n_dimensions], L2-normalised; zero in a language that the model does not know."""
    shares: dict[str, float]
    """Language → share of the model in the blend, 0..1."""

    @classmethod
    def build(
        cls,
        chunks: Sequence[Chunk],
        model: SentenceEmbedder,
        cache: VectorCache | None,
        former: "Meaning | None" = None,
    ) -> Self:
        """Embed the chunks of the languages that the model knows (only those that the cache lacks).

        What a ``former`` release has measured with this very model is not measured again.
        """
        shares = dict(former.shares) if former is not None and former.revision == model.revision else {}
        for name in sorted({chunk.language for chunk in chunks}):
            if name not in shares:
                shares[name] = measure_share(chunks, model, name, cache)
        rows = [row for row, chunk in enumerate(chunks) if shares[chunk.language]]
        texts = [passage_text(chunks[row]) for row in rows]
        known = _passages(texts, model, cache)
        vectors = np.zeros((len(chunks), known.shape[1]), dtype=np.float32)
        vectors[rows] = known
        return cls(model.name, model.revision, vectors, shares)

    def scores(self, question: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosines of all chunks, float32[n_chunks]; 0 in a language that the model does not know."""
        if not self.vectors.shape[1]:  # it knows no language of the base
            return np.zeros(len(self.vectors), dtype=np.float32)
        return np.asarray(self.vectors @ question, dtype=np.float32)


def vector_names(chunks: Sequence[Chunk], revision: str) -> set[str]:
    """Return under which names a cache holds the vectors of these chunks."""
    return {key(revision, "", passage_text(chunk)) for chunk in chunks}


def passage_text(chunk: Chunk) -> str:
    """Return what the model reads: headings, then the text."""
    headings = " › ".join(part for part in (chunk.title, *chunk.breadcrumb, chunk.question or "") if part)
    return f"{headings}\n{chunk.text}".strip()


def measure_share(
    chunks: Sequence[Chunk], model: SentenceEmbedder, language: str, cache: VectorCache | None = None
) -> float:
    """Return ``SHARE`` if the model knows the language, else 0.

    Asked are headings, sought the texts that stand under them, the headings taken away. A model that does not know the
    language makes words alone find less.
    """
    sample = _sample(chunks, language)
    if len(sample) < _FEWEST:
        return SHARE
    questions = [_heading(chunk) for chunk in sample]
    lexical = CompiledBM25.build(Fields(terms(chunk.text)) for chunk in sample)
    by_words = np.array([_stretched(lexical.scores(terms(question))) for question in questions])
    vectors = _passages([chunk.text[:_READ] for chunk in sample], model, cache)
    by_meaning = np.array([_stretched(row) for row in _questions(questions, model, cache) @ vectors.T])
    together = _reciprocal_rank((1 - SHARE) * by_words + SHARE * by_meaning)
    return SHARE if together > _reciprocal_rank(by_words) else 0.0


def _passages(texts: list[str], model: SentenceEmbedder, cache: VectorCache | None) -> NDArray[np.float32]:
    if cache is None:
        return model.embed_passages(texts)
    return cache.embed(texts, model=model.revision, prefix="", embed=model.embed_passages)


def _questions(texts: list[str], model: SentenceEmbedder, cache: VectorCache | None) -> NDArray[np.float32]:
    if cache is None:
        return model.embed_questions(texts)
    return cache.embed(texts, model=model.revision, prefix=_ASKED, embed=model.embed_questions)


def _sample(chunks: Sequence[Chunk], language: str) -> list[Chunk]:
    """Chunks with a heading of their own that says something; of two builds mostly the same."""
    seen: dict[str, Chunk] = {}
    for chunk in chunks:
        heading = _heading(chunk)
        if chunk.language == language and len(set(terms(heading))) > 1 and terms(chunk.text):
            seen.setdefault(heading, chunk)
    by_chance = sorted(seen, key=lambda heading: key("", _ASKED, heading))
    return [seen[heading] for heading in by_chance[:_SAMPLE]]


def _heading(chunk: Chunk) -> str:
    return chunk.question or next(iter(reversed(chunk.breadcrumb)), chunk.title)


def _stretched(scores: NDArray[np.float64] | NDArray[np.float32]) -> NDArray[np.float64]:
    low, high = scores.min(), scores.max()
    return np.asarray((scores - low) / max(high - low, 1e-9), dtype=np.float64)


def _reciprocal_rank(scores: NDArray[np.float64]) -> float:
    """Mean over questions, each of which its own text answers; ties count as lost."""
    own = np.diagonal(scores)[:, None]
    return float((1 / (scores >= own).sum(axis=1)).mean())
