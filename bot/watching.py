"""Figures for administrators: what /stats shows is made when the call is made, outside any transaction.

The ledger holds only a key like ``stats:show:7:…``: no figures, no customers' words, and no writer waits for counting.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from aiogram.types import BufferedInputFile, InlineKeyboardMarkup

from bot.stats_page import page
from bot.stats_words import STATS, StatsWords
from bot.unit import Units
from support.desk_file import DeskFile, Hours
from support.hours import today_began
from support.transport_tables import DeliveryRow
from support.watching.articles import article
from support.watching.counting import figures
from support.watching.gaps import clusters, gap_of
from support.watching.period import Period, last_days
from support.watching.report import Figures
from support.watching.shift import Shift
from support.watching.shift_data import look

LOOK_AT: Final = timedelta(hours=9)
"""Of the desk's day."""
PLACE: Final = "…"
"""Stands in the ledger in the place of what is made later."""


@dataclass(slots=True)
class Watching:
    """Counts and puts into words."""

    units: Units
    file: DeskFile
    words: StatsWords
    threshold: float
    """ANSWER_THRESHOLD, 0..1."""
    threshold_is_set: bool
    """Whether somebody has set it: calibrated ones do not count then."""
    _shift: tuple[datetime, Shift] | None = field(default=None)
    """The last look, which is of a fixed moment: seconds of work at a large company, once a day."""

    async def figures(self, days: int) -> Figures:
        """Return the figures of the last days, what has shifted included."""
        async with self.units.database.reading() as session:
            found = await figures(
                session,
                self._period(days),
                self.file,
                threshold=self.threshold,
                threshold_is_set=self.threshold_is_set,
            )
            moment = moment_of_look(self.file.hours, self.units.clock())
            if self._shift is None or self._shift[0] != moment:
                self._shift = (moment, spelled(*await look(session, moment)))
        return replace(found, shift=self._shift[1])

    async def fill(self, row: DeliveryRow, payload: dict[str, Any]) -> dict[str, Any]:
        """Put into a call what its key asks for; any other call stays as it is."""
        kind, *arguments = row.key.removeprefix(f"{STATS}:").split(":")
        if not row.key.startswith(f"{STATS}:") or not arguments[0].isdecimal():
            return payload
        days = int(arguments[0])
        match kind:
            case "show":
                found = await self.figures(days)
                markup = self.words.buttons(days, gaps=bool(found.clusters))
                return payload | {
                    "text": self.words.summary(found),
                    "reply_markup": markup.model_dump(mode="json", exclude_none=True),
                }
            case "gaps":
                return payload | await self._gaps(days)
            case "page":
                found = await self.figures(days)
                text = await asyncio.to_thread(page, self.words, found)
                return payload | {"document": BufferedInputFile(text.encode(), f"stats-{found.end[:10]}.html")}
            case "draft":
                return payload | await self._draft(days, int(arguments[1]))
        return payload

    async def _gaps(self, days: int) -> dict[str, Any]:
        period = self._period(days)
        async with self.units.database.reading() as session:
            found = tuple(await clusters(session, period.start, period.end))
        return self._shown(self.words.gaps(found, days), self.words.gap_buttons(found, days))

    async def _draft(self, days: int, turn_id: int) -> dict[str, Any]:
        period = self._period(days)
        async with self.units.database.reading() as session:
            gap = await gap_of(session, period.start, period.end, turn_id)
        if gap is None:
            gone = self.words.texts("stats-gone")
            return {"document": BufferedInputFile(gone.encode(), "gone.txt"), "caption": gone}
        made = article(gap)
        return {"document": BufferedInputFile(made.text.encode(), made.name)}

    def _shown(self, text: str, markup: InlineKeyboardMarkup) -> dict[str, Any]:
        return {"text": text, "reply_markup": markup.model_dump(mode="json", exclude_none=True)}

    def _period(self, days: int) -> Period:
        return last_days(days, self.file.hours, self.units.clock())


def moment_of_look(hours: Hours, now: datetime) -> datetime:
    """Return the last moment at which the questions were to be looked at: nine o'clock of the desk."""
    moment = today_began(hours, now) + LOOK_AT
    return moment if moment <= now else moment - timedelta(days=1)


def spelled(shift: Shift, written: dict[str, str]) -> Shift:
    """Return a shift whose topics are named by words as customers wrote them."""
    topics = (replace(one, names=tuple(written.get(name, name) for name in one.names)) for one in shift.topics)
    return replace(shift, topics=tuple(topics))
