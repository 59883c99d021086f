from datetime import timedelta

import pytest
from sqlalchemy import select

from support import offers
from support.assignment import give
from support.desk_tables import DraftLabelRow
from support.escalations import EscalationRepository, replied
from support.jobs import CheckName, FailedCheck
from support.offers import EDIT_LASTS, Edit, Offers, Refusal, Verdict
from support.tables import AuditRow
from support.turns import Words


@pytest.fixture
async def turn_id(session, anna, desk, make_result, make_draft, now):
    """A question whose draft a person was called about."""
    collected = await desk.receive(session, anna, Words(1, "text", "Сколько дней хранится заказ в пункте выдачи?"), now)
    job = (await desk.close(session, collected.turn_id, collected.closes_at)).job
    await desk.settle(session, make_result(job, draft=make_draft("Семь дней. [1]", score=0.3)), now)
    return job.turn_id


@pytest.fixture
def decide(session, anna, now):
    def by(operator_id):
        return Offers(session, anna, operator_id, now)

    return by


async def labels(session):
    return [(one.verdict, one.operator_id) for one in await session.scalars(select(DraftLabelRow))]


async def test_the_first_verdict_counts_and_is_stored_with_the_score_and_in_the_audit(
    session, turn_id, decide, desk, anna
):
    sent = await decide(7).send(turn_id, desk.knowledge.get())
    assert (sent.text, sent.cited[0].number) == ("Семь дней.", 1)
    assert await decide(8).send(turn_id, desk.knowledge.get()) is Refusal.DECIDED
    assert await decide(8).discard(turn_id) is Refusal.DECIDED
    assert await decide(8).edit(turn_id) is Refusal.DECIDED
    label = (await session.scalars(select(DraftLabelRow))).one()
    assert (label.verdict, label.operator_id, label.sent, label.score) == ("sent", 7, "Семь дней.", 0.3)
    assert "draft_sent" in set(await session.scalars(select(AuditRow.action)))
    escalation = await EscalationRepository(session).open_of(anna.id)
    assert escalation.offered_turn_id is None


async def test_a_draft_whose_text_is_gone_or_called_wrong_is_not_sent_and_leaves_the_card(
    session, turn_id, decide, desk, anna
):
    base = desk.knowledge.get()
    escalation = await EscalationRepository(session).open_of(anna.id)
    cited = (await offers.offered(session, escalation)).cited[0]

    assert await decide(7).send(turn_id, base.without({base.chunk(cited.chunk_id).key})) is Refusal.GONE

    assert await labels(session) == []
    assert escalation.offered_turn_id is None
    assert await decide(7).send(turn_id, base) is Refusal.STALE


async def test_only_who_edits_a_draft_replaces_it_and_only_once(session, turn_id, decide, anna):
    escalation = await EscalationRepository(session).open_of(anna.id)
    await decide(7).edit(turn_id)
    assert await decide(8).edit(turn_id) is Refusal.EDITING
    assert await decide(8).replaced_by(escalation, "Здравствуйте") is None
    replaced = await decide(7).replaced_by(escalation, "Неделю.")
    assert replaced.turn_id == turn_id
    assert await decide(7).replaced_by(escalation, "И ещё") is None
    assert await labels(session) == [(Verdict.EDITED, 7)]


async def test_an_edit_ends_by_itself_by_closing_and_by_somebody_elses_taking_the_conversation(
    session, turn_id, decide, anna, now
):
    escalation = await EscalationRepository(session).open_of(anna.id)
    await decide(7).edit(turn_id)
    late = Offers(session, anna, 7, now + EDIT_LASTS)
    assert await late.replaced_by(escalation, "Совсем о другом") is None
    await decide(7).edit(turn_id)
    assert isinstance(await Offers(session, anna, 8, now + EDIT_LASTS).edit(turn_id), Edit)

    give(session, anna, escalation, 7, now, by=7, action="conversation_taken")
    assert (escalation.editing_by, escalation.editing_since) == (None, None)
    await decide(7).edit(turn_id)
    give(session, anna, escalation, 7, now, by=7, action="conversation_taken")
    assert escalation.editing_by == 7
    await EscalationRepository(session).close(anna.id, 7, now)
    assert escalation.editing_by is None
    assert await labels(session) == []


async def test_an_edit_says_since_when_and_which_copy_is_of_no_use_any_more(session, turn_id, decide, anna, now):
    first = await decide(7).edit(turn_id)
    assert (first.over, first.since) == (None, now)
    again = await Offers(session, anna, 7, now + EDIT_LASTS / 2).edit(turn_id)
    assert (again.over, again.since) == (None, now), "the copy that he was shown says how long he has"
    late = now + EDIT_LASTS
    assert len(await offers.ended_edits(session, now, 9)) == 0
    assert len(await offers.ended_edits(session, late, 9)) == 1
    anew = await Offers(session, anna, 7, late).edit(turn_id)
    assert (anew.over, anew.since) == (turn_id, late)
    await EscalationRepository(session).close(anna.id, 7, late)
    assert len(await offers.ended_edits(session, late, 9)) == 1


async def test_a_draft_is_not_sent_on_top_of_an_operators_own_answer_but_can_still_be_edited(
    session, turn_id, decide, desk, anna, now
):
    escalation = await EscalationRepository(session).open_of(anna.id)
    replied(anna, escalation, now + timedelta(minutes=1))

    assert await decide(7).send(turn_id, desk.knowledge.get()) is Refusal.ANSWERED

    assert await labels(session) == []
    assert isinstance(await decide(7).edit(turn_id), Edit)


async def test_labels_keep_no_personal_data_but_what_the_knowledge_base_says(session, turn_id, decide, anna):
    escalation = await EscalationRepository(session).open_of(anna.id)
    offer = await offers.offered(session, escalation)
    await decide(7).edit(turn_id)
    await decide(7).replaced_by(escalation, f"Анна Петрова, перезвоню на +7 916 123-45-67. {offer.passages[0].text}")
    label = (await session.scalars(select(DraftLabelRow))).one()
    assert "Петрова" not in label.sent
    assert "123" not in label.sent
    assert label.sent.endswith(offer.passages[0].text)


async def test_a_draft_decided_about_meanwhile_is_not_labelled_again_by_its_editor(session, turn_id, decide, anna):
    escalation = await EscalationRepository(session).open_of(anna.id)
    await decide(7).edit(turn_id)
    await decide(8).discard(turn_id)
    assert await decide(7).replaced_by(escalation, "Неделю.") is None
    assert await labels(session) == [(Verdict.DISCARDED, 8)]


@pytest.mark.parametrize("name", [CheckName.NO_ANSWER, CheckName.EMPTY])
async def test_a_draft_that_says_nothing_is_not_offered(session, anna, desk, make_result, make_draft, now, name):
    collected = await desk.receive(session, anna, Words(1, "text", "Сколько дней хранится заказ в пункте выдачи?"), now)
    job = (await desk.close(session, collected.turn_id, collected.closes_at)).job
    draft = make_draft("NO_ANSWER", citations=(), score=0, failed=(FailedCheck(name=name, detail=""),))
    await desk.settle(session, make_result(job, draft=draft), now)
    escalation = await EscalationRepository(session).open_of(anna.id)
    assert await offers.offered(session, escalation) is None
