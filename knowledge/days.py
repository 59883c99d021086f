"""The day by which articles begin and end to answer."""

from collections.abc import Callable
from datetime import UTC, date, datetime

Today = Callable[[], date]
"""A clock that tells the day; tests set their own."""


def today() -> date:
    """Return the day where this machine stands (TZ)."""
    return datetime.now(UTC).astimezone().date()
