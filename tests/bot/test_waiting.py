"""Who waits is told so: the ledger instead of Telegram, a queue that the test fills."""

from datetime import UTC, datetime, timedelta

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import select, update

from bot.budget import Budget
from bot.cancellations import Cancellations
from bot.digest import Digest
from bot.groups import Groups
from bot.rendering import Renderer
from bot.texts import Library
from bot.topics import Topics
from bot.unit import Units
from bot.waiting import Waiting
from sandbox.world import ANNA, EMMA, OPERATORS_CHAT_ID
from support.customers import CustomerRepository, Person
from support.deliveries import DeliveryState
from support.escalations import EscalationReason
from support.jobs import job_id
from support.leases import Lease
from support.queue import Place
from support.tables import CustomerRow, DeliveryRow, EscalationRow, TurnRow
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

    def __init__(self, database, desk, units=None):
        self.database, self.desk, self.time, self.queue = database, desk, Time(), Queue()
        self.library = Library()
        self.units = units or Units(database, lambda: None, self.time.wall)
        self.renderer = Renderer(self.library, "ru", Cancellations(None))
        self.groups = Groups((OPERATORS_CHAT_ID,))
        self.lease = Lease(database, "office")
        self.start()

    def start(self):
        """Begin as a fresh process does."""
        budget, texts = Budget(clock=self.time.monotonic), self.library.of("ru")
        topics = Topics(None, self.units, self.groups, texts)
        digest = Digest(self.units, self.groups, budget, texts, clock=self.time.monotonic)
        self.waiting = Waiting(
            self.units, self.lease, self.renderer, self.queue, topics, budget, digest, clock=self.time.monotonic
        )

    async def later(self, seconds):
        """Let time pass and have a look."""
        self.time.passed_s += seconds
        await self.waiting.look()

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


@pytest.fixture
async def office(database, desk):
    office = Office(database, desk)
    await office.lease.beat()
    return office


async def test_a_customer_whose_card_waits_is_told_his_place_once(office):
    first = await office.escalate(ANNA)
    second = await office.escalate(EMMA, "en")

    await office.later(19)
    assert await office.keys(":place") == []
    await office.later(2)
    await office.later(30)

    assert await office.keys(":place") == [f"escalation:{first}:place", f"escalation:{second}:place"]
    assert "оно следующее. Операторы увидят его примерно через 1 минуту" in await office.text(
        f"escalation:{first}:place"
    )
    assert "1 request is before it" in await office.text(f"escalation:{second}:place")


async def test_the_estimate_counts_the_calls_that_go_out_before(office):
    for number in range(30):
        last = await office.escalate(2000 + number)

    await office.later(21)
    await office.later(1)

    # Thirty new customers are sixty calls at nineteen a window of 63 s.
    text = await office.text(f"escalation:{last}:place")
    assert "перед ним ещё 29 обращений" in text
    assert "примерно через 4 минуты" in text


async def test_a_customer_whose_card_is_there_is_told_nothing(office):
    await office.escalate(ANNA)
    await office.deliver()

    await office.later(60)

    assert await office.keys(":place") == []


async def test_with_the_group_out_of_order_nobody_is_promised_a_time(office):
    escalation = await office.escalate(ANNA)
    office.groups.fail(OPERATORS_CHAT_ID, "kicked")

    await office.later(21)

    text = await office.text(f"escalation:{escalation}:place")
    assert "Связи с группой операторов сейчас нет" in text
    assert "минут" not in text


async def test_a_fresh_process_does_not_tell_again(office):
    await office.escalate(ANNA)
    await office.later(21)

    office.start()
    await office.later(5)

    assert len(await office.keys(":place")) == 1


async def test_a_wall_clock_that_was_set_back_delays_nothing(office):
    office.time.wall = lambda: NOW - timedelta(hours=1)
    office.units = Units(office.database, lambda: None, office.time.wall)
    office.start()
    async with office.database.writing() as session:
        anna = (await session.scalars(select(CustomerRow).where(CustomerRow.chat_id == ANNA))).one()
    await office.escalate(anna.chat_id)
    async with office.database.writing() as session:
        await session.execute(update(EscalationRow).values(opened_at=NOW + timedelta(hours=1)))

    await office.later(0)
    await office.later(21)

    assert len(await office.keys(":place")) == 1


async def test_a_customer_whose_question_waits_for_a_worker_is_told_how_many_are_before_him(office):
    first, second = await office.generate(ANNA), await office.generate(EMMA)

    await office.later(7)
    assert await office.keys(":queue") == []
    await office.later(2)
    await office.later(10)

    assert await office.keys(":queue") == [f"turn:{first}:queue", f"turn:{second}:queue"]
    assert "он следующий" in await office.text(f"turn:{first}:queue")
    assert "1 is before it. I will answer right here, and call" in await office.text(f"turn:{second}:queue")


async def test_who_waits_for_a_worker_is_told_about_when_he_is_answered(office):
    first, second = await office.generate(ANNA), await office.generate(EMMA)
    office.queue.seconds = 17.0

    await office.later(9)

    assert "Отвечу здесь же примерно через 20 с" in await office.text(f"turn:{first}:queue")
    assert "I will answer right here in about 40 s" in await office.text(f"turn:{second}:queue")


async def test_a_question_that_a_worker_has_taken_is_not_spoken_of(office):
    await office.generate(ANNA)
    office.queue.jobs.clear()

    await office.later(20)

    assert await office.keys(":queue") == []


async def test_with_redis_gone_the_cards_are_told_all_the_same(office):
    await office.generate(ANNA)
    await office.escalate(EMMA)
    office.queue.gone = True

    await office.later(30)

    assert await office.keys(":queue") == []
    assert len(await office.keys(":place")) == 1


async def test_an_operator_who_takes_over_withdraws_the_queue_message(office):
    turn = await office.generate(ANNA)
    await office.later(9)

    async with office.units.open() as unit:
        customer = (await unit.session.scalars(select(CustomerRow).where(CustomerRow.chat_id == ANNA))).one()
        await office.desk.escalate(unit.session, customer, EscalationReason.OPERATOR_WROTE, unit.now)

    assert (await office.row(f"turn:{turn}:queue")).state == DeliveryState.WITHDRAWN


@pytest.mark.parametrize("column", ["banned_at", "blocked_at"])
async def test_who_does_not_hear_the_bot_is_told_nothing(office, column):
    await office.escalate(ANNA)
    await office.generate(EMMA)
    async with office.database.writing() as session:
        await session.execute(update(CustomerRow).values({column: NOW}))

    await office.later(30)

    assert await office.keys(":place") == await office.keys(":queue") == []


async def test_a_queue_message_that_fails_calls_nobody(database, desk, bot, people, run_outbox, eventually):
    await people.fault("sendMessage", 400, "Bad Request: something new", times=None)
    async with run_outbox(bot) as units:
        office = Office(database, desk, Units(database, units.wake_outbox, lambda: NOW))
        await office.lease.beat()
        turn = await office.generate(ANNA)
        await office.later(0)
        await office.later(9)

        async def failed():
            return (await office.row(f"turn:{turn}:queue")).state == DeliveryState.FAILED

        await eventually(failed)
    async with database.reading() as session:
        assert list(await session.scalars(select(EscalationRow))) == []


async def backlog(office, count=11):
    for number in range(count):
        await office.escalate(2000 + number)


async def test_a_digest_is_posted_when_many_cards_wait(office):
    await backlog(office, 10)
    await office.later(1)
    assert await office.keys("digest:") == []

    await office.escalate(3000)
    await office.later(1)

    [key] = await office.keys("digest:")
    row = await office.row(key)
    assert (row.chat_id, row.to_topic, row.payload.get("message_thread_id")) == (OPERATORS_CHAT_ID, False, None)
    assert f"Ждут 11 карточек, самая давняя — с {NOW.astimezone():%H:%M}" in row.payload["text"]
    assert "• клиент попросил человека: 11" in row.payload["text"]


async def test_a_digest_is_posted_when_one_card_waits_long(office):
    await office.escalate(ANNA)
    await office.later(59)
    assert await office.keys("digest:") == []

    await office.later(2)

    assert len(await office.keys("digest:")) == 1


async def test_a_digest_goes_out_before_the_cards(office, database):
    await backlog(office)
    await office.later(1)

    async with database.reading() as session:
        query = select(DeliveryRow).where(DeliveryRow.key.like("digest:%") | DeliveryRow.key.like("%:card"))
        rows = list(await session.scalars(query))
    assert min(rows, key=lambda row: (row.priority, row.id)).key.startswith("digest:")


async def test_a_digest_is_edited_in_place_once_a_minute_and_closed_at_the_end(office):
    await backlog(office)
    await office.later(1)
    await office.deliver("digest:%", message_id=77)

    await office.later(59)
    assert len(await office.keys("digest:")) == 1
    await office.escalate(3000)
    await office.later(2)
    _, edit = await office.keys("digest:")
    row = await office.row(edit)
    assert (row.method, row.payload["message_id"]) == ("EditMessageText", 77)
    assert "Ждут 12 карточек" in row.payload["text"]

    await office.deliver()
    await office.later(61)
    await office.later(61)

    *_, last = await office.keys("digest:")
    assert last.endswith(":over")
    assert "Всё разобрано" in await office.text(last)
    assert len(await office.keys("digest:")) == 3


async def test_a_digest_whose_last_change_still_waits_is_left_alone(office):
    await backlog(office)
    await office.later(1)

    await office.later(120)

    assert len(await office.keys("digest:")) == 1


async def test_a_fresh_process_edits_the_same_digest(office):
    await backlog(office)
    await office.later(1)
    await office.deliver("digest:%", message_id=77)

    office.start()
    await office.later(30)
    assert len(await office.keys("digest:")) == 1
    await office.later(31)

    post, edit = await office.keys("digest:")
    assert edit.startswith(f"{post}:")
    assert (await office.row(edit)).payload["message_id"] == 77


async def test_a_digest_that_somebody_deleted_is_posted_anew(office):
    await backlog(office)
    await office.later(1)
    await office.deliver("digest:%", message_id=77)
    await office.later(61)
    await office.deliver("digest:%", state=DeliveryState.FAILED)

    await office.later(61)
    await office.later(61)

    posts = [key for key in await office.keys("digest:") if len(key.split(":")) == 3]
    assert len(posts) == 2


async def test_a_group_that_is_out_of_order_gets_no_digest(office):
    await backlog(office)
    office.groups.fail(OPERATORS_CHAT_ID, "kicked")

    await office.later(120)

    assert await office.keys("digest:") == []
