import json
from datetime import UTC, datetime, timedelta

import pytest

from support import thresholds
from support.answer_audits import Judgement, version_of
from support.audit_tables import AnswerAuditRow
from support.desk_file import DeskFile
from support.shares import Part
from support.tables import AnswerRow, CustomerRow, EscalationRow, TurnRow
from support.thresholds import NewThreshold
from support.watching.audited import held_audits
from support.watching.counting import figures
from support.watching.period import last_days
from support.watching.shift_data import look
from tests.databases import ON_SQLITE
from tests.support.watching.month import write_month

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


async def ask(session, customer_id, at, *, score=0.9, reason=None, draft=None, language="ru"):
    turn = TurnRow(
        customer_id=customer_id,
        state="escalated" if reason else "answered",
        text="сколько стоит доставка",
        language=language,
        opened_at=at,
        closes_at=at,
        closed_at=at,
        finished_at=at,
        outcome=reason or "answered",
        intent="question",
    )
    session.add(turn)
    await session.flush()
    if reason is None:
        draft = draft or {"verdict": {"score": score}, "timings_ms": {"generate": 1500.0}}
        wait = timedelta(seconds=2)
        session.add(AnswerRow(turn_id=turn.id, text="", draft=draft, rating=1, created_at=at + wait))
    else:
        session.add(EscalationRow(customer_id=customer_id, turn_id=turn.id, reason=reason, opened_at=at))
    await session.flush()
    return turn.id


def judged_right(turn_id, *, sent=True):
    return AnswerAuditRow(
        turn_id=turn_id,
        language="ru",
        score=0.9,
        threshold=0.75,
        sent=sent,
        version="",
        one_in=20,
        question="",
        answer="",
        sources=[],
        chosen_at=NOW,
        verdict=Judgement.RIGHT,
        judged_at=NOW,
    )


@pytest.fixture
async def three(session):
    """An answer of four days ago, one of today, an escalation of today."""
    session.add_all([CustomerRow(id=n, chat_id=n, name="", language="ru", created_at=NOW) for n in (1, 2, 3)])
    await session.flush()
    old = await ask(session, 1, NOW - timedelta(days=4))
    await ask(session, 2, NOW - timedelta(hours=2), score=0.41)
    await ask(session, 3, NOW - timedelta(hours=1), reason="no_answer")
    return old


async def test_a_period_holds_what_happened_in_it_and_resolution_is_of_three_days_earlier(session, three):
    session.add(judged_right(three))
    await session.flush()

    today = await figures(session, last_days(1, DeskFile().hours, NOW), DeskFile(), threshold=0.75)
    week = await figures(session, last_days(7, DeskFile().hours, NOW), DeskFile(), threshold=0.75)

    assert (today.containment, today.answers, today.reasons) == (Part(1, 2), 1, {"no_answer": 1})
    assert (today.resolution, today.verified, today.judging.precision) == (Part(), Part(), Part())
    assert (week.containment, week.answers, week.useful) == (Part(2, 3), 2, 2)
    assert (week.resolution, week.verified, week.judging.precision) == (Part(1, 1), Part(1, 1), Part(1, 1))
    assert (week.latency_s.p50, week.stages_ms["generate"].p95) == (2.0, 1500.0)
    assert (week.judge_scores[4], week.judge_scores[9]) == (1, 0) or week.judge_scores[8:] == (0, 1)
    assert [(day.date, day.talks, day.contained) for day in week.by_day][-1] == ("2026-11-27", 2, 1)
    assert (week.open, week.unanswered, week.clusters[0].customers) == (1, 1, 1)
    assert json.loads(json.dumps(week.as_json()))["containment"]["interval"][0] == pytest.approx(0.2077, abs=1e-3)


async def test_an_audited_draft_that_was_held_back_is_no_sent_answer(session, three):
    held = await ask(session, 1, NOW - timedelta(hours=1), reason="low_score")
    session.add_all([judged_right(three), judged_right(held, sent=False)])
    await session.flush()

    week = last_days(7, DeskFile().hours, NOW)
    assert [one.turn_id for one in await held_audits(session, week.start, week.end)] == [held]
    found = await figures(session, week, DeskFile(), threshold=0.75)
    assert (found.judging.precision, found.judging.held_by) == (Part(1, 1), "operators")


async def test_the_line_is_what_decides_about_the_newest_drafts_of_each_language(session, three, make_draft):
    newest = make_draft().model_dump(mode="json")
    chosen = {"max_wrong": 0.05, "confidence": 0.95, "answers": 60, "wrong": 0}
    version = version_of(make_draft())
    of_now = NewThreshold(language="ru", version=version, value=0.6, **chosen)
    of_former = NewThreshold(language="en", version="former", value=0.5, **chosen)
    await thresholds.apply(session, [of_now, of_former], NOW)

    async def found(*, is_set=False):
        week = last_days(7, DeskFile().hours, NOW)
        return (await figures(session, week, DeskFile(), threshold=0.75, threshold_is_set=is_set)).thresholds

    assert await found() == {"ru": 0.75}, "the newest draft is of another version, and there is none in English"
    for language in ("ru", "en"):
        await ask(session, 2, NOW - timedelta(minutes=5), draft=newest, language=language)
    assert await found() == {"ru": 0.6, "en": 0.75}
    assert await found(is_set=True) == {"ru": 0.75, "en": 0.75}
    held = await session.get_one(TurnRow, await ask(session, 1, NOW - timedelta(minutes=1), reason="low_score"))
    held.draft = newest | {"model": "another"}
    await session.flush()
    assert await found() == {"ru": 0.75, "en": 0.75}


async def test_an_empty_database_has_figures_too(session):
    found = await figures(session, last_days(30, DeskFile().hours, NOW), DeskFile(), threshold=0.75)

    assert found.containment == Part()
    assert found.latency_s is None
    assert len(found.by_day) == 30
    json.dumps(found.as_json())


@pytest.mark.parametrize("database_url", [ON_SQLITE], indirect=True)
async def test_a_new_topic_of_the_last_week_is_found_in_the_database_and_told_as_customers_wrote_it(session):
    await write_month(session, NOW, customers_a_day=14, tents_this_week=0.4)

    shift, written = await look(session, NOW)

    names = {written[name] for topic in shift.topics for name in topic.names}
    assert shift.alarms
    assert "палатки" in names or "палатку" in names
    assert len(shift.topics) <= 2


@pytest.mark.parametrize("days", [0, 367])
def test_a_period_is_of_one_day_to_a_year(days):
    with pytest.raises(ValueError, match="days must be 1 to 366"):
        last_days(days, DeskFile().hours, NOW)
