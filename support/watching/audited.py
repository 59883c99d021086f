"""Answers that people judged in the random audit, as far as figures are made of them.

The audit draws answers at random from all that were sent, so what is right among them speaks for all. Operators'
verdicts on escalated drafts do not: those are the drafts that the bot did not dare to send.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Audited:
    """One answer that was judged."""

    turn_id: int
    correct: bool | None
    """None: the judge of it could not tell; it counts as not correct wherever a share is claimed."""
    score: float
    language: str


Audits = Callable[[AsyncSession, datetime, datetime], Awaitable[Sequence[Audited]]]
"""Reads what was audited of the answers that were *sent* between two moments."""


async def no_audits(session: AsyncSession, start: datetime, end: datetime) -> Sequence[Audited]:  # noqa: ARG001  # an Audits
    """Nothing was audited."""
    return ()
