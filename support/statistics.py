"""Counts for /stats."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

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


async def count_since(session: AsyncSession, start: datetime) -> DayCounts:
    """Count turns, answers, ratings and escalations since the moment."""
    answers = select(func.count()).select_from(AnswerRow).where(AnswerRow.created_at >= start)
    escalations = select(func.count()).select_from(EscalationRow).where(EscalationRow.opened_at >= start)
    turns = select(func.count()).select_from(TurnRow).where(TurnRow.opened_at >= start, TurnRow.state.not_in(SUGGESTED))
    return DayCounts(
        turns=await session.scalar(turns) or 0,
        answers=await session.scalar(answers) or 0,
        useful=await session.scalar(answers.where(AnswerRow.rating == 1)) or 0,
        useless=await session.scalar(answers.where(AnswerRow.rating == -1)) or 0,
        escalations=await session.scalar(escalations) or 0,
        open=await session.scalar(escalations.where(EscalationRow.closed_at.is_(None))) or 0,
    )
