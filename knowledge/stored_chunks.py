"""A release's chunks as they lie in a file, one a line, each parsed when somebody looks at it."""

import json
from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import overload

import numpy as np

from knowledge.passages import Chunk

_FIELDS = tuple(field.name for field in fields(Chunk))
_BREADCRUMB = _FIELDS.index("breadcrumb")
_values_of = attrgetter(*_FIELDS)


class StoredChunks(Sequence[Chunk]):
    """Chunks as they lie in the file; each look makes a new value. Safe to share between threads."""

    def __init__(self, stored: bytes) -> None:
        """Look at the file's head and at where its lines end.

        Raises:
            ValueError: these are no chunks, or those of another version.
        """
        self._stored = stored
        self._ends = np.flatnonzero(np.frombuffer(stored, dtype=np.uint8) == ord("\n"))
        if not len(self._ends) or tuple(json.loads(stored[: self._ends[0]])) != _FIELDS:
            raise ValueError("the chunks have other fields")

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> Chunk: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Chunk, ...]: ...
    def __getitem__(self, place: int | slice) -> Chunk | tuple[Chunk, ...]:
        if isinstance(place, slice):
            return tuple(self[row] for row in range(*place.indices(len(self))))
        row = range(len(self))[place]
        line = self._stored[self._ends[row] + 1 : self._ends[row + 1]]
        values = json.loads(line.decode("utf-8"))
        values[_BREADCRUMB] = tuple(values[_BREADCRUMB])
        return Chunk(*values)


def stored(chunks: Sequence[Chunk]) -> bytes:
    """Return chunks as the file holds them."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    return "".join(f"{encode(row)}\n" for row in (_FIELDS, *map(_values_of, chunks))).encode("utf-8")
