from datetime import UTC, datetime, timedelta

import pytest

from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from support.customers import CustomerRepository, Person
from support.database import Database
from support.desk import Desk
from support.intents.current import CurrentClassifier
from support.intents.examples import load_intents
from support.jobs import Draft, GenerationResult, JobPassage, Verdict
from support.order_desk import OrderDesk
from support.orders.lookup import OrderLookup
from support.orders.sql import SqlOrders
from support.outcomes import Answered, Collected, Generating
from support.turns import Words

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def session(database):
    async with database.writing() as session:
        yield session


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def add_customer(session, now):
    """Return a customer who wrote from a chat."""

    async def add(chat_id=101, *, language="ru", name="Анна"):
        return await CustomerRepository(session).get_or_add(Person(chat_id, name, None, language), now)

    return add


@pytest.fixture
async def anna(add_customer):
    return await add_customer()


@pytest.fixture(scope="session")
def fitted():
    intents = load_intents(None)
    return CurrentClassifier(intents), {intent.name: intent for intent in intents}


@pytest.fixture
def desk(fitted, shop_releases, database):
    classifier, intents = fitted
    return Desk(
        classifier=classifier,
        intents=intents,
        knowledge=CurrentKnowledge(ReleaseStore(shop_releases)),
        orders=OrderDesk(OrderLookup(SqlOrders(database.reading))),
        threshold=0.5,
        deadline=timedelta(seconds=60),
    )


@pytest.fixture
def make_draft():
    def make(text="Вернуть товар можно за 30 дней. [1]", *, citations=(1,), score=0.9, failed=()):
        return Draft(
            text=text,
            citations=citations,
            verdict=Verdict(score=score, failed=failed),
            engine="fake",
            model="none",
            prompt_version="p1",
        )

    return make


@pytest.fixture
def make_result(make_draft):
    """Return what a worker would send back for a job."""

    def make(job, *, draft=None, failure=None):
        return GenerationResult(
            turn_id=job.turn_id,
            epoch=job.epoch,
            attempt=job.attempt,
            draft=None if failure else draft or make_draft(),
            failure=failure,
        )

    return make


@pytest.fixture
def make_passage():
    def make(number, heading="Возврат", text="Вернуть товар можно за 30 дней."):
        return JobPassage(number=number, chunk_id=f"c{number}", source="returns.md", heading=heading, text=text)

    return make


@pytest.fixture
def say(desk, session, now):
    """Take in messages of a customer and close their turn; numbers of messages go up by themselves."""
    numbers = iter(range(1, 1000))

    async def say(customer, *texts, kind="text", at=now):
        for text in texts:
            received = await desk.receive(session, customer, Words(next(numbers), kind, text), at)
        assert isinstance(received, Collected)
        return await desk.close(session, received.turn_id, received.closes_at)

    return say


@pytest.fixture
def ask(desk, session, say, anna, make_result, now):
    """Ask a question and answer it; return its job."""

    async def ask(text, at=now):
        outcome = await say(anna, text, at=at)
        assert isinstance(outcome, Generating)
        assert isinstance(await desk.settle(session, make_result(outcome.job), at + timedelta(seconds=5)), Answered)
        return outcome.job

    return ask
