"""The period that figures are of: today, or so many whole days up to now, by the desk's clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from support.desk_file import Hours
from support.hours import today_began

DAYS: Final = (1, 7, 30)
"""What /stats offers."""
MOST_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` to ``end``, which is the moment of asking."""

    days: int
    """Calendar days, today included."""
    start: datetime
    end: datetime
    zone: str
    """IANA name: where a day begins."""

    @property
    def dates(self) -> tuple[str, ...]:
        """The days, ISO 8601, oldest first."""
        last = self.end.astimezone(ZoneInfo(self.zone)).date()
        return tuple(str(last - timedelta(days=back)) for back in reversed(range(self.days)))

    def day_of(self, moment: datetime) -> str:
        """Return the date of a moment at the desk, ISO 8601."""
        return str(moment.astimezone(ZoneInfo(self.zone)).date())


def last_days(days: int, hours: Hours, now: datetime) -> Period:
    """Return the period of today and the days before it, ``days`` in all.

    Raises:
        ValueError: not 1 to MOST_DAYS days.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"days must be 1 to {MOST_DAYS}, not {days}")
    # From noon, so that a change of the clock in between moves no date.
    noon = today_began(hours, now) + timedelta(hours=12)
    return Period(days, today_began(hours, noon - timedelta(days=days - 1)), now, hours.zone)
