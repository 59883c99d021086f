import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from knowledge.tokens import words
from support import answer_cache, quarantine
from support.jobs import Exchange, GenerationJob, JobPassage
from support.outcomes import Answered, Escalated, Generating
from support.ratings import rate
from support.readings import Understood, Writer
from support.tables import AnswerRow, TurnRow
from support.turns import TurnState, Words

QUESTION = "Сколько дней есть на возврат товара?"
WRITER = Writer("fake", "none", "p1")
LATER = timedelta(minutes=1)


@pytest.fixture
def make_job(make_passage):
    def make(question=QUESTION, **fields):
        values = {
            "turn_id": 1,
            "epoch": 1,
            "attempt": 1,
            "question": question,
            "parts": (question,),
            "passages": (make_passage(1),),
            "answerable": (0.9,),
            "language": "ru",
            "deadline": 1.0,
        }
        return GenerationJob(**values | fields)

    return make


@pytest.fixture
def say(desk, session, now):
    """Take in a message, as if the given writers were at work, and close its turn."""
    numbers = iter(range(1, 1000))

    async def say(customer, text, *, desk=desk, writers=frozenset({WRITER}), at=now):
        received = await desk.receive(session, customer, Words(next(numbers), "text", text), at)
        turn = await session.get_one(TurnRow, received.turn_id)
        understood = Understood(epoch=turn.epoch, text=turn.text, writers=frozenset(writers))
        return await desk.close(session, received.turn_id, received.closes_at, understood=understood)

    return say


@pytest.fixture
def answer(desk, session, say, make_result, now):
    """Let a worker answer a question of a new customer."""

    async def answer(customer, text=QUESTION, *, desk=desk, **kwargs):
        outcome = await say(customer, text, desk=desk, **kwargs)
        assert isinstance(outcome, Generating)
        return await desk.settle(session, make_result(outcome.job), now)

    return answer


async def test_a_question_asked_before_is_answered_without_a_worker(session, say, answer, anna, add_customer):
    first = await answer(anna)

    again = await say(await add_customer(102), f"  {QUESTION.upper().rstrip('?')} ")

    assert isinstance(again, Answered)
    assert (again.text, again.sources) == (first.text, first.sources)
    turn = (await session.scalars(select(TurnRow).order_by(TurnRow.id.desc()))).first()
    assert turn.state == TurnState.ANSWERED
    assert turn.trace["draft"]["cached"]["answer_id"] == first.answer_id


async def test_who_asks_after_a_conversation_is_answered_by_a_worker(session, say, answer, anna, now):
    await answer(anna)

    assert isinstance(await say(anna, QUESTION, at=now + LATER), Generating)


@pytest.mark.parametrize(
    "writers",
    [
        {Writer("fake", "another", "p1")},
        {Writer("fake", "none", "p2")},
        {Writer("other", "none", "p1")},
        set(),
    ],
)
async def test_another_model_or_prompt_writes_its_own_answer(say, answer, anna, add_customer, writers):
    await answer(anna)

    assert isinstance(await say(await add_customer(102), QUESTION, writers=writers), Generating)


async def test_an_answer_that_somebody_disliked_is_not_given_again(session, say, answer, anna, add_customer):
    first = await answer(anna)
    oleg = await add_customer(102)
    again = await say(oleg, QUESTION)
    assert isinstance(again, Answered)

    await rate(session, oleg.id, again.answer_id, -1)
    await session.flush()

    assert again.answer_id != first.answer_id
    assert isinstance(await say(await add_customer(103), QUESTION), Generating)


async def test_a_raised_threshold_holds_for_answers_given_before(desk, say, answer, anna, add_customer):
    await answer(anna)
    strict = dataclasses.replace(desk, threshold=0.95)

    assert isinstance(await say(await add_customer(102), QUESTION, desk=strict), Generating)


async def test_a_risky_demand_is_never_answered_from_the_cache(say, answer, anna, add_customer):
    risky = "Верните деньги за возврат товара, сколько дней ждать?"
    await answer(anna)

    outcome = await say(await add_customer(102), risky)

    assert isinstance(outcome, Generating | Escalated)


async def test_what_was_deleted_or_rolled_back_is_gone_from_the_cache(
    desk, session, say, answer, anna, add_customer, tmp_path
):
    sources, store = tmp_path / "sources", ReleaseStore(tmp_path / "releases")
    sources.mkdir()
    (sources / "returns.md").write_text("# Возврат\n\nВернуть товар можно за 30 дней после получения.\n")
    (sources / "payment.md").write_text("# Оплата\n\nЗаказ оплачивают картой или наличными.\n")
    first = store.build(sources).release
    mine = dataclasses.replace(desk, knowledge=CurrentKnowledge(store))
    assert isinstance(await answer(anna, desk=mine), Answered)
    assert isinstance(await say(await add_customer(102), QUESTION, desk=mine), Answered)

    (sources / "returns.md").write_text("# Возврат\n\nВернуть товар можно за 14 дней после получения.\n")
    store.build(sources)
    mine.knowledge.refresh()
    changed = await say(await add_customer(103), QUESTION, desk=mine)
    assert isinstance(changed, Generating)
    assert "14" in changed.job.passages[0].text

    store.rollback(first)
    mine.knowledge.refresh()
    assert isinstance(await say(await add_customer(104), QUESTION, desk=mine), Answered)

    (sources / "returns.md").unlink()
    store.build(sources)
    mine.knowledge.refresh()
    assert not isinstance(await say(await add_customer(105), QUESTION, desk=mine), Answered)


async def test_an_answer_from_a_passage_called_wrong_is_not_given_again(
    session, desk, say, answer, anna, add_customer, now
):
    await answer(anna)
    base = desk.knowledge.get()
    job = GenerationJob.model_validate_json((await session.scalars(select(TurnRow.job))).one())
    await quarantine.report(session, base.chunk(job.passages[0].chunk_id), 7, now)
    desk.knowledge.hide(await quarantine.keys(session))
    assert isinstance(await say(await add_customer(102), QUESTION), Generating)


async def test_nothing_that_a_customer_wrote_stands_in_the_key(session, answer, anna):
    await answer(anna)

    row = (await session.scalars(select(AnswerRow))).one()
    assert len(row.cache_key) == 64
    assert int(row.cache_key, 16) > 0


async def test_an_answer_that_is_forgotten_with_its_customer_is_forgotten_by_the_cache(
    session, say, answer, anna, add_customer
):
    await answer(anna)
    await session.delete((await session.scalars(select(AnswerRow))).one())
    await session.flush()

    assert isinstance(await say(await add_customer(102), QUESTION), Generating)


async def test_what_was_quoted_without_a_model_is_quoted_anew(desk, session, say, anna, add_customer, make_result, now):
    quoted = Writer("extractive", "", "extractive-2")
    job = (await say(anna, QUESTION, writers={quoted})).job
    result = make_result(job)
    draft = result.draft.model_copy(update={"engine": quoted.engine, "model": "", "prompt_version": "extractive-2"})
    await desk.settle(session, result.model_copy(update={"draft": draft}), now)

    assert isinstance(await say(await add_customer(102), QUESTION, writers={quoted}), Generating)


@pytest.mark.parametrize(
    "changes",
    [
        {"history": (Exchange(speaker="customer", text="Привет"),)},
        {"parts": ("Как вернуть — сколько стоит?",)},
        {"parts": (QUESTION, "Как оплатить?")},
        {"question": "Где заказ KD-10427?", "parts": ("Где заказ KD-10427?",)},
        {"question": "Пишите на anna@mail.example, как?", "parts": ("Пишите на anna@mail.example, как?",)},
    ],
)
def test_what_belongs_to_one_conversation_or_customer_is_not_kept(make_job, changes):
    assert answer_cache.may_be_kept(make_job())
    assert not answer_cache.may_be_kept(make_job(**changes))


@given(st.text(min_size=1), st.text(min_size=1))
def test_questions_share_a_key_only_if_their_words_are_the_same(left, right):
    def key(question):
        passage = JobPassage(number=1, chunk_id="c", source="s", heading="h", text="t")
        job = GenerationJob(
            turn_id=1, epoch=1, attempt=1, question=question, parts=(question,), passages=(passage,),
            answerable=(0.9,), language="ru", deadline=1.0,
        )  # fmt: skip
        return answer_cache.key(job, 1, WRITER)

    assert key(left) == key(f"  {left}? ")
    assert words(left) == words(right) or key(left) != key(right)
