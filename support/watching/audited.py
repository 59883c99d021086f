"""Answers that people judged in the random audit, as far as figures are made of them.

The audit draws answers at random from all that were sent, so what is right among them speaks for all. Operators'
verdicts on escalated drafts do not: those are the drafts that the bot did not dare to send.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.answer_audits import COUNTED, Judgement
from support.audit_tables import AnswerAuditRow
from support.tables import AnswerRow

_CORRECT: Final[dict[str, bool]] = {Judgement.RIGHT: True, Judgement.WRONG: False}


@dataclass(frozen=True, slots=True)
class Audited:
    """One answer that was judged."""

    turn_id: int
    correct: bool | None
    """None: the judge of it could not tell; it counts as not correct wherever a share is claimed."""
    score: float
    language: str


async def audits(session: AsyncSession, start: datetime, end: datetime) -> Sequence[Audited]:
    """Return what was judged of the answers that were sent between two moments."""
    query = select(AnswerAuditRow.turn_id, AnswerAuditRow.verdict, AnswerAuditRow.score, AnswerAuditRow.language)
    query = query.join(AnswerRow, AnswerRow.turn_id == AnswerAuditRow.turn_id)
    query = query.where(AnswerAuditRow.sent.is_(True), AnswerAuditRow.verdict.in_(COUNTED))
    query = query.where(AnswerRow.created_at >= start, AnswerRow.created_at < end)
    rows = await session.execute(query)
    return [Audited(turn, _CORRECT.get(verdict or ""), score, language) for turn, verdict, score, language in rows]
