from datetime import timedelta

import pytest
from sqlalchemy import select

from support import answer_audits, retention, thresholds
from support.answer_audits import Draw, Judgement
from support.audit_tables import AnswerAuditRow
from support.desk_file import Retention
from support.jobs import GenerationJob
from support.secret import Secret
from support.tables import AuditRow, TurnRow


@pytest.fixture
def add_turn(session, anna, now, make_passage):
    """Return a turn with a job, as settle finds it."""

    async def add(question="Как вернуть товар? Мой телефон +7 916 555-44-33"):
        turn = TurnRow(
            customer_id=anna.id, state="answered", text=question, language="ru", opened_at=now, closes_at=now
        )
        session.add(turn)
        await session.flush()
        job = GenerationJob(
            turn_id=turn.id,
            epoch=1,
            attempt=1,
            question="Как вернуть товар?",
            parts=("Как вернуть товар?",),
            passages=(make_passage(1),),
            answerable=(0.9,),
            language="ru",
            deadline=0.0,
        )
        turn.job = job.model_dump_json()
        return turn

    return add


def test_the_draw_is_the_same_after_a_restart_and_takes_one_in_so_many(tmp_path):
    draw = Draw(20, Secret(tmp_path))
    taken = [number for number in range(20_000) if draw.takes(number)]
    assert taken == [number for number in range(20_000) if Draw(20, Secret(tmp_path)).takes(number)]
    assert 850 < len(taken) < 1150
    assert taken != [number for number in range(20_000) if Draw(20, Secret(tmp_path / "other")).takes(number)]
    assert not Draw(0, Secret(tmp_path)).takes(taken[0])


async def test_answers_are_drawn_once_judged_one_after_the_other_and_a_threshold_uses_its_labels_up(
    session, now, add_turn, make_draft, tmp_path
):
    draw = Draw(1, Secret(tmp_path))
    for score in (0.9, 0.4, 0.8):
        turn = await add_turn()
        for _ in range(2):
            await draw.consider(session, turn, make_draft(score=score), now, threshold=0.5, release=3)
    await session.flush()
    rows = list(await session.scalars(select(AnswerAuditRow).order_by(AnswerAuditRow.id)))
    assert [(row.score, row.sent) for row in rows] == [(0.9, True), (0.4, False), (0.8, True)]
    assert rows[0].sources == ["Возврат"]

    first = await answer_audits.waiting(session)
    assert first is rows[0]
    assert answer_audits.judge(session, first, Judgement.WRONG, 7, now)
    assert answer_audits.judge(session, first, Judgement.RIGHT, 8, now)
    assert not answer_audits.judge(session, first, Judgement.RIGHT, 8, now)
    answer_audits.judge(session, rows[1], Judgement.UNSURE, 7, now)
    await session.flush()
    assert await answer_audits.count_waiting(session) == 1
    assert [row.detail["before"] for row in await session.scalars(select(AuditRow).order_by(AuditRow.id))][:2] == [
        None,
        "wrong",
    ]
    [sample] = await answer_audits.samples(session, {})
    assert [(one.score, one.right) for one in sample.judged] == [(0.9, True), (0.4, False)]
    [fresh] = await answer_audits.samples(session, {"ru": (sample.version, now + timedelta(days=1))})
    assert (fresh.judged, fresh.used_before) == ((), 2)

    # Nobody came to the third within the retention period.
    for step, before in retention.steps(Retention(messages_days=30), now + timedelta(days=31)):
        if step.name == "answer_audits":
            await step.take(session, list(await session.scalars(step.find(before))))
    for row in rows:
        await session.refresh(row)
    assert {row.verdict for row in rows} == {"right", "unsure", "expired"}
    assert {row.question + row.answer for row in rows} == {""}


async def test_a_threshold_holds_at_once_for_its_version_alone_and_can_be_taken_back(session, now, make_draft):
    draft = make_draft()
    new = {"language": "ru", "max_wrong": 0.05, "confidence": 0.95, "answers": 60, "wrong": 0}
    version = answer_audits.version_of(draft)

    async def decides(one=draft, language="ru"):
        return await thresholds.for_draft(session, one, language, 0.75)

    assert await decides() == 0.75
    for value in (0.6, 0.5):
        await thresholds.apply(session, [thresholds.NewThreshold(version=version, value=value, **new)], now)
        await session.flush()
        assert await decides() == value
    assert await decides(language="en") == 0.75
    assert await decides(draft.model_copy(update={"prompt_version": "p2"})) == 0.75, "another prompt, another score"
    assert await thresholds.revert(session, now) == {"ru": (0.5, 0.6)}
    assert await decides() == 0.6
    assert await thresholds.revert(session, now) == {"ru": (0.6, None)}
    assert await decides() == 0.75
    actions = list(await session.scalars(select(AuditRow.action)))
    assert (actions.count("threshold_applied"), actions.count("threshold_reverted")) == (2, 2)
