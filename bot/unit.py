"""A unit of work: one transaction in which an update is handled, and what is to be done after its commit."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiogram.methods import TelegramMethod
from sqlalchemy.ext.asyncio import AsyncSession

from support.database import Database
from support.deliveries import Delivery, DeliveryRepository, Priority
from support.tables import CustomerRow


@dataclass(slots=True)
class Unit:
    """What happens in it is committed together: decisions, messages, calls to make, the update as handled."""

    session: AsyncSession
    now: datetime
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    enqueued: bool = False
    """Whether the outbox has something to read after the commit."""

    async def to_chat(
        self,
        method: TelegramMethod[Any],
        chat_id: int,
        key: str,
        *,
        priority: Priority = Priority.ANSWER,
        customer: CustomerRow | None = None,
        turn_id: int | None = None,
    ) -> None:
        """Enqueue a call to a chat; the same key is enqueued once."""
        customer_id = customer.id if customer else None
        await self._add(method, key, priority, turn_id, chat_id=chat_id, customer_id=customer_id)

    async def to_topic(
        self,
        method: TelegramMethod[Any],
        customer: CustomerRow,
        key: str,
        *,
        priority: Priority = Priority.RELAY,
        turn_id: int | None = None,
    ) -> None:
        """Enqueue a call to the customer's topic, wherever that is when the call is made (its chat_id is set then)."""
        await self._add(method, key, priority, turn_id, customer_id=customer.id, to_topic=True)

    async def _add(
        self,
        method: TelegramMethod[Any],
        key: str,
        priority: Priority,
        turn_id: int | None,
        *,
        customer_id: int | None,
        chat_id: int | None = None,
        to_topic: bool = False,
    ) -> None:
        delivery = Delivery(
            key=key,
            method=type(method).__name__,
            payload=method.model_dump(mode="json", exclude_unset=True, exclude_none=True),
            priority=priority,
            chat_id=chat_id,
            customer_id=customer_id,
            to_topic=to_topic,
            turn_id=turn_id,
        )
        await DeliveryRepository(self.session).add(delivery, self.now)
        self.enqueued = True


@dataclass(frozen=True, slots=True)
class Units:
    """Opens units of work; wakes the outbox after a commit that enqueued something."""

    database: Database
    wake_outbox: Callable[[], None]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Unit]:
        """Commit at the end, then do what waits for the commit; an exception rolls everything back."""
        async with self.database.writing() as session:
            unit = Unit(session, datetime.now(UTC))
            yield unit
        if unit.enqueued:
            self.wake_outbox()
        for act in unit.after_commit:
            act()
