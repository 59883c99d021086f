"""The searchable form of a base: chunks with their BM25 tables and vectors; how it is built, stored and read."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge.bm25 import CompiledBM25
from knowledge.concepts import concepts
from knowledge.embedder import Embedder
from knowledge.passages import Chunk
from knowledge.tokens import terms, text_grams

HEADING_WEIGHT = 3
"""How many times title, headings and question count beside the text."""
CHARACTERS_B = 0.75

_CHUNKS = "chunks.jsonl"
_VOCABULARIES = "vocabularies.json"
_ARRAYS = "arrays.npz"
FILES = (_CHUNKS, _VOCABULARIES, _ARRAYS)


@dataclass(frozen=True, slots=True)
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

    @classmethod
    def build(cls, chunks: Sequence[Chunk], *, former: "Index | None" = None) -> Self:
        """Index the chunks. Some chunk must hold a letter or digit.

        With the index of a ``former`` release its embedder stays, and only chunks that it does not hold are embedded.
        """
        texts = [_searched(chunk) for chunk in chunks]
        if former is None:
            embedder, vectors = Embedder.train(texts)
        else:
            embedder, vectors = former.embedder, _taken_over(chunks, texts, former)
        return cls(
            tuple(chunks),
            CompiledBM25.build([terms(text) for text in texts]),
            CompiledBM25.build([text_grams(text) for text in texts], b=CHARACTERS_B),
            CompiledBM25.build([[*_concepts(text), ""] for text in texts]),
            embedder,
            vectors,
        )

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
        return cls(chunks, table("lexical"), table("characters"), table("concepts"), embedder, vectors)

    def is_finite(self) -> bool:
        """Say whether no number in it is NaN or infinite."""
        tables = (self.lexical, self.characters, self.concepts)
        arrays: list[NDArray[np.float32] | NDArray[np.float64]] = [
            self.vectors,
            self.embedder.projection,
            *(table.values for table in tables),
        ]
        return all(bool(np.isfinite(array).all()) for array in arrays)


def _taken_over(chunks: Sequence[Chunk], texts: Sequence[str], former: Index) -> NDArray[np.float32]:
    """Return the chunks' vectors: those of the former index where it holds the very same chunk."""
    known = {chunk: row for row, chunk in enumerate(former.chunks)}
    vectors = np.zeros((len(chunks), former.vectors.shape[1]), dtype=np.float32)
    rows = [known.get(chunk, -1) for chunk in chunks]
    kept = np.array([row >= 0 for row in rows])
    vectors[kept] = former.vectors[[row for row in rows if row >= 0]]
    if not kept.all():
        vectors[~kept] = former.embedder.embed([text for text, row in zip(texts, rows, strict=True) if row < 0])
    return vectors


def read_chunks(folder: Path) -> tuple[Chunk, ...]:
    """Read a release's chunks alone.

    Raises:
        OSError, ValueError, KeyError, TypeError: the file is missing or damaged.
    """
    text = (folder / _CHUNKS).read_text(encoding="utf-8")
    return tuple(_chunk(json.loads(line)) for line in text.split("\n") if line)


@lru_cache(maxsize=100_000)
def _concepts(text: str) -> tuple[str, ...]:
    """Remembered for the next build of the same process: finding them is the slowest step of reading a text."""
    return tuple(concepts(text))


def _searched(chunk: Chunk) -> str:
    headings = " \n ".join((chunk.title, *chunk.breadcrumb, chunk.question or ""))
    return "\n".join([headings] * HEADING_WEIGHT + [chunk.text])


def _chunk(fields: dict[str, object]) -> Chunk:
    breadcrumb = fields.pop("breadcrumb")
    if not isinstance(breadcrumb, list):
        raise TypeError("breadcrumb must be a list")
    return Chunk(breadcrumb=tuple(breadcrumb), **fields)  # type: ignore[arg-type]  # our own file, digest checked
