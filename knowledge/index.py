"""The searchable form of a base: chunks with their BM25 tables and vectors; how it is built, stored and read."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from knowledge.bm25 import CompiledBM25
from knowledge.columns import Columns
from knowledge.counting import Counts, Tally, tally
from knowledge.embedder import Embedder
from knowledge.meaning import Meaning
from knowledge.passages import Chunk
from knowledge.sentences import SentenceEmbedder
from knowledge.stored_chunks import StoredChunks, stored
from knowledge.surroundings import Surroundings
from knowledge.vectors import VectorCache

HEADING_TIMES = 3
"""How many times the embedder and the concepts read title, headings and question beside the text."""

TRAINED_ON = 6_000
"""Chunks that the embedder is trained on at most: more tell it little and cost gigabytes."""
_BATCH = 2_000
_CHUNKS = "chunks.jsonl"
_VOCABULARIES = "vocabularies.jsonl"
_BLOCK = 500
"""Words in one line: what reads it holds up other threads for a tenth of a millisecond."""
_ARRAYS = "arrays.npy"
"""A first array of names, then the arrays themselves in that order, each as numpy stores one."""
_MEANING = "meaning.json"
FILES = (_CHUNKS, _VOCABULARIES, _ARRAYS)
FILES_OF_A_MODEL = (_MEANING,)
"""Only in an index that was built with a pretrained model."""


@dataclass(frozen=True)
class Index:
    """Everything that search reads; immutable."""

    chunks: Sequence[Chunk]
    """Of a loaded index parsed when one is looked at: go through all of them only where time does not matter."""
    columns: Columns
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
        meaning = None
        if model is not None:
            meaning = Meaning.build(chunks, model, cache, None if former is None else former.meaning)
        surroundings, columns = Surroundings.of(chunks), Columns.of(chunks)
        if former is not None:
            return cls(tuple(chunks), columns, *_changed(chunks, former), surroundings, meaning)
        bodies, heads = counted(chunks)
        whole = bodies.plus(heads, HEADING_TIMES)
        tables = (CompiledBM25.of(bodies.terms, heads.terms), CompiledBM25.of(bodies.grams, heads.grams))
        concepts = CompiledBM25.of(*_whole_concepts(whole))
        return cls(tuple(chunks), columns, *tables, concepts, *_embedded(whole), surroundings, meaning)

    def save(self, folder: Path) -> None:
        """Write the index into an existing folder."""
        (folder / _CHUNKS).write_bytes(stored(self.chunks))
        tables = {"lexical": self.lexical, "characters": self.characters, "concepts": self.concepts}
        vocabularies: dict[str, list[str]] = {name: list(table.vocabulary) for name, table in tables.items()}
        vocabularies |= {"embedder": list(self.embedder.vocabulary), "languages": list(self.columns.languages)}
        lines = (json.dumps(block, ensure_ascii=False) + "\n" for block in _blocks(vocabularies))
        (folder / _VOCABULARIES).write_text("".join(lines), encoding="utf-8")
        arrays: dict[str, NDArray[np.generic]] = {
            "vectors": self.vectors,
            "embedder.weights": self.embedder.weights,
            "embedder.projection": self.embedder.projection,
            "surroundings": np.stack(astuple(self.surroundings)),
        }
        if self.meaning is not None:
            meaning = {"model": self.meaning.model, "revision": self.meaning.revision, "shares": self.meaning.shares}
            (folder / _MEANING).write_text(json.dumps(meaning), encoding="utf-8")
            arrays["meaning"] = self.meaning.vectors
        parts = {name: table.arrays() for name, table in tables.items()} | {"columns": self.columns.arrays()}
        for name, part in parts.items():
            arrays |= {f"{name}.{key}": array for key, array in part.items()}
        with (folder / _ARRAYS).open("wb") as file:
            for array in (np.array(list(arrays)), *arrays.values()):
                np.save(file, array, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; never unpickles.

        Raises:
            OSError, ValueError, KeyError, TypeError: the files are missing or damaged.
        """
        chunks = StoredChunks((folder / _CHUNKS).read_bytes())
        vocabularies: dict[str, list[str]] = {}
        with (folder / _VOCABULARIES).open(encoding="utf-8") as lines:
            for name, words in map(json.loads, lines):
                vocabularies.setdefault(name, []).extend(words)
        with (folder / _ARRAYS).open("rb") as file:
            names = np.load(file, allow_pickle=False).tolist()
            arrays = {name: np.load(file, allow_pickle=False) for name in names}

        def own(name: str) -> dict[str, NDArray[np.generic]]:
            return {key.removeprefix(f"{name}."): value for key, value in arrays.items() if key.startswith(f"{name}.")}

        def table(name: str) -> CompiledBM25:
            return CompiledBM25.restore(vocabularies[name], own(name), n_documents=len(chunks))

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
            Columns.restore(vocabularies["languages"], own("columns")),
            table("lexical"),
            table("characters"),
            table("concepts"),
            embedder,
            vectors,
            Surroundings(*arrays["surroundings"]),
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
        arrays = [self.vectors, self.embedder.projection, *(table.counts.data for table in tables)]
        if self.meaning is not None:
            arrays.append(self.meaning.vectors)
        return all(bool(np.isfinite(array).all()) for array in arrays)


Parts = tuple[CompiledBM25, CompiledBM25, CompiledBM25, Embedder, NDArray[np.float32]]
"""Words, characters, concepts, embedder, vectors."""


def _changed(chunks: Sequence[Chunk], former: Index) -> Parts:
    """Take over what a former index holds of the same chunks, and its embedder; read and count only the others."""
    place = {chunk: row for row, chunk in enumerate(former.chunks)}
    rows = np.array([place.get(chunk, -1) for chunk in chunks], dtype=np.int64)
    kept = rows >= 0
    bodies, heads = counted([chunk for chunk, row in zip(chunks, rows, strict=True) if row < 0])
    whole = bodies.plus(heads, HEADING_TIMES)
    vectors = np.zeros((len(chunks), former.vectors.shape[1]), dtype=np.float32)
    vectors[kept] = former.vectors[rows[kept]]
    vectors[~kept] = former.embedder.embed_counted(whole)
    return (
        former.lexical.changed(rows, bodies.terms, heads.terms),
        former.characters.changed(rows, bodies.grams, heads.grams),
        former.concepts.changed(rows, *_whole_concepts(whole)),
        former.embedder,
        vectors,
    )


def counted(chunks: Sequence[Chunk]) -> tuple[Tally, Tally]:
    """Count bodies and headings, as two fields of the same tokens."""
    both = tally([*(chunk.text for chunk in chunks), *(headings(chunk) for chunk in chunks)])
    return both[: len(chunks)], both[len(chunks) :]


def _whole_concepts(whole: Tally) -> tuple[Counts, Counts]:
    """Return concepts as one field, with a token that all share: many texts name no concept at all."""
    tokens, told = [*whole.concepts.tokens, ""], coo_array(whole.concepts.table)
    shape = (whole.concepts.table.shape[0], len(tokens))
    every = np.arange(shape[0])
    rows, columns = np.concatenate([told.row, every]), np.concatenate([told.col, np.full_like(every, len(tokens) - 1)])
    table = csr_array((np.concatenate([told.data, np.ones_like(every)]), (rows, columns)), shape=shape)
    return Counts(tokens, table), Counts(tokens, table * 0)


def _blocks(vocabularies: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    for name, words in vocabularies.items():
        for start in range(0, len(words), _BLOCK):
            yield name, words[start : start + _BLOCK]


def read_chunks(folder: Path) -> tuple[Chunk, ...]:
    """Read a release's chunks alone, all of them.

    Raises:
        OSError, ValueError, KeyError, TypeError: the file is missing or damaged.
    """
    return tuple(StoredChunks((folder / _CHUNKS).read_bytes()))


def headings(chunk: Chunk) -> str:
    """Return title, headings and question as one text."""
    return " \n ".join((chunk.title, *chunk.breadcrumb, chunk.question or ""))


def _embedded(whole: Tally) -> tuple[Embedder, NDArray[np.float32]]:
    """Train the embedder on the base, or on an even sample of a huge one; return all vectors too."""
    n_texts = whole.terms.table.shape[0]
    step = -(-n_texts // TRAINED_ON)
    if step <= 1:
        return Embedder.fit(whole)
    embedder, _ = Embedder.fit(whole[::step])
    parts = [embedder.embed_counted(whole[start : start + _BATCH]) for start in range(0, n_texts, _BATCH)]
    return embedder, np.vstack(parts)
