import pytest
from sqlalchemy import select

from support import answer_audits, draft_labels, judge_fits, thresholds
from support.answer_audits import Draw
from support.desk_tables import DraftLabelRow
from support.jobs import CheckName, FailedCheck, GenerationJob
from support.secret import Secret
from support.tables import AuditRow, TurnRow
from support.turns import Words
from workers.judge import VERSION, judge, shipped_weights

FEATURES = {"answerable": 0.5}
HEAVIER = {**shipped_weights(), "covered": 9.0}


@pytest.fixture
def add_label(session, anna, now, make_draft, make_passage):
    """Decide about a draft of a turn; returns the turn."""

    async def add(verdict="sent", *, sent=None, asked="Как вернуть товар?", words=True, failed=(), version=VERSION):
        draft = make_draft(failed=failed)
        known = draft.verdict.model_copy(update={"features": FEATURES, "version": version})
        turn = TurnRow(customer_id=anna.id, state="escalated", text=asked, language="ru", opened_at=now, closes_at=now)
        turn.draft = draft.model_copy(update={"verdict": known}).model_dump(mode="json") if words else None
        session.add(turn)
        await session.flush()
        turn.job = GenerationJob(
            turn_id=turn.id,
            epoch=1,
            attempt=1,
            question=asked,
            parts=(asked,),
            passages=(make_passage(1),),
            answerable=(0.9,),
            language="ru",
            deadline=0.0,
        ).model_dump_json()
        text = "Вернуть товар можно за 30 дней."
        label = DraftLabelRow(turn_id=turn.id, operator_id=7, verdict=verdict, draft=text, sent=sent, score=0.3, at=now)
        session.add(label)
        await session.flush()
        return turn

    return add


async def test_only_verdicts_about_drafts_that_the_score_decides_about_train_it_and_none_that_the_claim_rests_on(
    session, now, add_label, make_draft, tmp_path
):
    await add_label("sent")
    await add_label("discarded")
    await add_label("edited", sent="Вернуть можно за 14 дней.")
    await add_label("edited", sent="Здравствуйте! Вернуть товар можно за 30 дней.")
    await add_label(failed=(FailedCheck(name=CheckName.NUMBER_UNSUPPORTED, detail="30"),))
    await add_label("discarded", asked="Верните мне деньги за заказ")
    await add_label(words=False)
    await add_label(version="former")
    drawn = await add_label()
    await Draw(1, Secret(tmp_path)).consider(session, drawn, make_draft(), now, threshold=0.5, release=1)
    await session.flush()

    found = await draft_labels.read(session, VERSION)

    assert [label.right for label in found.usable] == [True, False, False]
    wanted = ("ADDED", "FAILED", "RISKY", "GONE", "FORMER", "DRAWN")
    assert found.left_out == {getattr(draft_labels, name): 1 for name in wanted}


async def test_an_applied_fit_judges_the_next_question_and_the_former_scores_threshold_decides_no_more(
    session, now, anna, desk, make_draft
):
    async def verdict(text, message):
        collected = await desk.receive(session, anna, Words(message, "text", text), now)
        outcome = await desk.close(session, collected.turn_id, collected.closes_at)
        (number, *_) = [passage.number for passage in outcome.job.passages]
        found = judge(outcome.job, f"{outcome.job.passages[0].text} [{number}]", (number,))
        await desk.settle(session, desk_result(outcome.job, found), now)
        return found

    def desk_result(job, found):
        from support.jobs import GenerationResult

        draft = make_draft().model_copy(update={"verdict": found})
        return GenerationResult(turn_id=job.turn_id, epoch=job.epoch, attempt=job.attempt, draft=draft)

    question = "Сколько дней хранится заказ в пункте выдачи?"
    shipped = await verdict(question, 1)
    draft = make_draft().model_copy(update={"verdict": shipped})
    new = {"language": "ru", "max_wrong": 0.05, "confidence": 0.95, "answers": 60, "wrong": 0, "value": 0.6}
    await thresholds.apply(session, [thresholds.NewThreshold(version=answer_audits.version_of(draft), **new)], now)
    assert await thresholds.for_draft(session, draft, "ru", 0.75) == 0.6

    row = await judge_fits.apply(session, base=VERSION, bias=0.0, weights=HEAVIER, labels=150, now=now)
    fitted = await verdict(question, 2)
    assert (shipped.version, fitted.version) == (VERSION, row.version)
    assert fitted.score != shipped.score
    after = draft.model_copy(update={"verdict": fitted})
    assert await thresholds.for_draft(session, after, "ru", 0.75) == 0.75

    again = await judge_fits.apply(
        session, base=VERSION, bias=0.0, weights=HEAVIER, labels=150, now=now.replace(hour=1)
    )
    assert again.version != row.version, "labels of the first one's answers may have trained the second"
    assert await judge_fits.revert(session, now) == (again.version, row.version)
    assert await judge_fits.revert(session, now) == (row.version, None)
    assert await judge_fits.revert(session, now) is None
    assert (await verdict(question, 3)).version == VERSION
    actions = list(await session.scalars(select(AuditRow.action)))
    assert (actions.count("judge_fit_applied"), actions.count("judge_fit_reverted")) == (2, 2)


async def test_a_fit_of_other_features_is_left_alone(session, now, anna, desk):
    await judge_fits.apply(session, base="former", bias=9.0, weights={"covered": 1.0}, labels=150, now=now)
    collected = await desk.receive(session, anna, Words(1, "text", "Сколько дней хранится заказ?"), now)
    job = (await desk.close(session, collected.turn_id, collected.closes_at)).job

    assert job.judge.base == "former"
    assert judge(job, "Семь дней. [1]", (1,)) == judge(job.model_copy(update={"judge": None}), "Семь дней. [1]", (1,))
