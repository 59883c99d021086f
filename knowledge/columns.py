"""What search must know of every chunk without reading it: its id, its language, the days on which it may answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from knowledge.passages import Chunk

_FIRST, _LAST = date.min.toordinal(), date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Columns:
    """Facts about all chunks, an array each."""

    ids: NDArray[np.str_]
    """str[n_chunks]."""
    languages: tuple[str, ...]
    """Those that occur, in order."""
    language_of: NDArray[np.int8]
    """int8[n_chunks]: each chunk's place in ``languages``."""
    days: NDArray[np.int32]
    """int32[2, n_chunks]: the first and the last day on which each may answer, as proleptic Gregorian ordinals."""

    @classmethod
    def of(cls, chunks: Sequence[Chunk]) -> Self:
        """Read all chunks once."""
        languages = tuple(sorted({chunk.language for chunk in chunks}))
        place = {language: number for number, language in enumerate(languages)}
        days = [
            _ordinals((chunk.valid_from for chunk in chunks), _FIRST),
            _ordinals((chunk.valid_until for chunk in chunks), _LAST),
        ]
        return cls(
            np.array([chunk.id for chunk in chunks], dtype=np.str_),
            languages,
            np.array([place[chunk.language] for chunk in chunks], dtype=np.int8),
            np.array(days, dtype=np.int32),
        )

    def written_in(self, language: str) -> NDArray[np.bool_]:
        """Return bool[n_chunks]: which are written in the language."""
        if language not in self.languages:
            return np.zeros(len(self.ids), dtype=np.bool_)
        return np.asarray(self.language_of == self.languages.index(language))

    def row(self, chunk_id: str) -> int | None:
        """Return where the chunk of that id stands, None when there is none."""
        found = np.flatnonzero(self.ids == chunk_id)
        return int(found[0]) if len(found) else None

    def of_keys(self, keys: Iterable[str]) -> NDArray[np.bool_]:
        """Return bool[n_chunks]: which have one of these keys (``Chunk.key``)."""
        return np.isin(np.array([chunk_id.partition("-")[0] for chunk_id in self.ids.tolist()]), list(keys))

    def valid(self, day: date) -> NDArray[np.bool_]:
        """Return bool[n_chunks]: which may answer on the day."""
        return np.asarray((self.days[0] <= day.toordinal()) & (day.toordinal() <= self.days[1]))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored in a release besides the names of the languages."""
        return {"ids": self.ids, "language_of": self.language_of, "days": self.days}

    @classmethod
    def restore(cls, languages: Iterable[str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild from ``languages`` and from ``arrays()``."""
        return cls(arrays["ids"], tuple(languages), arrays["language_of"], arrays["days"])


def _ordinals(days: Iterable[str | None], otherwise: int) -> list[int]:
    return [otherwise if day is None else date.fromisoformat(day).toordinal() for day in days]
