"""Which chunks of a release may answer today: articles begin and expire also after the release was built."""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from knowledge.columns import Columns
from knowledge.days import Today


class Calendar:
    """The chunks' days; safe to share between threads."""

    def __init__(self, columns: Columns, today: Today, hidden: NDArray[np.bool_] | None = None) -> None:
        """Ask ``today`` at every search; what is valid is worked out once a day.

        ``hidden``: bool[n_chunks], which answer on no day.
        """
        self._columns = columns
        self._today = today
        self._hidden = hidden
        self._known: tuple[date, NDArray[np.bool_]] | None = None

    def valid(self) -> NDArray[np.bool_]:
        """Return bool[n_chunks]: which may answer on this day."""
        day, known = self._today(), self._known
        if known is None or known[0] != day:
            # One assignment of a finished pair: another thread sees the old day or the new one, never a mixture.
            valid = self._columns.valid(day)
            known = self._known = (day, valid if self._hidden is None else valid & ~self._hidden)
        return known[1]
