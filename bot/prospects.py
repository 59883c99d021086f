"""What a customer can expect, in words: his place and a usual wait, or when the desk opens."""

from datetime import datetime, timedelta
from typing import Final

from bot.texts import Texts
from support.desk_file import DAYS, Hours
from support.expectation import Closed, Expectation
from support.hours import local

WEEK: Final = timedelta(days=7)


def prospects(texts: Texts, expected: Expectation | Closed, hours: Hours, now: datetime) -> str:
    """Say what is known and nothing else; empty when that is nothing."""
    if isinstance(expected, Closed):
        return closed(texts, expected.opens_at, hours, now)
    parts = [texts("expect-before", n=expected.before)] if expected.before else []
    if expected.minutes is not None:
        parts.append(texts("expect-minutes", n=expected.minutes))
    return " ".join(parts)


def closed(texts: Texts, opens_at: datetime | None, hours: Hours, now: datetime) -> str:
    """Say that the desk is closed, and until when."""
    if opens_at is None:
        return texts("expect-closed-long")
    return texts("expect-closed", day=day(texts, opens_at, hours, now), time=clock(opens_at, hours))


def day(texts: Texts, moment: datetime, hours: Hours, now: datetime) -> str:
    """Name a day as people do: today, tomorrow, on Monday, a date."""
    there, here = local(hours, moment).date(), local(hours, now).date()
    away = there - here
    if away < timedelta(days=2):
        return texts("day-today" if away < timedelta(days=1) else "day-tomorrow")
    if away < WEEK:
        return texts("day-weekday", day=DAYS[there.weekday()])
    return texts("day-date", date=f"{there:%d.%m}")


def clock(moment: datetime, hours: Hours) -> str:
    """Return the time of day by the desk's clock."""
    at = local(hours, moment)
    return f"{at.hour}:{at:%M}"
