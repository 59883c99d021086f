"""Opening hours: whether the desk is open, when it opens next, how long something takes that rests while it is closed.

Local times become moments with PEP 495's fold = 0: of an hour that comes twice (the clock is set back) the first is
meant, and a time that the clock skips is the moment as long after midnight as the clock would have shown.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from support.desk_file import DAYS, Hours, Opening

FURTHEST: Final = timedelta(days=366)
"""A desk that does not open within it is taken for closed for ever."""
ALL_DAY: Final = (Opening(begins=time(0), ends=time(0)),)
_DAY: Final = timedelta(days=1)


def is_open(hours: Hours, now: datetime) -> bool:
    """Whether operators work at the moment."""
    return next_opening(hours, now) == now


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """Return the first moment from ``now`` on at which the desk is open: ``now`` itself while it is; None: never."""
    begins, _ = next(_stretches(hours, now), (None, None))
    return begins


def closes_at(hours: Hours, now: datetime) -> datetime | None:
    """Return when the stretch ends that ``now`` or the next opening lies in; None: never, or there is none."""
    ends = None
    for begins, until in _stretches(hours, now):
        if ends is not None and begins > ends:
            break
        ends = until
        if ends - now > FURTHEST:
            return None
    return ends


def add_open_minutes(hours: Hours, start: datetime, minutes: float) -> datetime | None:
    """Return when so many minutes have passed in opening hours; None when the desk never opens so long."""
    left = timedelta(minutes=minutes)
    for begins, ends in _stretches(hours, start):
        if ends - begins >= left:
            return begins + left
        left -= ends - begins
    return None


def open_minutes_between(hours: Hours, start: datetime, end: datetime) -> float:
    """Return the minutes of opening hours between two moments; 0 when the second is not the later one."""
    passed = timedelta()
    for begins, ends in _stretches(hours, start):
        if begins >= end:
            break
        passed += min(ends, end) - begins
    return passed / timedelta(minutes=1)


def local(hours: Hours, moment: datetime) -> datetime:
    """Return a moment as the desk's clock shows it."""
    return moment.astimezone(ZoneInfo(hours.zone))


def today_began(hours: Hours, now: datetime) -> datetime:
    """Return the beginning of the desk's day, in UTC."""
    midnight = local(hours, now).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight.astimezone(UTC)


def _stretches(hours: Hours, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield when the desk is open from a moment on: in order, not overlapping, none of them empty."""
    # In UTC: Python compares and subtracts moments of one zone by what its clocks show.
    reached = start.astimezone(UTC)
    if not any(hours.week.values()) and not hours.closed_on:
        yield reached, datetime.max.replace(tzinfo=UTC)
        return
    # An opening that began yesterday may still go on.
    day = local(hours, reached).date() - _DAY
    while datetime.combine(day, time(0), UTC) < reached + FURTHEST:
        for begins, ends in sorted(_moments(hours, day)):
            if max(begins, reached) < ends:
                yield max(begins, reached), ends
                reached = ends
        day += _DAY


def _moments(hours: Hours, day: date) -> Iterator[tuple[datetime, datetime]]:
    """Yield the openings that begin on a day; a holiday has none, what began the day before goes on into it."""
    if day in hours.closed_on:
        return
    zone = ZoneInfo(hours.zone)
    openings = hours.week.get(DAYS[day.weekday()], ()) if any(hours.week.values()) else ALL_DAY
    for opening in openings:
        last = day if opening.begins < opening.ends else day + _DAY
        begins, ends = (
            datetime.combine(*at, zone).astimezone(UTC) for at in ((day, opening.begins), (last, opening.ends))
        )
        yield begins, ends
