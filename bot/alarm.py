"""The alarm about a shift of the questions: one look a day, at most one message a day, nothing told twice in a week.

The look is of a fixed moment of the day: a restart that looks again finds the same, so a month holds thirty looks and
no more (support.watching.shift counts on that).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.loops import keep_looking
from bot.rendering import send
from bot.stats_words import StatsWords
from bot.unit import Units
from bot.watching import moment_of_look
from support.deliveries import Priority
from support.desk_file import Hours
from support.leases import Lease
from support.tables import AuditRow
from support.watching.shift import Change, Shift
from support.watching.shift_data import look

EVERY_S: Final = 600.0
QUIET: Final = timedelta(days=7)
ACTION: Final = "questions_shifted"
BOT: Final = 0
SCORES: Final = "scores"
log = structlog.get_logger()


@dataclass(slots=True)
class Alarm:
    """Looks once a day and tells administrators what customers ask more about; run by the process that sends."""

    units: Units
    lease: Lease
    words: StatsWords
    hours: Hours
    admins: tuple[int, ...]
    _looked: date | None = field(default=None)

    async def run(self) -> None:
        """Look, until cancelled."""
        await keep_looking(self.lease, self.look, "alarm about a shift", every_s=EVERY_S)

    async def look(self) -> Shift | None:
        """Look as of the last nine o'clock; None: that was looked at before."""
        moment = moment_of_look(self.hours, self.units.clock())
        if self._looked == moment.date():
            return None
        async with self.units.database.reading() as session:
            shift, written = await look(session, moment)
            told = await _told(session, moment)
        news = _news(shift, told)
        if news.alarms and self.admins:
            await self._tell(news, written, moment)
        # Not before they are told: what fails now is tried again at the next look.
        self._looked = moment.date()
        return shift

    async def _tell(self, news: Shift, written: dict[str, str], moment: datetime) -> None:
        text = "\n".join([*self.words.shift(news, written), "", self.words.texts("stats-shift-hint")])
        names = sorted(_names(news))
        log.info("customers ask about something else", topics=len(news.topics), marks=len(news.marks))
        async with self.units.open() as unit:
            if await _told(unit.session, moment, today=True):
                return
            # At the day's moment, so that a look after a restart counts it as told today.
            detail = {"names": names}
            unit.session.add(AuditRow(at=moment, actor_id=BOT, action=ACTION, detail=detail))
            for admin in self.admins:
                key = f"shift:{moment:%Y-%m-%d}:{admin}"
                await unit.to_chat(send(text, admin), admin, key, priority=Priority.CARD)


async def _told(session: AsyncSession, moment: datetime, *, today: bool = False) -> set[str]:
    """Return what administrators heard of in the week before, or have heard of today."""
    times = AuditRow.at == moment if today else (AuditRow.at > moment - QUIET) & (AuditRow.at < moment)
    rows = await session.scalars(select(AuditRow.detail).where(AuditRow.action == ACTION, times))
    return {name for detail in rows for name in detail.get("names", ())}


def _news(shift: Shift, told: set[str]) -> Shift:
    """Take away what was told lately."""
    fell = shift.scores_fell and SCORES not in told
    return replace(shift, topics=_fresh(shift.topics, told), marks=_fresh(shift.marks, told), scores_fell=fell)


def _fresh(changes: Iterable[Change], told: set[str]) -> tuple[Change, ...]:
    return tuple(one for one in changes if not set(one.names) & told)


def _names(shift: Shift) -> set[str]:
    names = {name for one in (*shift.topics, *shift.marks) for name in one.names}
    return names | ({SCORES} if shift.scores_fell else set())
