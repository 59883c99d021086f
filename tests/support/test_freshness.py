"""Drafts and releases that change under them: what was deleted or rolled back is not sent any more."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from knowledge.current import CurrentKnowledge
from knowledge.releases import Order, ReleaseStore
from support import freshness
from support.customers import CustomerRepository, Person
from support.database import Database
from support.escalations import EscalationReason
from support.outcomes import Answered, Escalated, Generating, Ignored
from support.tables import AnswerRow, EscalationRow, TurnRow
from support.turns import TurnState, Words

QUESTION = "Сколько дней есть на возврат товара?"
SOURCES = Path(__file__).parents[1] / "knowledge" / "shop"
FORCED = Order(force=True)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Releases of a small shop: 1 says 30 days, 2 says 14, 3 has no article about returns at all."""
    root = tmp_path_factory.mktemp("changing")
    sources = Path(shutil.copytree(SOURCES, root / "sources"))
    store = ReleaseStore(root / "releases")
    article = sources / "ru" / "returns.md"
    former = article.read_text(encoding="utf-8")
    store.build(sources)
    article.write_text(former.replace("30", "14"), encoding="utf-8")
    store.build(sources, order=FORCED)
    for other in sources.rglob("*.*"):
        if other.name != "delivery.md":
            other.unlink()
    store.build(sources, order=FORCED)
    return store.root


@pytest.fixture
def store(built, tmp_path):
    store = ReleaseStore(Path(shutil.copytree(built, tmp_path / "releases")))
    store.rollback(1)
    return store


@pytest.fixture
def desk(desk, store):
    return replace(desk, knowledge=CurrentKnowledge(store))


@pytest.fixture
def ask(desk, session, anna, now):
    async def ask():
        received = await desk.receive(session, anna, Words(1, "text", QUESTION), now)
        outcome = await desk.close(session, received.turn_id, received.closes_at)
        assert isinstance(outcome, Generating)
        return outcome.job

    return ask


@pytest.fixture
def switch(desk, store):
    """Switch to a release, as an administrator would; the process has loaded it."""

    def switch(number):
        store.rollback(number)
        assert desk.knowledge.refresh().release == number

    return switch


def returns_passage(job):
    """The number of the passage that the article about returns is cited by."""
    return next(passage.number for passage in job.passages if passage.source == "ru/returns.md")


def test_a_passage_stands_while_its_chunk_says_the_same(store, make_draft, make_passage):
    base = store.open(1)
    chunk = next(chunk for chunk in base.chunks if chunk.source == "ru/returns.md")
    standing = make_passage(1, text=chunk.text).model_copy(update={"chunk_id": chunk.id, "question": chunk.question})
    other = make_passage(2)

    assert freshness.gone(make_draft(citations=(1,)), (standing, other), base) == ()
    assert freshness.gone(make_draft(citations=(2,)), (standing, other), base) == (other,)
    assert freshness.gone(make_draft(citations=()), (standing, other), base) == (other,)
    changed = standing.model_copy(update={"text": "14"})
    assert freshness.gone(make_draft(citations=(1,)), (changed,), base) == (changed,)
    assert freshness.gone(make_draft(citations=(1,)), (standing,), None) == (standing,)


async def test_a_draft_whose_passages_stand_is_sent_although_another_release_answers(
    ask, desk, session, now, store, make_result, make_draft
):
    job = await ask()
    store.build(SOURCES, order=FORCED)
    desk.knowledge.refresh()

    outcome = await desk.settle(session, make_result(job, draft=make_draft(citations=(returns_passage(job),))), now)

    assert isinstance(outcome, Answered)


async def test_a_draft_from_changed_text_is_searched_and_generated_again(
    ask, desk, session, now, switch, make_result, make_draft
):
    job = await ask()
    stale = make_result(job, draft=make_draft(citations=(returns_passage(job),)))
    switch(2)

    again = await desk.settle(session, stale, now)

    assert isinstance(again, Generating)
    assert again.job.renewed
    assert again.job.deadline == job.deadline
    assert "14" in " ".join(passage.text for passage in again.job.passages)
    assert not any("30 дней" in passage.text for passage in again.job.passages)
    assert await desk.settle(session, stale, now) == Ignored()  # the late twin
    fresh = make_result(again.job, draft=make_draft("14 дней. [1]", citations=(returns_passage(again.job),)))
    answered = await desk.settle(session, fresh, now)
    assert isinstance(answered, Answered)
    assert (await session.scalars(select(AnswerRow.text))).all() == ["14 дней."]


async def test_a_draft_from_a_deleted_article_calls_a_person_without_that_draft(
    ask, desk, session, now, switch, make_result, make_draft
):
    job = await ask()
    secret = "Вернуть можно за 30 дней."
    stale = make_result(job, draft=make_draft(f"{secret} [1]", citations=(returns_passage(job),)))
    switch(3)

    outcome = await desk.settle(session, stale, now)

    assert isinstance(outcome, Escalated)
    assert outcome.reason is EscalationReason.NO_ANSWER
    escalation = (await session.scalars(select(EscalationRow))).one()
    assert escalation.draft is None
    turn = (await session.scalars(select(TurnRow))).one()
    assert secret not in str(turn.trace)


async def test_a_draft_is_renewed_once_and_then_a_person_is_called(
    ask, desk, session, now, switch, make_result, make_draft
):
    job = await ask()
    switch(2)
    again = await desk.settle(session, make_result(job, draft=make_draft(citations=(returns_passage(job),))), now)
    switch(1)

    stale = make_result(again.job, draft=make_draft(citations=(returns_passage(again.job),)))
    outcome = await desk.settle(session, stale, now)

    assert isinstance(outcome, Escalated)
    assert outcome.reason is EscalationReason.KNOWLEDGE_CHANGED
    assert (await session.scalars(select(EscalationRow))).one().draft is None


async def test_a_release_that_loads_while_drafts_are_settled_lets_none_of_its_deleted_text_through(
    database_url, fitted, desk, store, now, make_result, make_draft
):
    """Many customers at once, half of whose drafts are settled before the switch and half after it."""
    database = Database(database_url)
    jobs = []
    for number in range(8):
        async with database.writing() as session:
            person = Person(500 + number, f"К{number}", None, "ru")
            customer = await CustomerRepository(session).get_or_add(person, now)
            received = await desk.receive(session, customer, Words(1, "text", QUESTION), now)
            jobs.append((await desk.close(session, received.turn_id, received.closes_at)).job)
    switched = asyncio.Event()

    async def settle(job, *, after):
        if after:
            await switched.wait()
        result = make_result(job, draft=make_draft(citations=(returns_passage(job),)))
        async with database.writing() as session:
            return await desk.settle(session, result, now)

    async def switch():
        await asyncio.to_thread(store.rollback, 2)
        await asyncio.to_thread(desk.knowledge.refresh)
        switched.set()

    outcomes = await asyncio.gather(*(settle(job, after=n % 2 == 1) for n, job in enumerate(jobs)), switch())

    after = [outcome for n, outcome in enumerate(outcomes[:-1]) if n % 2 == 1]
    assert all(isinstance(outcome, Generating) for outcome in after)
    async with database.reading() as session:
        turns = list(await session.scalars(select(TurnRow)))
    assert {turn.state for turn in turns} <= {TurnState.ANSWERED, TurnState.GENERATING}
    assert sum(turn.epoch == 2 for turn in turns) >= len(after)
    await database.close()


async def test_two_results_of_one_turn_renew_it_once(database_url, desk, store, now, make_result, make_draft):
    """Two bot processes read the same late draft."""
    database = Database(database_url)
    async with database.writing() as session:
        customer = await CustomerRepository(session).get_or_add(Person(501, "К", None, "ru"), now)
        received = await desk.receive(session, customer, Words(1, "text", QUESTION), now)
        job = (await desk.close(session, received.turn_id, received.closes_at)).job
    store.rollback(2)
    desk.knowledge.refresh()
    result = make_result(job, draft=make_draft(citations=(returns_passage(job),)))

    async def settle():
        async with database.writing() as session:
            return await desk.settle(session, result, now)

    outcomes = await asyncio.gather(settle(), settle(), settle())

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Generating", "Ignored", "Ignored"]
    await database.close()
