"""The outbox's ledger: calls to the channel that must happen, each under a key that names its effect.

pending → attempting → delivered | failed | unknown. Callers own the transaction.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from support.tables import DeliveryRow

MAX_ATTEMPTS_WHEN_UNKNOWN: Final = 2


class DeliveryState(StrEnum):
    """Where a call stands."""

    PENDING = "pending"
    ATTEMPTING = "attempting"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The connection died after the request, and repeating it could show it twice."""


class Priority(IntEnum):
    """What goes first when the channel's limits bind."""

    ANSWER = 0
    CARD = 1
    RELAY = 2
    EDIT = 3
    ACTION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A call to make: a method of the channel with its parameters, to a chat or to a customer's topic."""

    key: str
    method: str
    payload: dict[str, Any] = field(repr=False)
    priority: Priority
    chat_id: int | None = None
    customer_id: int | None = None
    to_topic: bool = False
    turn_id: int | None = None


class DeliveryRepository:
    """Reads and writes of the delivery table."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, delivery: Delivery, now: datetime) -> None:
        """Enqueue a call; one that is already there under the same key stays as it is."""
        known = await self._session.scalar(select(DeliveryRow.id).where(DeliveryRow.key == delivery.key))
        if known is not None:
            return
        self._session.add(
            DeliveryRow(
                key=delivery.key,
                customer_id=delivery.customer_id,
                to_topic=delivery.to_topic,
                chat_id=delivery.chat_id,
                method=delivery.method,
                payload=delivery.payload,
                priority=int(delivery.priority),
                state=DeliveryState.PENDING,
                turn_id=delivery.turn_id,
                created_at=now,
            )
        )
        await self._session.flush()

    async def open_after(self, last_id: int, limit: int = 500) -> list[DeliveryRow]:
        """Return pending calls enqueued after the one with last_id, oldest first."""
        query = (
            select(DeliveryRow)
            .where(DeliveryRow.state == DeliveryState.PENDING, DeliveryRow.id > last_id)
            .order_by(DeliveryRow.id)
            .limit(limit)
        )
        return list(await self._session.scalars(query))

    async def recover(self, now: datetime) -> int:
        """Deal with calls that a killed process left in the middle; return how many go out again.

        Answers, cards and relayed words are repeated once: losing one is worse than showing it twice.
        """
        stuck = list(
            await self._session.scalars(select(DeliveryRow).where(DeliveryRow.state == DeliveryState.ATTEMPTING))
        )
        again = 0
        for row in stuck:
            if row.priority <= Priority.RELAY and row.attempts < MAX_ATTEMPTS_WHEN_UNKNOWN:
                row.state = DeliveryState.PENDING
                again += 1
            else:
                row.state, row.finished_at = DeliveryState.UNKNOWN, now
        return again

    async def begin(self, delivery_id: int) -> bool:
        """Mark a pending call as being made; False when somebody else already did."""
        result = await self._session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == delivery_id, DeliveryRow.state == DeliveryState.PENDING)
            .values(state=DeliveryState.ATTEMPTING, attempts=DeliveryRow.attempts + 1)
        )
        return bool(result.rowcount)  # type: ignore[attr-defined]  # an UPDATE's cursor result has it

    async def finish(
        self,
        delivery_id: int,
        state: DeliveryState,
        now: datetime,
        *,
        message_id: int | None = None,
        error: str | None = None,
    ) -> None:
        """Record how a call ended."""
        await self._session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == delivery_id)
            .values(state=state, message_id=message_id, error=error, finished_at=now)
        )

    async def postpone(self, delivery_id: int, error: str, *, had_no_effect: bool) -> None:
        """Put a call back; only one that may have had an effect counts as an attempt."""
        attempts = DeliveryRow.attempts - 1 if had_no_effect else DeliveryRow.attempts
        await self._session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == delivery_id)
            .values(state=DeliveryState.PENDING, error=error, attempts=attempts)
        )
