"""Operators look orders up: the order with its personal data masked in the topic, those data for one pair of eyes."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import structlog
from aiogram.utils.formatting import Text

from bot.ephemeral import Ephemeral
from bot.rendering import order_text, send
from bot.texts import Texts
from bot.unit import Unit, Units
from support.availability import UNAVAILABLE
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.orders import views
from support.orders.ahead import OrderWanted
from support.orders.base import OrderSource, OrderSourceError
from support.orders.masks import masked
from support.orders.models import Order
from support.tables import CustomerRow

TRIES: Final = 3
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which order an operator wants to see, and where he said so."""

    number: str
    """Normalised."""
    customer_id: int
    operator_id: int
    chat_id: int
    thread_id: int
    message_id: int


@dataclass(slots=True)
class OrderViews:
    """Answers /order in topics.

    The group is one lane of the inbox: while an order comes over the network, nobody's words wait for it. Should the
    process die meanwhile, the operator asks again.
    """

    orders: OrderSource
    units: Units
    texts: Texts
    ephemeral: Ephemeral
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def show(self, unit: Unit, customer: CustomerRow, asked: Asked) -> None:
        """Answer in the unit if the order is at hand, else in one of its own as soon as it is."""
        try:
            await self._answer(unit, customer, asked)
        except OrderWanted as wanted:
            fetch = wanted.fetch
            unit.after_commit.append(lambda: self._spawn(self._later(fetch, asked)))

    async def stop(self) -> None:
        """Leave what is in hand."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.ephemeral.stop()

    async def _later(self, fetch: Callable[[], Coroutine[Any, Any, None]], asked: Asked) -> None:
        for _ in range(TRIES):
            await fetch()
            try:
                async with self.units.open() as unit:
                    customer = await CustomerRepository(unit.session).by_id(asked.customer_id)
                    await self._answer(unit, customer, asked)
            except OrderWanted as wanted:
                fetch = wanted.fetch
            except UNAVAILABLE as error:
                log.error("an order was not shown: the database refuses", error=type(error).__name__)
                return
            else:
                return

    async def _answer(self, unit: Unit, customer: CustomerRow, asked: Asked) -> None:
        text: Text | str
        try:
            order = await self.orders.find(asked.number)
        except OrderSourceError as error:
            log.error("orders cannot be reached", detail=str(error))
            text = self.texts("desk-order-failed")
        else:
            seen = views.see(unit.session, customer, asked.number, order, unit.now, operator_id=asked.operator_id)
            text = self._shown(seen) if seen else self.texts("desk-order-none", number=asked.number)
            if seen and (personal := self._personal(seen.order)):
                show = partial(self.ephemeral.soon, asked.chat_id, asked.thread_id, asked.operator_id, personal)
                unit.after_commit.append(show)
        key = f"message:{asked.chat_id}:{asked.message_id}:order"
        about = (asked.chat_id, asked.message_id)
        await unit.to_topic(send(text, 0), customer, key, priority=Priority.CARD, about=about)

    def _shown(self, seen: views.Seen) -> Text:
        whose = self.texts(f"desk-order-whose-{'proved' if seen.proved else 'unproved'}")
        return Text(
            order_text(self.texts, seen.order), "\n\n", "\n".join(self._contacts(masked(seen.order))), "\n", whose
        )

    def _personal(self, order: Order) -> str:
        contacts = self._contacts(order)
        return "\n".join((self.texts("desk-order-personal", number=order.number), *contacts)) if contacts else ""

    def _contacts(self, order: Order) -> list[str]:
        fields = (
            ("customer", "name", order.customer_name),
            ("phone", "phone", order.phone),
            ("email", "email", order.email),
        )
        return [self.texts(f"desk-order-{key}", **{name: value}) for key, name, value in fields if value]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
