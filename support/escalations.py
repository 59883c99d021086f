"""Escalations: conversations that a person has. Callers own the transaction."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.board import touch
from support.tables import AuditRow, CustomerRow, EscalationRow, TurnRow
from support.turns import TurnState


class EscalationReason(StrEnum):
    """Why a person was called; every reason has a text in both languages."""

    CUSTOMER_ASKED = "customer_asked"
    COMPLAINT = "complaint"
    RISKY = "risky"
    RULE = "rule"
    """A rule of the desk file holds: EscalationRow.rule names it."""
    NO_ANSWER = "no_answer"
    LOW_SCORE = "low_score"
    CHECK_FAILED = "check_failed"
    UNCLEAR = "unclear"
    OVERDUE = "overdue"
    BUSY = "busy"
    """So many questions wait that an answer would come too late."""
    NO_WORKER = "no_worker"
    NO_ORDERS = "no_orders"
    NO_KNOWLEDGE = "no_knowledge"
    KNOWLEDGE_CHANGED = "knowledge_changed"
    """What the draft cites was changed or deleted while it was being written, twice."""
    ENGINE_ERROR = "engine_error"
    NOT_DELIVERED = "not_delivered"
    ERROR = "error"
    OPERATOR_WROTE = "operator_wrote"


def heard(customer: CustomerRow, escalation: EscalationRow, now: datetime) -> None:
    """Note that the customer has written: he waits from his first unanswered message on."""
    escalation.waiting_since = escalation.waiting_since or now
    escalation.last_words_at, escalation.warned_at = now, None
    touch(customer, now)


def replied(customer: CustomerRow, escalation: EscalationRow, now: datetime) -> None:
    """Note that an operator has written to the customer."""
    escalation.first_reply_at = escalation.first_reply_at or now
    escalation.waiting_since, escalation.last_reply_at, escalation.reminded = None, now, 0
    escalation.warned_at = None
    touch(customer, now)


def end_edit(escalation: EscalationRow) -> None:
    """Let nobody's next words take the place of a draft; which one stays known until its copy is taken away."""
    escalation.editing_by = escalation.editing_since = None


class EscalationRepository:
    """Reads and writes of the escalation table."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def open_of(self, customer_id: int) -> EscalationRow | None:
        """Return the customer's open escalation."""
        query = select(EscalationRow).where(EscalationRow.customer_id == customer_id, EscalationRow.closed_at.is_(None))
        return (await self._session.scalars(query.with_for_update())).one_or_none()

    async def open(
        self,
        customer_id: int,
        reason: EscalationReason,
        now: datetime,
        *,
        turns: Sequence[TurnRow] = (),
        draft: str | None = None,
    ) -> tuple[EscalationRow, bool]:
        """Return the customer's open escalation and whether it is new; the turns end with it."""
        for turn in turns:
            turn.state, turn.finished_at = TurnState.ESCALATED, now
            turn.outcome = turn.outcome or reason
        known = await self.open_of(customer_id)
        if known is not None:
            return known, False
        # A button under an old answer asks for a person again about a turn that had one before.
        asked = select(EscalationRow.turn_id).where(EscalationRow.turn_id.in_([turn.id for turn in turns]))
        earlier = set(await self._session.scalars(asked))
        row = EscalationRow(
            customer_id=customer_id,
            turn_id=next((turn.id for turn in turns if turn.id not in earlier), None),
            reason=reason,
            draft=draft,
            offered_turn_id=next((one.id for one in turns if one.draft is not None and one.id not in earlier), None),
            opened_at=now,
            waiting_since=None if reason is EscalationReason.OPERATOR_WROTE else now,
            last_words_at=now,
        )
        self._session.add(row)
        await self._session.flush()
        return row, True

    async def latest_of(self, customer_id: int) -> EscalationRow | None:
        """Return the customer's newest escalation, open or closed."""
        query = select(EscalationRow).where(EscalationRow.customer_id == customer_id)
        return (await self._session.scalars(query.order_by(EscalationRow.id.desc()).limit(1))).one_or_none()

    async def close(
        self, customer_id: int, operator_id: int, now: datetime, reason: str | None = None
    ) -> EscalationRow | None:
        """Give the customer back to the bot; None when no escalation was open."""
        row = await self.open_of(customer_id)
        if row is None:
            return None
        row.closed_at, row.closed_by, row.close_reason = now, operator_id, reason
        row.waiting_since, row.reminded = None, 0
        end_edit(row)
        detail = {"escalation_id": row.id} | ({"reason": reason} if reason else {})
        self._session.add(AuditRow(at=now, actor_id=operator_id, action="escalation_closed", detail=detail))
        await self._session.flush()
        return row
