"""Counts for /stats and for the operators' digest."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from support.board import State, standing
from support.desk_file import DeskFile
from support.expectation import first_replies
from support.tables import AnswerRow, EscalationRow, TurnRow
from support.turns import TurnState

SUGGESTED: Final = (TurnState.SUGGESTING, TurnState.SUGGESTED)
"""What customers write to a person is no question to the bot."""


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What has happened since a moment."""

    turns: int
    answers: int
    useful: int
    useless: int
    escalations: int
    open: int
    """Of them still open."""
    closed: int = 0
    overdue: int = 0
    """Of all that are open now."""
    first_reply_min: float | None = None
    """Minutes of opening hours to an operator's first reply, the median; None: no reply."""
    ratings: int = 0
    rating: float | None = None
    """1..5, the mean of the ratings."""


async def count_since(session: AsyncSession, start: datetime, file: DeskFile, now: datetime) -> DayCounts:
    """Count turns, answers, ratings and escalations since the moment."""
    answers = select(func.count()).select_from(AnswerRow).where(AnswerRow.created_at >= start)
    escalations = select(func.count()).select_from(EscalationRow).where(EscalationRow.opened_at >= start)
    closed = select(func.count()).select_from(EscalationRow).where(EscalationRow.closed_at >= start)
    rated = select(func.count(EscalationRow.rating), func.avg(EscalationRow.rating))
    ratings, rating = (await session.execute(rated.where(EscalationRow.closed_at >= start))).one()
    waiting = select(EscalationRow).where(EscalationRow.closed_at.is_(None), EscalationRow.waiting_since.is_not(None))
    states = [standing(one, file, now).state for one in await session.scalars(waiting)]
    replies = await first_replies(session, file.hours, start)
    turns = select(func.count()).select_from(TurnRow).where(TurnRow.opened_at >= start, TurnRow.state.not_in(SUGGESTED))
    return DayCounts(
        turns=await session.scalar(turns) or 0,
        answers=await session.scalar(answers) or 0,
        useful=await session.scalar(answers.where(AnswerRow.rating == 1)) or 0,
        useless=await session.scalar(answers.where(AnswerRow.rating == -1)) or 0,
        escalations=await session.scalar(escalations) or 0,
        open=await session.scalar(escalations.where(EscalationRow.closed_at.is_(None))) or 0,
        closed=await session.scalar(closed) or 0,
        overdue=states.count(State.OVERDUE),
        first_reply_min=median(replies) if replies else None,
        ratings=ratings,
        rating=None if rating is None else float(rating),
    )
