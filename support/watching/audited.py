"""Answers that people judged in the random audit, as far as figures are made of them.

The audit draws answers at random from all that the score decides about, sent and held back, so what is right among them
speaks for all. Operators' verdicts on escalated drafts speak for those alone that they decided about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from support.answer_audits import COUNTED, Judgement
from support.audit_tables import AnswerAuditRow
from support.tables import AnswerRow, TurnRow

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
    return await _audited(session, query)


async def held_audits(session: AsyncSession, start: datetime, end: datetime) -> Sequence[Audited]:
    """Return what was judged of the answers that were held back for their score between two moments."""
    query = select(AnswerAuditRow.turn_id, AnswerAuditRow.verdict, AnswerAuditRow.score, AnswerAuditRow.language)
    query = query.join(TurnRow, TurnRow.id == AnswerAuditRow.turn_id)
    query = query.where(AnswerAuditRow.sent.is_(False), AnswerAuditRow.verdict.in_(COUNTED))
    return await _audited(session, query.where(TurnRow.opened_at >= start, TurnRow.opened_at < end))


async def _audited(session: AsyncSession, query: Select[int, str | None, float, str]) -> Sequence[Audited]:
    rows = await session.execute(query)
    return [Audited(turn, _CORRECT.get(verdict or ""), score, language) for turn, verdict, score, language in rows]
