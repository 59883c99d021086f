from datetime import timedelta

import pytest
from sqlalchemy import select

from support import offers, suggesting
from support.escalations import EscalationReason, EscalationRepository, replied
from support.jobs import CheckName, FailedCheck, job_id
from support.tables import TurnRow
from support.turns import TurnState, Words

QUESTION = "Сколько дней хранится заказ в пункте выдачи?"
SECOND = timedelta(seconds=1)


@pytest.fixture
async def escalation(session, anna, desk, now):
    await desk.escalate(session, anna, EscalationReason.CUSTOMER_ASKED, now)
    return await EscalationRepository(session).open_of(anna.id)


@pytest.fixture
def lookup(desk):
    return suggesting.Lookup(desk.search, desk.classifier, desk.deadline)


@pytest.fixture
def write(desk, session, anna):
    """Write as the customer; return the turn of the suggestion."""
    numbers = iter(range(1, 100))

    async def write(text, at):
        await desk.receive(session, anna, Words(next(numbers), "text", text), at)
        query = select(TurnRow).where(TurnRow.customer_id == anna.id).order_by(TurnRow.id.desc())
        return (await session.scalars(query)).first()

    return write


async def test_words_to_a_person_are_looked_up_once_they_are_complete_and_offered(
    session, escalation, lookup, write, desk, make_result, make_draft, now
):
    await write("Сколько дней хранится", now)
    turn = await write("заказ в пункте выдачи?", now + SECOND)
    assert turn.text == "Сколько дней хранится\nзаказ в пункте выдачи?"
    assert await suggesting.due(session, now + SECOND) == []
    assert await lookup.ask(session, turn.id, now + SECOND) is None
    assert await suggesting.due(session, now + 6 * SECOND) == [turn.id]

    job = await lookup.ask(session, turn.id, now + 6 * SECOND)
    assert await suggesting.due(session, now + 7 * SECOND) == []
    number = job.passages[0].number
    result = make_result(job, draft=make_draft("Семь дней. [1]", citations=(number,)))
    await desk.settle(session, result, now + 8 * SECOND)

    assert (turn.state, turn.outcome) == (TurnState.SUGGESTED, "suggested")
    assert escalation.offered_turn_id == turn.id
    offer = await offers.offered(session, escalation)
    assert (offer.text, offer.sources[0].heading) == ("Семь дней.", job.passages[0].heading)


async def test_newer_words_replace_a_suggestion_that_is_being_written(
    session, escalation, lookup, write, desk, make_result, now
):
    turn = await write(QUESTION, now)
    late = await lookup.ask(session, turn.id, now + 6 * SECOND)
    again = await write("И можно ли продлить срок хранения?", now + 7 * SECOND)
    assert again.id == turn.id

    await desk.settle(session, make_result(late), now + 8 * SECOND)

    assert escalation.offered_turn_id is None
    assert (await lookup.ask(session, turn.id, now + 20 * SECOND)).epoch == 2


@pytest.mark.parametrize(
    ("score", "failed"),
    [(0.2, ()), (0.9, (FailedCheck(name=CheckName.NUMBER_UNSUPPORTED, detail="7"),))],
)
async def test_what_the_judge_does_not_let_pass_is_no_suggestion(
    session, escalation, lookup, write, desk, make_result, make_draft, now, score, failed
):
    turn = await write(QUESTION, now)
    job = await lookup.ask(session, turn.id, now + 6 * SECOND)
    await desk.settle(session, make_result(job, draft=make_draft(score=score, failed=failed)), now + 7 * SECOND)
    assert (turn.outcome, escalation.offered_turn_id) == ("no_suggestion", None)


async def test_no_suggestion_is_written_for_small_talk_nor_for_who_has_been_answered(
    session, anna, escalation, lookup, write, now
):
    thanks = await write("спасибо!", now)
    assert await lookup.ask(session, thanks.id, now + 6 * SECOND) is None
    turn = await write(QUESTION, now + 10 * SECOND)
    replied(anna, escalation, now + 11 * SECOND)
    assert await lookup.ask(session, turn.id, now + 20 * SECOND) is None
    assert {thanks.state, turn.state} == {TurnState.SUGGESTED}


async def test_a_suggestion_that_does_not_come_holds_up_neither_the_next_nor_the_bot(
    session, anna, escalation, lookup, write, now
):
    turn = await write(QUESTION, now)
    assert await lookup.ask(session, turn.id, now + 6 * SECOND)
    # Closed meanwhile: the customer's next question is the bot's.
    await EscalationRepository(session).close(anna.id, 1, now + 7 * SECOND)
    asked = await write("Сколько стоит доставка?", now + 8 * SECOND)
    assert (asked.id != turn.id, asked.state) == (True, TurnState.COLLECTING)

    late = now + 300 * SECOND
    assert await suggesting.due(session, late) == [turn.id]
    assert await lookup.ask(session, turn.id, late) is None
    assert (turn.state, turn.outcome) == (TurnState.SUGGESTED, "suggestion_late")


async def test_newer_words_name_the_job_that_is_no_longer_waited_for(
    session, anna, desk, escalation, lookup, write, now
):
    turn = await write(QUESTION, now)
    late = await lookup.ask(session, turn.id, now + 6 * SECOND)

    taken = await desk.receive(session, anna, Words(50, "text", "И можно ли продлить?"), now + 7 * SECOND)

    assert taken.cancelled == (job_id(turn.id, late.epoch, late.attempt),)


async def test_an_edited_question_to_a_person_is_looked_up_anew_and_the_draft_for_its_former_words_goes(
    session, anna, desk, escalation, lookup, write, make_result, make_draft, now
):
    turn = await write(QUESTION, now)
    job = await lookup.ask(session, turn.id, now + 6 * SECOND)
    # While it is being written …
    taken = await desk.edit(session, anna, 1, "Сколько стоит доставка курьером?", now + 7 * SECOND)
    assert taken.cancelled == (job_id(turn.id, job.epoch, job.attempt),)
    again = await lookup.ask(session, turn.id, now + 14 * SECOND)
    assert (again.epoch, again.question) == (2, "Сколько стоит доставка курьером?")
    await desk.settle(session, make_result(again, draft=make_draft(citations=(1,))), now + 15 * SECOND)
    assert escalation.offered_turn_id == turn.id
    # … and when it is offered, twice.
    for number, words in enumerate((QUESTION, "Сколько стоит доставка за город?"), start=1):
        await desk.edit(session, anna, 1, words, now + (15 + number) * SECOND)
        fresh = (await session.scalars(select(TurnRow).order_by(TurnRow.id.desc()))).first()
        assert (fresh.id != turn.id, fresh.text, fresh.state) == (True, words, TurnState.SUGGESTING)
        assert escalation.offered_turn_id is None
    assert (await desk.edit(session, anna, 1, words, now + 20 * SECOND)).cancelled == ()
    # Whom an operator has answered asks nothing any more.
    replied(anna, escalation, now + 20 * SECOND)
    await lookup.ask(session, fresh.id, now + 30 * SECOND)
    await desk.edit(session, anna, 1, QUESTION, now + 31 * SECOND)
    assert fresh.state == TurnState.SUGGESTED


@pytest.mark.parametrize("words_first", [True, False])
async def test_words_to_a_person_and_an_edit_at_once_are_looked_up_together_in_whichever_order_they_come(
    session, anna, desk, escalation, lookup, write, now, words_first
):
    former = await write("Сколько стоит доставка?", now)
    await lookup.ask(session, former.id, now + 6 * SECOND)
    await suggesting.withdraw(session, anna.id, now + 7 * SECOND)
    edited, later = "Сколько стоит доставка курьером?", now + 8 * SECOND

    if words_first:
        await write(QUESTION, later)
    await desk.edit(session, anna, 1, edited, later)
    if not words_first:
        await write(QUESTION, later)
    turn = await write("И можно ли продлить?", later + SECOND)
    job = await lookup.ask(session, turn.id, later + 7 * SECOND)

    assert turn.id != former.id
    assert job.question == f"{edited}\n{QUESTION}\nИ можно ли продлить?"
    assert {edited, QUESTION} <= {*job.parts}
    assert edited not in str(job.history)
    # What an operator has answered since is not asked again with the next words.
    replied(anna, escalation, later + 8 * SECOND)
    await suggesting.withdraw(session, anna.id, later + 8 * SECOND)
    turn = await write("А по выходным?", later + 9 * SECOND)
    await desk.edit(session, anna, 1, "Сколько стоит доставка за город?", later + 9 * SECOND)
    assert turn.text == "А по выходным?"
