from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.desk_file import DAYS, Hours, Opening
from support.hours import add_open_minutes, is_open, next_opening, open_minutes_between, today_began

MOSCOW = ZoneInfo("Europe/Moscow")
OFFICE = (Opening(begins=time(9), ends=time(18)),)
WEEK = Hours(zone="Europe/Moscow", week=dict.fromkeys(DAYS[:5], OFFICE), closed_on=(date(2027, 1, 1),))
NIGHT = Hours(zone="Europe/Moscow", week={"fri": (Opening(begins=time(22), ends=time(2)),)})


def at(day, hour, minute=0, *, month=11, year=2026, zone=MOSCOW):
    """26 November 2026 is a Thursday."""
    return datetime(year, month, day, hour, minute, tzinfo=zone)


@pytest.mark.parametrize(
    ("hours", "moment", "opened", "opens"),
    [
        (WEEK, at(26, 9), True, at(26, 9)),
        (WEEK, at(26, 17, 59), True, at(26, 17, 59)),
        (WEEK, at(26, 18), False, at(27, 9)),
        (WEEK, at(27, 20), False, at(30, 9)),
        (WEEK, at(31, 20, month=12), False, at(4, 9, month=1, year=2027)),
        (NIGHT, at(27, 23), True, at(27, 23)),
        (NIGHT, at(28, 1, 59), True, at(28, 1, 59)),
        (NIGHT, at(28, 2), False, at(4, 22, month=12)),
        (Hours(), at(28, 3), True, at(28, 3)),
        (Hours(closed_on=(date(2026, 11, 28),)), at(28, 3, zone=UTC), False, at(29, 0, zone=UTC)),
    ],
)
def test_the_desk_is_open_in_its_hours_and_says_when_it_opens_next(hours, moment, opened, opens):
    assert is_open(hours, moment) == opened
    assert next_opening(hours, moment) == opens


def test_a_desk_whose_only_day_is_always_a_holiday_never_opens():
    week_of_holidays = Hours(
        week={"mon": OFFICE}, closed_on=tuple(date(2026, 11, 23) + timedelta(weeks=n) for n in range(60))
    )

    assert next_opening(week_of_holidays, at(26, 9)) is None
    assert add_open_minutes(week_of_holidays, at(26, 9), 1) is None


def test_the_night_and_the_weekend_do_not_count():
    assert add_open_minutes(WEEK, at(26, 17, 55), 10) == at(27, 9, 5)
    assert add_open_minutes(WEEK, at(27, 17), 120) == at(30, 10)
    assert open_minutes_between(WEEK, at(26, 17), at(30, 10)) == 60 + 9 * 60 + 60


@pytest.mark.parametrize(("day", "minutes"), [(date(2026, 3, 29), 22 * 60 + 30), (date(2026, 10, 25), 24 * 60 + 30)])
def test_a_shift_is_as_long_as_it_really_was_when_the_clock_is_changed(day, minutes):
    zone = ZoneInfo("Europe/Berlin")
    hours = Hours(zone=zone.key, week={"sun": (Opening(begins=time(0, 30), ends=time(0)),)})
    begins = datetime.combine(day, time(0), zone)

    assert open_minutes_between(hours, begins, begins + timedelta(days=2)) == minutes


def test_an_opening_within_the_hour_that_the_clock_skips_is_no_stretch_backwards():
    zone = ZoneInfo("Europe/Berlin")
    hours = Hours(zone=zone.key, week={"sun": (Opening(begins=time(2, 30), ends=time(3)),)})
    skipped = datetime(2026, 3, 29, 0, 0, tzinfo=zone)

    assert open_minutes_between(hours, skipped, skipped + timedelta(days=1)) == 0
    assert open_minutes_between(hours, skipped, skipped + timedelta(days=8)) == 30


def test_overlapping_openings_count_once():
    twice = (Opening(begins=time(9), ends=time(13)), Opening(begins=time(12), ends=time(15)))
    hours = Hours(week={"thu": twice})

    assert open_minutes_between(hours, at(26, 0, zone=UTC), at(27, 0, zone=UTC)) == 6 * 60


def test_the_day_begins_at_the_desks_midnight():
    assert today_began(WEEK, at(26, 0, 30)) == at(26, 0)
    assert today_began(WEEK, datetime(2026, 11, 25, 21, 30, tzinfo=UTC)) == at(26, 0)


times = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
openings = st.builds(Opening, begins=times, ends=times)
hours_of_any_kind = st.builds(
    Hours,
    zone=st.sampled_from(["UTC", "Europe/Moscow", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
    week=st.dictionaries(st.sampled_from(DAYS), st.lists(openings, min_size=1, max_size=3).map(tuple), min_size=1),
    closed_on=st.lists(st.dates(date(2026, 1, 1), date(2027, 1, 1)), max_size=4).map(tuple),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


@settings(max_examples=40, deadline=None)
@given(hours_of_any_kind, moments, st.integers(1, 600))
def test_so_many_open_minutes_lie_before_the_moment_that_adding_them_gives(hours, start, minutes):
    end = add_open_minutes(hours, start, minutes)

    assert end is not None
    assert open_minutes_between(hours, start, end) == pytest.approx(minutes)
    assert is_open(hours, end - timedelta(microseconds=1))


@settings(max_examples=40, deadline=None)
@given(hours_of_any_kind, moments, st.lists(st.timedeltas(timedelta(), timedelta(days=4)), min_size=2, max_size=2))
def test_open_time_adds_up_and_is_never_longer_than_time(hours, start, steps):
    middle, end = start + steps[0], start + steps[0] + steps[1]

    whole = open_minutes_between(hours, start, end)

    assert whole == pytest.approx(open_minutes_between(hours, start, middle) + open_minutes_between(hours, middle, end))
    assert 0 <= whole <= (end - start) / timedelta(minutes=1)


@settings(max_examples=40, deadline=None)
@given(hours_of_any_kind, moments)
def test_nothing_is_open_until_the_next_opening(hours, now):
    opens = next_opening(hours, now)

    assert opens is not None
    assert is_open(hours, opens)
    assert open_minutes_between(hours, now, opens) == 0
