"""What customers wait for under load: cards that operators have not seen, turns that no worker has taken yet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.deliveries import IS_OPEN
from support.jobs import job_id
from support.tables import CustomerRow, EscalationRow, TurnRow
from support.transport_tables import DeliveryRow
from support.turns import TurnState


@dataclass(frozen=True, slots=True)
class WaitingCard:
    """An open escalation whose card has not been delivered."""

    escalation_id: int
    customer_id: int
    reason: str
    opened_at: datetime
    topic_chat_id: int | None
    """The group that the customer's topic is in, if he has one."""
    topic_id: int | None


@dataclass(frozen=True, slots=True)
class WaitingTurn:
    """A turn in generation."""

    turn_id: int
    customer_id: int
    closed_at: datetime
    job_id: str


def card_key(escalation_id: int) -> str:
    """Return the key of an escalation's card in the ledger."""
    return f"escalation:{escalation_id}:card"


async def waiting_cards(session: AsyncSession) -> list[WaitingCard]:
    """Return the cards that operators have not got, in the order in which they go out."""
    query = (
        select(
            EscalationRow.id,
            EscalationRow.customer_id,
            EscalationRow.reason,
            EscalationRow.opened_at,
            CustomerRow.topic_chat_id,
            CustomerRow.topic_id,
            DeliveryRow.key,
        )
        .join(CustomerRow, CustomerRow.id == DeliveryRow.customer_id)
        .join(EscalationRow, EscalationRow.customer_id == DeliveryRow.customer_id)
        .where(IS_OPEN, DeliveryRow.key.like("escalation:%:card"), EscalationRow.closed_at.is_(None))
        .order_by(DeliveryRow.id)
    )
    rows = await session.execute(query)
    return [WaitingCard(*row[:-1]) for row in rows if row.key == card_key(row.id)]


async def waiting_turns(session: AsyncSession) -> list[WaitingTurn]:
    """Return the turns in generation, oldest first."""
    columns = (TurnRow.id, TurnRow.customer_id, TurnRow.closed_at, TurnRow.opened_at, TurnRow.epoch, TurnRow.attempt)
    query = select(*columns).where(TurnRow.state == TurnState.GENERATING).order_by(TurnRow.id)
    return [
        WaitingTurn(row.id, row.customer_id, row.closed_at or row.opened_at, job_id(row.id, row.epoch, row.attempt))
        for row in await session.execute(query)
    ]
