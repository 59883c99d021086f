"""What a customer who waits for an operator can expect: how many are before him, how long it takes, when they open."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from support.desk_file import Hours
from support.escalations import EscalationReason
from support.hours import is_open, next_opening, open_minutes_between
from support.tables import EscalationRow

RECENT: Final = timedelta(days=7)
MOST_RECENT: Final = 30
FEWEST: Final = 5
"""From fewer replies nothing is concluded."""
STEP_MIN: Final = 5


@dataclass(frozen=True, slots=True)
class Expectation:
    """While the desk is open."""

    before: int
    """Conversations that wait longer, or more urgently."""
    minutes: int | None
    """How long a first reply takes, in the median of the last days; None: too few to tell."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Outside opening hours."""

    opens_at: datetime | None


async def expect(session: AsyncSession, escalation: EscalationRow, hours: Hours, now: datetime) -> Expectation | Closed:
    """Tell what the customer of an open conversation can expect."""
    if not is_open(hours, now):
        return Closed(next_opening(hours, now))
    if escalation.waiting_since is None:
        return Expectation(0, None)
    replies = await first_replies(session, hours, now - RECENT, most=MOST_RECENT)
    minutes = rounded_up(median(replies)) if len(replies) >= FEWEST else None
    return Expectation(await _before(session, escalation), minutes)


async def first_replies(
    session: AsyncSession, hours: Hours, since: datetime, *, most: int | None = None
) -> Sequence[float]:
    """Return in how many minutes of opening hours customers were answered first since a moment, the latest first."""
    query = select(EscalationRow.opened_at, EscalationRow.first_reply_at).where(
        EscalationRow.first_reply_at >= since, EscalationRow.reason != EscalationReason.OPERATOR_WROTE
    )
    rows = await session.execute(query.order_by(EscalationRow.first_reply_at.desc()).limit(most))
    return [open_minutes_between(hours, opened, replied) for opened, replied in rows if replied is not None]


def rounded_up(minutes: float) -> int:
    """Return a wait as people are told it: never too short, in steps of five minutes where single ones promise much."""
    whole = max(1, math.ceil(minutes))
    return whole if whole <= STEP_MIN else math.ceil(whole / STEP_MIN) * STEP_MIN


async def _before(session: AsyncSession, escalation: EscalationRow) -> int:
    if escalation.waiting_since is None:
        return 0
    longer = EscalationRow.waiting_since < escalation.waiting_since
    same = (EscalationRow.waiting_since == escalation.waiting_since) & (EscalationRow.id < escalation.id)
    earlier = (EscalationRow.priority == escalation.priority) & or_(longer, same)
    query = select(func.count()).where(
        EscalationRow.closed_at.is_(None),
        EscalationRow.waiting_since.is_not(None),
        or_(EscalationRow.priority > escalation.priority, earlier),
    )
    return await session.scalar(query.select_from(EscalationRow)) or 0
