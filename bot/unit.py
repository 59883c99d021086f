"""A unit of work: one transaction in which updates are handled, and what is to be done after its commit."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiogram.methods import TelegramMethod
from sqlalchemy.ext.asyncio import AsyncSession

from support.database import Database
from support.deliveries import Delivery, DeliveryRepository, Priority
from support.flood import Flood
from support.tables import CustomerRow

Clock = Callable[[], datetime]
"""The wall clock; tests let it jump."""


def utc_now() -> datetime:
    """Return the wall clock's time, aware."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Unit:
    """What happens in it is committed together: decisions, messages, calls to make, updates as handled."""

    session: AsyncSession
    now: datetime
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    flood: Flood = Flood.CALM
    """Whether the update being handled came from somebody who writes too much."""
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
        source: tuple[int, tuple[int, ...]] | None = None,
        about: tuple[int, int] | None = None,
        wait: timedelta | None = None,
    ) -> None:
        """Enqueue a call to a chat; the same key is enqueued once. ``source`` and ``about``: see ``Delivery``."""
        delivery = Delivery(
            key=key,
            method=type(method).__name__,
            payload=dump(method),
            priority=priority,
            chat_id=chat_id,
            customer_id=customer.id if customer else None,
            turn_id=turn_id,
            not_before=self.now + wait if wait else None,
            source=source,
            about=about,
        )
        await self._add(delivery)

    async def to_topic(
        self,
        method: TelegramMethod[Any],
        customer: CustomerRow,
        key: str,
        *,
        priority: Priority = Priority.RELAY,
        turn_id: int | None = None,
        source: tuple[int, tuple[int, ...]] | None = None,
        about: tuple[int, int] | None = None,
        wait: timedelta | None = None,
    ) -> None:
        """Enqueue a call to the customer's topic, wherever that is when the call is made (its chat_id is set then)."""
        delivery = Delivery(
            key=key,
            method=type(method).__name__,
            payload=dump(method),
            priority=priority,
            customer_id=customer.id,
            to_topic=True,
            turn_id=turn_id,
            not_before=self.now + wait if wait else None,
            source=source,
            about=about,
        )
        await self._add(delivery)

    async def _add(self, delivery: Delivery) -> None:
        await DeliveryRepository(self.session).add(delivery, self.now)
        self.enqueued = True


@dataclass(frozen=True, slots=True)
class Units:
    """Opens units of work; wakes the outbox after a commit that enqueued something."""

    database: Database
    wake_outbox: Callable[[], None]
    clock: Clock = utc_now

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Unit]:
        """Commit at the end, then do what waits for the commit; an exception rolls everything back."""
        async with self.database.writing() as session:
            unit = Unit(session, self.clock())
            yield unit
        if unit.enqueued:
            self.wake_outbox()
        for act in unit.after_commit:
            act()


def dump(method: TelegramMethod[Any]) -> dict[str, Any]:
    """Return a call's parameters as JSON; the method's name is not among them."""
    return method.model_dump(mode="json", exclude_unset=True, exclude_none=True)
