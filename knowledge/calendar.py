"""Which chunks of a release may answer today: articles begin and expire also after the release was built."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from knowledge.days import Today
from knowledge.passages import Chunk

_FIRST, _LAST = date.min.toordinal(), date.max.toordinal()


class Calendar:
    """The chunks' days; safe to share between threads."""

    def __init__(self, chunks: Sequence[Chunk], today: Today) -> None:
        """Ask ``today`` at every search; what is valid is worked out once a day."""
        self._today = today
        self._start = _ordinals([chunk.valid_from for chunk in chunks], _FIRST)
        self._end = _ordinals([chunk.valid_until for chunk in chunks], _LAST)
        self._known: tuple[date, NDArray[np.bool_]] | None = None

    def valid(self) -> NDArray[np.bool_]:
        """Return bool[n_chunks]: which may answer on this day."""
        day, known = self._today(), self._known
        if known is None or known[0] != day:
            ordinal = day.toordinal()
            # One assignment of a finished pair: another thread sees the old day or the new one, never a mixture.
            known = self._known = (day, (self._start <= ordinal) & (ordinal <= self._end))
        return known[1]


def _ordinals(days: list[str | None], otherwise: int) -> NDArray[np.int32]:
    ordinals = (otherwise if day is None else date.fromisoformat(day).toordinal() for day in days)
    return np.fromiter(ordinals, dtype=np.int32, count=len(days))
