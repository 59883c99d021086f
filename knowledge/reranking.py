"""Rerankers: cross-encoders that read question and passage together; optional, over the best of what search found."""

# ruff: noqa: PLC0415  # sentence-transformers takes seconds and 430 MB to import: only a process that reranks does

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import EmbeddingModelError
from knowledge.meaning import passage_text
from knowledge.passages import Chunk, Passage
from knowledge.sentences import MAX_TOKENS, loading, readable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

TOP: Final = 20
"""So many of the best are read again: a pass over them takes a moment, and what answers stands among them."""
SHARE: Final = 0.5
"""The reranker's say beside the search's. Not measured, there was no trained reranker (ADR 0018): neither overrules."""
_HEADS: Final = ("ForSequenceClassification", "ForCausalLM")
"""What a trained reranker's architecture ends with; for others transformers draws the last layer by lot."""

Rerank = Callable[[str, Sequence[Chunk]], NDArray[np.float32] | None]
"""Question as searched and n chunks → float32[n], higher is better, or None for "not now"; it must not take long."""


class Reranker(Protocol):
    """Reads each passage together with the question."""

    @property
    def name(self) -> str:
        """How the model is called in settings."""

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """Return how well each passage answers: float32[n], unbounded, comparable within one question only."""


@dataclass(frozen=True, slots=True)
class CrossEncoderModel:
    """A cross-encoder of the Hub or of a folder, run by sentence-transformers in this process."""

    name: str
    model: "CrossEncoder"

    @classmethod
    def open(cls, name: str) -> "CrossEncoderModel":
        """Open a Hub id or a folder; takes seconds.

        Raises:
            EmbeddingModelError: packages or model are missing, it is no reranker, or the memory does not suffice.
        """
        if not Path(name).is_dir() and name.startswith((".", "/", "~")):
            raise EmbeddingModelError(f"RERANKER_MODEL={name}: there is no such folder.")
        if Path(name).is_dir():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        with loading("RERANKER_MODEL", name, "cross-encoder"):
            from sentence_transformers import CrossEncoder
            from torch.nn import Identity

            # The raw numbers: a sigmoid would make all good passages alike.
            model = CrossEncoder(name, device="cpu", activation_fn=Identity())
        architectures = getattr(model.config, "architectures", None) or [""]
        if model.num_labels != 1 or not architectures[0].endswith(_HEADS):
            raise EmbeddingModelError(
                f"RERANKER_MODEL={name} is no reranker: name a cross-encoder that gives one number a passage."
            )
        model.max_seq_length = min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)
        return cls(name, model)

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """Return how well each passage answers: float32[n], unbounded."""
        pairs = [(readable(question), readable(passage)) for passage in passages]
        if not pairs:
            return np.zeros(0, dtype=np.float32)
        found = self.model.predict(pairs, batch_size=len(pairs), show_progress_bar=False)
        return np.asarray(found, dtype=np.float32).reshape(len(pairs))


def by(reranker: Reranker) -> Rerank:
    """Ask a reranker that is at hand."""
    return lambda question, chunks: reranker.scores(question, [passage_text(chunk) for chunk in chunks])


def candidates(passages: Sequence[Passage], pinned: int) -> tuple[Chunk, ...]:
    """Return what is read again: the best, but for the first ``pinned``, whose place is settled."""
    return tuple(passage.chunk for passage in passages[pinned:TOP])


def reordered(passages: Sequence[Passage], pinned: int, scores: NDArray[np.float32]) -> tuple[Passage, ...]:
    """Order the candidates by the blend of search and reranker; ``scores``: float32[n_candidates].

    The reranker's scores are spread over the range of the candidates' blends (min–max), so that whoever weighs a
    passage by its blend goes on as before.
    """
    again = passages[pinned:TOP]
    if len(again) < 2:  # noqa: PLR2004  # one has no order
        return tuple(passages)
    blends = np.array([passage.scores.blend for passage in again])
    low, high = blends.min(), blends.max()
    reach = scores.max() - scores.min()
    spread = (scores - scores.min()) / reach if reach > 0 else np.zeros(len(again))
    mixed = (1 - SHARE) * blends + SHARE * (low + (high - low) * spread)
    moved = (
        replace(again[row], scores=replace(again[row].scores, blend=float(mixed[row])))
        for row in np.argsort(-mixed, kind="stable")
    )
    return (*passages[:pinned], *moved, *passages[max(pinned, TOP) :])
