"""Operators' words that wait: a colleague has the conversation, so whoever else writes is asked first.

Callers own the transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.assignment import keeper_of
from support.desk_tables import HeldWordsRow, OperatorRow
from support.escalations import EscalationRepository
from support.operators import audit
from support.tables import MessageRow

HELD: Final = "held"
SENT: Final = "sent"
KEPT: Final = "kept"
STEPPED_IN: Final = timedelta(minutes=10)
"""Who has sent his words past the colleague is not asked again for so long."""
ASKED_AGAIN: Final = timedelta(minutes=10)
"""A question that was not answered for so long may be far up, or gone with its topic: the next words ask anew."""


async def rival_of(session: AsyncSession, customer_id: int, operator_id: int, now: datetime) -> OperatorRow | None:
    """Return the colleague in whose conversation somebody writes; None: his words may go out."""
    escalation = await EscalationRepository(session).open_of(customer_id)
    keeper = await keeper_of(session, escalation) if escalation is not None else None
    if keeper is None or keeper.user_id == operator_id:
        return None
    stepped_in = select(HeldWordsRow.id).where(
        HeldWordsRow.customer_id == customer_id,
        HeldWordsRow.operator_id == operator_id,
        HeldWordsRow.decision == SENT,
        HeldWordsRow.decided_at > now - STEPPED_IN,
    )
    return None if await session.scalar(stepped_in.limit(1)) is not None else keeper


async def waiting_of(session: AsyncSession, customer_id: int, operator_id: int) -> HeldWordsRow | None:
    """Return the question about somebody's words that he has not answered yet."""
    query = select(HeldWordsRow).where(
        HeldWordsRow.customer_id == customer_id,
        HeldWordsRow.operator_id == operator_id,
        HeldWordsRow.decision.is_(None),
    )
    return (await session.scalars(query)).one_or_none()


async def hold(session: AsyncSession, row: MessageRow, operator_id: int, now: datetime) -> HeldWordsRow | None:
    """Hold a message back; return the question to ask, None when it was just asked about an earlier message."""
    row.speaker = HELD
    known = await waiting_of(session, row.customer_id, operator_id)
    if known is not None:
        known.messages = [*known.messages, row.id]
        if now - known.asked_at < ASKED_AGAIN:
            return None
        known.asked_at = now
        return known
    held = HeldWordsRow(customer_id=row.customer_id, operator_id=operator_id, messages=[row.id], asked_at=now)
    session.add(held)
    await session.flush()
    return held


async def decide(
    session: AsyncSession, held: HeldWordsRow, by: int, now: datetime, *, send: bool
) -> Sequence[MessageRow]:
    """Let held words go, or keep them inside as notes; return them as they read now, in the order of writing."""
    held.decision, held.decided_by, held.decided_at = SENT if send else KEPT, by, now
    action = "held_words_sent" if send else "held_words_kept"
    audit(session, now, by, action, customer_id=held.customer_id, operator_id=held.operator_id)
    query = select(MessageRow).where(MessageRow.id.in_(held.messages), MessageRow.speaker == HELD)
    rows = list(await session.scalars(query.order_by(MessageRow.message_id)))
    for row in rows:
        row.speaker = "operator" if send else "note"
    return rows
