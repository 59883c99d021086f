"""An office as ``Waiting``, the digest and the desk's timers see it: the ledger instead of Telegram, time by hand."""

from datetime import UTC, datetime, timedelta

from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import select, update

from bot.budget import Budget
from bot.cancellations import Cancellations
from bot.desk_timers import DeskTimers
from bot.digest import Digest
from bot.groups import Groups
from bot.rendering import Renderer
from bot.texts import Library
from bot.topics import Topics
from bot.unit import Units
from bot.waiting import Waiting
from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID
from support import closing
from support.customers import CustomerRepository, Person
from support.deliveries import DeliveryState
from support.desk_file import DeskFile
from support.escalations import EscalationReason, heard, replied
from support.jobs import job_id
from support.leases import Lease
from support.operators import Member, OperatorRepository
from support.queue import Place
from support.tables import CustomerRow, EscalationRow, TurnRow
from support.transport_tables import DeliveryRow
from support.turns import TurnState

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


class Queue:
    """Places of jobs, as the generation queue tells them."""

    def __init__(self):
        self.jobs = []
        self.seconds = None
        self.gone = False

    def places(self):
        if self.gone:
            raise RedisConnectionError
        return {
            job: Place(before, self.seconds and self.seconds * (before + 1)) for before, job in enumerate(self.jobs)
        }


class Time:
    """Both clocks, moved together by the test."""

    def __init__(self):
        self.passed_s = 0.0

    def monotonic(self):
        return 1000.0 + self.passed_s

    def wall(self):
        return NOW + timedelta(seconds=self.passed_s)


class Office:
    """Everything that ``Waiting`` works with, and what happens around it."""

    def __init__(self, database, desk, units=None, file=None):
        self.file = file or DeskFile()
        self.database, self.desk, self.time, self.queue = database, desk, Time(), Queue()
        self.library = Library()
        self.units = units or Units(database, lambda: None, self.time.wall)
        self.renderer = Renderer(self.library, "ru", Cancellations(None), file=self.file)
        self.groups = Groups((OPERATORS_CHAT_ID,))
        self.lease = Lease(database, "office")
        self.start()

    def start(self):
        """Begin as a fresh process does."""
        budget, texts = Budget(clock=self.time.monotonic), self.library.of("ru")
        topics = Topics(None, self.units, self.groups, texts)
        digest = Digest(self.units, self.groups, budget, texts, self.file, clock=self.time.monotonic)
        self.waiting = Waiting(
            self.units, self.lease, self.renderer, self.queue, topics, budget, digest, clock=self.time.monotonic
        )

        self.timers = DeskTimers(self.units, self.lease, self.renderer, texts)

    async def later(self, seconds):
        """Let time pass and have a look."""
        self.time.passed_s += seconds
        await self.waiting.look()
        await self.timers.look()

    async def escalate(self, chat_id=ANNA, language="ru"):
        """A customer asks for a person; return his escalation's number."""
        async with self.units.open() as unit:
            person = Person(chat_id, f"Клиент {chat_id}", None, language)
            customer = await CustomerRepository(unit.session).get_or_add(person, unit.now)
            reason = EscalationReason.CUSTOMER_ASKED
            outcome = await self.desk.escalate(unit.session, customer, reason, unit.now)
            await self.renderer.render(unit, customer, outcome, f"test:{chat_id}")
            return outcome.escalation_id

    async def generate(self, chat_id):
        """A customer's turn waits for a worker; return its number."""
        async with self.units.open() as unit:
            query = select(CustomerRow).where(CustomerRow.chat_id == chat_id)
            customer = (await unit.session.scalars(query)).one()
            turn = TurnRow(
                customer_id=customer.id,
                state=TurnState.GENERATING,
                text="?",
                language="ru",
                opened_at=unit.now,
                closes_at=unit.now,
                closed_at=unit.now,
                attempt=1,
            )
            unit.session.add(turn)
            await unit.session.flush()
            self.queue.jobs.append(job_id(turn.id, turn.epoch, turn.attempt))
            return turn.id

    async def deliver(self, like="%", *, message_id=None, state=DeliveryState.DELIVERED):
        """What waits under such keys ends."""
        async with self.database.writing() as session:
            statement = update(DeliveryRow).where(DeliveryRow.key.like(like), DeliveryRow.state == "pending")
            await session.execute(statement.values(state=state, message_id=message_id))

    async def keys(self, part):
        async with self.database.reading() as session:
            query = select(DeliveryRow.key).where(DeliveryRow.key.contains(part)).order_by(DeliveryRow.id)
            return list(await session.scalars(query))

    async def row(self, key):
        async with self.database.reading() as session:
            return (await session.scalars(select(DeliveryRow).where(DeliveryRow.key == key))).one()

    async def text(self, key):
        return (await self.row(key)).payload["text"]

    async def texts_of(self, part):
        return [await self.text(key) for key in await self.keys(part)]

    async def hire(self, user_id=MARIA, name="Мария"):
        async with self.units.open() as unit:
            return await OperatorRepository(unit.session).joined(Member(user_id, name), OPERATORS_CHAT_ID, unit.now)

    async def change(self, escalation_id, **values):
        async with self.database.writing() as session:
            await session.execute(update(EscalationRow).where(EscalationRow.id == escalation_id).values(values))

    async def escalation(self, escalation_id):
        async with self.database.reading() as session:
            return await session.get_one(EscalationRow, escalation_id)

    async def reply(self, escalation_id):
        """An operator answers."""
        await self._on(escalation_id, lambda unit, customer, row: replied(customer, row, unit.now))

    async def hear(self, escalation_id):
        """The customer writes on."""
        await self._on(escalation_id, lambda unit, customer, row: heard(customer, row, unit.now))

    async def close(self, escalation_id, **more):
        async with self.units.open() as unit:
            row = await unit.session.get_one(EscalationRow, escalation_id)
            customer = await CustomerRepository(unit.session).by_id(row.customer_id)
            return await closing.close(unit.session, customer, MARIA, unit.now, self.file.closing, **more)

    async def _on(self, escalation_id, act):
        async with self.units.open() as unit:
            row = await unit.session.get_one(EscalationRow, escalation_id)
            act(unit, await CustomerRepository(unit.session).by_id(row.customer_id), row)
