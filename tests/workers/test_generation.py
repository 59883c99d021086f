import time
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from support.jobs import CheckName, FailureReason, JudgeRecord
from workers.engines.base import (
    Answer,
    EngineCancelledError,
    EngineGarbageError,
    EngineTimeoutError,
    EngineUnavailableError,
    Opinion,
)
from workers.generation import Generation

GOOD = Answer("Доставка стоит 300 ₽ [1].", (1,))
WRONG = Answer("Доставка стоит 100 ₽ [1].", (1,))
NONE = Answer("NO_ANSWER", ())


@dataclass
class FakeEngine:
    """Says what it is told, attempt by attempt; an exception is raised."""

    says: list[Answer | Exception]
    name: str = "fake"
    model: str = "fake-1"
    prompt_version: str = "prompts-0"
    revises: bool = True
    criticisms: list[tuple[str, ...]] = field(default_factory=list)
    deadlines: list[float] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def check(self):
        pass

    def generate(self, job, *, deadline, criticism=()):  # noqa: ARG002  # the port's signature
        self.criticisms.append(criticism)
        self.deadlines.append(deadline)
        said = self.says[len(self.criticisms) - 1]
        if isinstance(said, Exception):
            raise said
        return said

    def cancel(self, job_id):
        self.cancelled.append(job_id)


@dataclass
class FakeJudge:
    """Says the same about every answer; without a record it withdraws the job."""

    record: JudgeRecord | None
    model: str = "judge-1"
    asked: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def check(self):
        pass

    def ask(self, job, text, *, deadline):
        assert deadline < job.deadline
        self.asked.append(text)
        if self.record is None:
            raise EngineCancelledError("the job was withdrawn")
        return self.record

    def cancel(self, job_id):
        self.cancelled.append(job_id)


def said(**fields):
    return JudgeRecord(model="judge-1", prompt_version="prompts-0", ms=1.0, **fields)


@pytest.fixture
def question(make_job, make_passage):
    return make_job(make_passage("Доставка стоит 300 ₽."))


@pytest.fixture
def run(question):
    def do(*says, job=question, judge_model=None, **engine):
        fake, sent = FakeEngine(list(says), **engine), []
        generation = Generation(engine=fake, threshold=0.5, send=sent.append, judge_model=judge_model)
        generation.run(job.model_dump_json(), queued_ms=12.34)
        return fake, sent

    return do


def test_a_good_answer_is_sent_at_once_with_how_it_came_to_be(run, question):
    fake, [result] = run(GOOD)

    assert (result.turn_id, result.epoch, result.attempt) == (question.turn_id, question.epoch, question.attempt)
    assert (result.draft.engine, result.draft.model, result.draft.prompt_version) == ("fake", "fake-1", "prompts-0")
    assert result.draft.timings_ms["queue"] == 12.3
    assert len(fake.criticisms) == 1


def test_a_failed_check_is_criticised_once_and_the_better_answer_is_sent(run):
    fake, [result] = run(WRONG, GOOD)

    assert fake.criticisms == [(), ("Этого числа нет в указанных фрагментах: 100.",)]
    assert result.draft.text == GOOD.text


def test_a_second_attempt_that_is_no_better_or_fails_leaves_the_first(run):
    assert run(WRONG, EngineUnavailableError("gone"))[1][0].draft.text == WRONG.text
    assert run(WRONG, NONE)[1][0].draft.text == WRONG.text


def test_an_honest_no_answer_is_not_argued_with(run):
    fake, [result] = run(NONE)

    assert [check.name for check in result.draft.verdict.failed] == [CheckName.NO_ANSWER]
    assert len(fake.criticisms) == 1


def test_an_engine_that_cannot_revise_is_not_criticised(run):
    fake, [result] = run(WRONG, revises=False)

    assert len(fake.criticisms) == 1
    assert result.draft.verdict.score == 0


def test_a_low_score_without_failed_checks_is_criticised_in_general(run, question):
    fake, _ = run(GOOD, GOOD, job=question.model_copy(update={"answerable": (0.01,)}))

    assert fake.criticisms[1] == ("Ответ недостаточно опирается на фрагменты или не отвечает на вопрос.",)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EngineUnavailableError("gone"), FailureReason.ENGINE_ERROR),
        (EngineGarbageError("noise"), FailureReason.ENGINE_ERROR),
        (EngineTimeoutError("late"), FailureReason.DEADLINE),
        (EngineCancelledError("withdrawn"), FailureReason.CANCELLED),
        (ZeroDivisionError("Доставка"), FailureReason.ENGINE_ERROR),
        (MemoryError(), FailureReason.ENGINE_ERROR),
    ],
)
def test_the_bot_hears_of_every_failure(run, error, reason):
    _, [result] = run(error)

    assert (result.draft, result.failure) == (None, reason)
    assert "Доставка" not in result.detail


def test_a_job_whose_deadline_has_passed_is_not_begun(run, question):
    fake, [result] = run(job=question.model_copy(update={"deadline": time.time() - 1}))

    assert result.failure is FailureReason.DEADLINE
    assert fake.criticisms == []


def test_the_engine_must_be_done_a_little_before_the_deadline(run, question):
    fake, _ = run(GOOD)

    assert question.deadline - 2 < fake.deadlines[0] < question.deadline


def test_a_job_withdrawn_before_it_began_is_not_begun(question):
    fake, sent = FakeEngine([GOOD]), []
    generation = Generation(engine=fake, threshold=0.5, send=sent.append)
    generation.cancel(question.job_id)

    generation.run(question.model_dump_json())

    assert sent[0].failure is FailureReason.CANCELLED
    assert fake.cancelled == [question.job_id]


@pytest.mark.parametrize("payload", ["", "{}", "null", '{"question": "мой телефон 89161234567"}'])
def test_a_payload_that_cannot_be_read_is_logged_without_its_text(payload):
    sent = []
    with capture_logs() as logs:
        Generation(engine=FakeEngine([]), threshold=0.5, send=sent.append).run(payload)

    assert sent == []
    assert [entry["event"] for entry in logs] == ["job cannot be read"]
    assert "89161234567" not in str(logs)


def test_no_words_of_the_conversation_reach_the_log(run):
    with capture_logs() as logs:
        run(GOOD)
        run(EngineGarbageError("the model wrote nothing"))

    assert logs
    assert "оставка" not in str(logs)


def test_the_judge_models_opinion_takes_the_place_of_the_engines_own_and_goes_with_the_draft(run):
    own = replace(GOOD, opinion=Opinion(1.0, 1.0))
    record = said(supported=0.2, relevant=0.9)

    _, [result] = run(own, own, judge_model=FakeJudge(record))

    assert result.draft.judge == record
    assert result.draft.verdict.features["supported"] == 0.2
    assert result.draft.verdict.score < run(own)[1][0].draft.verdict.score
    assert result.draft.prompt_version == "prompts-0 judged by judge-1"


def test_an_answer_that_fails_the_checks_is_not_asked_about(run):
    judge_model = FakeJudge(said(supported=1.0, relevant=1.0))

    fake, [result] = run(WRONG, GOOD, judge_model=judge_model)

    assert len(fake.criticisms) == 2
    assert judge_model.asked == [result.draft.text] == [GOOD.text]


def test_an_answer_about_which_the_judge_model_was_not_heard_is_trusted_less_and_not_argued_with(run, question):
    judge_model = FakeJudge(said(unheard="it hangs"))
    doubtful = question.model_copy(update={"answerable": (0.01,)})

    _, [result] = run(GOOD, judge_model=judge_model)
    fake, _ = run(GOOD, job=doubtful, judge_model=judge_model)

    assert result.draft.judge.unheard == "it hangs"
    assert 0 < result.draft.verdict.score < run(GOOD)[1][0].draft.verdict.score
    assert result.draft.prompt_version == "prompts-0", "it is not given again as an answer that was judged"
    assert len(fake.criticisms) == 1


def test_a_job_withdrawn_while_it_is_judged_is_withdrawn(question):
    judge_model, sent = FakeJudge(None), []
    generation = Generation(engine=FakeEngine([GOOD]), threshold=0.5, send=sent.append, judge_model=judge_model)

    generation.run(question.model_dump_json())
    generation.cancel(question.job_id)

    assert sent[0].failure is FailureReason.CANCELLED
    assert judge_model.cancelled == [question.job_id]
