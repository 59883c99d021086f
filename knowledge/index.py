"""The searchable form of a base: chunks with their BM25 tables and vectors; how it is built, stored and read."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge.bm25 import CompiledBM25, Fields
from knowledge.concepts import concepts
from knowledge.embedder import Embedder, features
from knowledge.meaning import Meaning
from knowledge.passages import Chunk
from knowledge.sentences import SentenceEmbedder
from knowledge.surroundings import Surroundings
from knowledge.tokens import terms, text_grams
from knowledge.vectors import VectorCache

HEADING_TIMES = 3
"""How many times the embedder and the concepts read title, headings and question beside the text."""

TRAINED_ON = 12_000
"""Chunks that the embedder is trained on at most: more tell it little and cost gigabytes."""
_BATCH = 2_000
_CHUNKS = "chunks.jsonl"
_VOCABULARIES = "vocabularies.json"
_ARRAYS = "arrays.npz"
_MEANING = "meaning.json"
FILES = (_CHUNKS, _VOCABULARIES, _ARRAYS)
FILES_OF_A_MODEL = (_MEANING,)
"""Only in an index that was built with a pretrained model."""


@dataclass(frozen=True)
class Index:
    """Everything that search reads; immutable."""

    chunks: tuple[Chunk, ...]
    lexical: CompiledBM25
    characters: CompiledBM25
    concepts: CompiledBM25
    """Which chunks speak of which concept: for coverage, not for ranking."""
    embedder: Embedder
    vectors: NDArray[np.float32]
    """float32[n_chunks, n_dimensions], L2-normalised."""
    surroundings: Surroundings
    meaning: Meaning | None = None
    """What a pretrained model adds, where one is configured."""

    @classmethod
    def build(
        cls,
        chunks: Sequence[Chunk],
        model: SentenceEmbedder | None = None,
        cache: VectorCache | None = None,
        *,
        former: "Index | None" = None,
    ) -> Self:
        """Index the chunks, with a pretrained model's vectors too if there is one.

        Some chunk must hold a letter or digit. With the index of a ``former`` release its embedder stays, and only
        chunks that it does not hold are embedded.
        """
        embedder, vectors, meant = _embedded(chunks) if former is None else _taken_over(chunks, former)
        return cls(
            tuple(chunks),
            CompiledBM25.build(Fields(terms(chunk.text), terms(headings(chunk))) for chunk in chunks),
            CompiledBM25.build(Fields(text_grams(chunk.text), text_grams(headings(chunk))) for chunk in chunks),
            CompiledBM25.build(Fields([*some, ""]) for some in meant),
            embedder,
            vectors,
            Surroundings.of(chunks),
            None if model is None else Meaning.build(chunks, model, cache, None if former is None else former.meaning),
        )

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Languages of the chunks."""
        return tuple(sorted({chunk.language for chunk in self.chunks}))

    @cached_property
    def language_of(self) -> NDArray[np.int64]:
        """int64[n_chunks]: each chunk's place in ``languages``."""
        return np.array([self.languages.index(chunk.language) for chunk in self.chunks], dtype=np.int64)

    def save(self, folder: Path) -> None:
        """Write the index into an existing folder."""
        lines = (json.dumps(asdict(chunk), ensure_ascii=False) for chunk in self.chunks)
        (folder / _CHUNKS).write_text("\n".join(lines) + "\n", encoding="utf-8")
        tables = {"lexical": self.lexical, "characters": self.characters, "concepts": self.concepts}
        vocabularies: dict[str, list[str]] = {name: list(table.vocabulary) for name, table in tables.items()}
        vocabularies["embedder"] = list(self.embedder.vocabulary)
        (folder / _VOCABULARIES).write_text(json.dumps(vocabularies, ensure_ascii=False), encoding="utf-8")
        arrays: dict[str, NDArray[np.generic]] = {
            "vectors": self.vectors,
            "embedder.weights": self.embedder.weights,
            "embedder.projection": self.embedder.projection,
        }
        if self.meaning is not None:
            meaning = {"model": self.meaning.model, "revision": self.meaning.revision, "shares": self.meaning.shares}
            (folder / _MEANING).write_text(json.dumps(meaning), encoding="utf-8")
            arrays["meaning"] = self.meaning.vectors
        for name, table in tables.items():
            arrays |= {f"{name}.{key}": array for key, array in table.arrays().items()}
            arrays[f"{name}.k1"] = np.array(table.k1)
        with (folder / _ARRAYS).open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; never unpickles.

        Raises:
            OSError, ValueError, KeyError, TypeError: the files are missing or damaged.
        """
        chunks = read_chunks(folder)
        vocabularies = json.loads((folder / _VOCABULARIES).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as file:
            arrays = dict(file)

        def table(name: str) -> CompiledBM25:
            own = {key.removeprefix(f"{name}."): value for key, value in arrays.items() if key.startswith(f"{name}.")}
            return CompiledBM25.restore(vocabularies[name], own, n_documents=len(chunks), k1=float(own["k1"]))

        features = {feature: number for number, feature in enumerate(vocabularies["embedder"])}
        embedder = Embedder(features, arrays["embedder.weights"], arrays["embedder.projection"])
        vectors = arrays["vectors"]
        if len(vectors) != len(chunks) or not chunks:
            raise ValueError("chunks and vectors do not belong together")
        meaning = None
        if (pretrained := arrays.get("meaning")) is not None:
            told = json.loads((folder / _MEANING).read_text(encoding="utf-8"))
            meaning = Meaning(told["model"], told["revision"], pretrained, told["shares"])
        return cls(
            chunks,
            table("lexical"),
            table("characters"),
            table("concepts"),
            embedder,
            vectors,
            Surroundings.of(chunks),
            meaning,
        )

    @property
    def embedder_name(self) -> str:
        """What made the vectors."""
        return "the base's own embedder" + (
            "" if self.meaning is None else f" and {self.meaning.model} {self.meaning.shares}"
        )

    def is_finite(self) -> bool:
        """Say whether no number in it is NaN or infinite."""
        tables = (self.lexical, self.characters, self.concepts)
        arrays = [self.vectors, self.embedder.projection, *(table.values for table in tables)]
        if self.meaning is not None:
            arrays.append(self.meaning.vectors)
        return all(bool(np.isfinite(array).all()) for array in arrays)


def _taken_over(chunks: Sequence[Chunk], former: Index) -> tuple[Embedder, NDArray[np.float32], list[list[str]]]:
    """Return the former embedder, its vectors of the chunks that it holds and new ones of the others, and concepts."""
    texts = [_searched(chunk) for chunk in chunks]
    known = {chunk: row for row, chunk in enumerate(former.chunks)}
    vectors = np.zeros((len(chunks), former.vectors.shape[1]), dtype=np.float32)
    rows = [known.get(chunk, -1) for chunk in chunks]
    kept = np.array([row >= 0 for row in rows])
    vectors[kept] = former.vectors[[row for row in rows if row >= 0]]
    if not kept.all():
        vectors[~kept] = former.embedder.embed([text for text, row in zip(texts, rows, strict=True) if row < 0])
    return former.embedder, vectors, [list(_remembered(text)) for text in texts]


@lru_cache(maxsize=100_000)
def _remembered(text: str) -> tuple[str, ...]:
    """Concepts, kept for the next build of the same process: finding them is the slowest step of reading a text."""
    return tuple(concepts(text))


def read_chunks(folder: Path) -> tuple[Chunk, ...]:
    """Read a release's chunks alone.

    Raises:
        OSError, ValueError, KeyError, TypeError: the file is missing or damaged.
    """
    text = (folder / _CHUNKS).read_text(encoding="utf-8")
    return tuple(_chunk(json.loads(line)) for line in text.split("\n") if line)


def headings(chunk: Chunk) -> str:
    """Return title, headings and question as one text."""
    return " \n ".join((chunk.title, *chunk.breadcrumb, chunk.question or ""))


def _searched(chunk: Chunk) -> str:
    return "\n".join([headings(chunk)] * HEADING_TIMES + [chunk.text])


def _embedded(chunks: Sequence[Chunk]) -> tuple[Embedder, NDArray[np.float32], list[list[str]]]:
    """Train the embedder on the base, or on an even sample of a huge one; return all vectors and concepts too."""
    step = -(-len(chunks) // TRAINED_ON)
    counts = [features(_searched(chunk)) for chunk in chunks[::step]]
    embedder, vectors = Embedder.fit(counts)
    if step == 1:
        return embedder, vectors, [_concepts(found) for found in counts]
    parts, meant = [], []
    for start in range(0, len(chunks), _BATCH):
        counts = [features(_searched(chunk)) for chunk in chunks[start : start + _BATCH]]
        parts.append(embedder.embed_counted(counts))
        meant += [_concepts(found) for found in counts]
    return embedder, np.vstack(parts), meant


def _concepts(found: Counter[str]) -> list[str]:
    return [feature.removeprefix("c:") for feature in found.elements() if feature.startswith("c:")]


def _chunk(fields: dict[str, object]) -> Chunk:
    breadcrumb = fields.pop("breadcrumb")
    if not isinstance(breadcrumb, list):
        raise TypeError("breadcrumb must be a list")
    return Chunk(breadcrumb=tuple(breadcrumb), **fields)  # type: ignore[arg-type]  # our own file, digest checked
