"""A support desk over a database that is thrown away afterwards; time is simulated."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from knowledge.current import CurrentKnowledge
from support import outcomes, schema
from support.customers import CustomerRepository, Person
from support.database import Database
from support.desk import Desk
from support.intents.current import CurrentClassifier
from support.jobs import Draft, GenerationJob, GenerationResult, Language, Verdict
from support.order_desk import OrderDesk
from support.orders.importing import import_orders, read_orders
from support.orders.lookup import OrderLookup
from support.orders.sql import SqlOrders
from support.outcomes import Collected
from support.turns import Words

# Longer than any debounce, so that each message is a turn of its own.
_PAUSE: Final = timedelta(seconds=20)
_DEADLINE: Final = timedelta(seconds=60)


@dataclass(slots=True)
class DeskStage:
    """Customers write to the desk, which decides about each message."""

    desk: Desk
    database: Database
    now: datetime
    _messages: int = 0

    async def hear(self, chat_id: int, language: Language, text: str, *, kind: str = "text") -> outcomes.Outcome | None:
        """Return what the desk decides about a message; None when the operators have the conversation."""
        self.now += _PAUSE
        self._messages += 1
        async with self.database.writing() as session:
            customer = await CustomerRepository(session).get_or_add(_person(chat_id, language), self.now)
            received = await self.desk.receive(session, customer, Words(self._messages, kind, text), self.now)
            if not isinstance(received, Collected):
                return None
            self.now = max(self.now, received.closes_at)
            return await self.desk.close(session, received.turn_id, self.now)

    async def answer(self, job: GenerationJob) -> outcomes.Outcome:
        """Let a draft that nobody could doubt answer the job."""
        draft = Draft(
            text="[1]", citations=(1,), verdict=Verdict(score=1.0), engine="stage", model="", prompt_version="stage"
        )
        result = GenerationResult(turn_id=job.turn_id, epoch=job.epoch, attempt=job.attempt, draft=draft)
        async with self.database.writing() as session:
            return await self.desk.settle(session, result, self.now)

    async def own_contact(self, chat_id: int, language: Language, phone: str) -> outcomes.Outcome | None:
        """Return what the desk makes of the customer's own contact."""
        self.now += _PAUSE
        async with self.database.writing() as session:
            customer = await CustomerRepository(session).get_or_add(_person(chat_id, language), self.now)
            return await self.desk.own_contact(session, customer, phone, self.now)


@asynccontextmanager
async def desk_stage(
    orders_file: Path | None, classifier: CurrentClassifier, knowledge: CurrentKnowledge
) -> AsyncIterator[DeskStage]:
    """Import the orders, if there is a file of them, and open the desk.

    Raises:
        OrdersFileError: the file cannot be read.
    """
    orders = read_orders(orders_file).orders if orders_file else ()
    with tempfile.TemporaryDirectory(prefix="otvet-eval-") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'desk.db'}"
        await schema.upgrade(url)
        database = Database(url)
        try:
            async with database.writing() as session:
                await import_orders(session, orders)
            desk = Desk(
                classifier=classifier,
                intents={intent.name: intent for intent in classifier.intents},
                knowledge=knowledge,
                orders=OrderDesk(OrderLookup(SqlOrders(database.reading))),
                threshold=1.0,
                deadline=_DEADLINE,
            )
            yield DeskStage(desk, database, datetime.now(UTC))
        finally:
            await database.close()


def _person(chat_id: int, language: Language) -> Person:
    return Person(chat_id, "Customer", None, language)
