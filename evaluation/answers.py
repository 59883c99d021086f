"""What would customers be sent? Search, no-answer model, engine, checks and judge, as in production."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from evaluation.baskets import Question, Unanswerable
from evaluation.figures import Share, auroc
from evaluation.report import TOTAL, AnswersReport, Failure, by_language
from evaluation.timings import Stopwatch
from knowledge.base import KnowledgeBase
from support import answering, risk
from support.jobs import Draft, GenerationJob, GenerationResult
from workers.engines.base import Engine, JudgeModel
from workers.generation import Generation


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one question."""

    item: Question | Unanswerable
    answerable: float
    """The no-answer model's probability, 0..1."""
    sent: bool
    reason: str
    """Why it was escalated, or the text that was sent."""
    sources: tuple[str, ...] = ()
    """Of the citations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """The production path behind a question that was recognised as one."""

    knowledge: KnowledgeBase
    engine: Engine
    threshold: float
    """0..1: a draft whose score is below it goes to a person."""
    deadline: timedelta
    stopwatch: Stopwatch
    judge_model: JudgeModel | None = None

    def attempt(self, item: Question | Unanswerable) -> Attempt:
        """Take one question to an answer or to a person."""
        with self.stopwatch.stage("prepare"):
            prepared = answering.prepare(item.question, item.language, self.knowledge)
        answerable = prepared.answerable
        if not prepared.parts:
            return Attempt(item, answerable, False, f"no-answer model: {answerable:.2f}")
        job = answering.job_for(
            prepared,
            turn_id=1,
            epoch=0,
            question=item.question,
            history=(),
            language=item.language,
            deadline=datetime.now(UTC) + self.deadline,
        )
        return self.settle(item, answerable, job)

    def settle(self, item: Question | Unanswerable, answerable: float, job: GenerationJob) -> Attempt:
        """Take a job to an answer or to a person."""
        result = self._generate(job)
        if result.draft is None:
            return Attempt(item, answerable, False, f"no draft: {result.failure} {result.detail}")
        return self._judge(item, answerable, job, result.draft)

    def _generate(self, job: GenerationJob) -> GenerationResult:
        results: list[GenerationResult] = []
        Generation(engine=self.engine, threshold=self.threshold, send=results.append, judge_model=self.judge_model).run(
            job.model_dump_json()
        )
        for draft in (result.draft for result in results):
            if draft:
                self.stopwatch.add("generate", draft.timings_ms["generate"])
                self.stopwatch.add("judge", draft.timings_ms["judge"])
        return results[0]

    def _judge(self, item: Question | Unanswerable, answerable: float, job: GenerationJob, draft: Draft) -> Attempt:
        sources = tuple(passage.source for passage in job.passages if passage.number in draft.citations)
        verdict = draft.verdict
        if risk.find(item.question):
            return Attempt(item, answerable, False, "risky demand", sources)
        if verdict.failed:
            return Attempt(item, answerable, False, f"check: {verdict.failed[0].name}", sources)
        if verdict.score < self.threshold:
            return Attempt(item, answerable, False, f"judge: {verdict.score:.2f}", sources)
        return Attempt(item, answerable, True, f"{verdict.score:.2f}: {draft.text}", sources)


def measure_answers(
    questions: Sequence[Question], unanswerable: Sequence[Unanswerable], path: Answering
) -> AnswersReport:
    """Take every question of both kinds through the path."""
    items: list[Question | Unanswerable] = [*questions, *unanswerable]
    return summarise([path.attempt(item) for item in items])


def summarise(attempts: Sequence[Attempt]) -> AnswersReport:
    """Count what was sent and what was escalated."""
    asked = [(one.item.language, one) for one in attempts if isinstance(one.item, Question)]
    hopeless = [(one.item.language, one) for one in attempts if isinstance(one.item, Unanswerable)]
    sent = [(language, one) for language, one in asked if one.sent]
    return AnswersReport(
        unanswerable_answered=by_language(hopeless, _sent),
        questions_sent=by_language(asked, _sent),
        questions_escalated=by_language(asked, lambda some: Share.of([not one.sent for one in some])),
        sent_from_right_source=by_language(sent, lambda some: Share.of([_is_right(one) for one in some])),
        answerable_auroc=_aurocs(attempts),
        failures=tuple(_failures(attempts)),
    )


def _sent(attempts: Sequence[Attempt]) -> Share:
    return Share.of([one.sent for one in attempts])


def _is_right(attempt: Attempt) -> bool:
    return isinstance(attempt.item, Question) and any(source in attempt.item.sources for source in attempt.sources)


def _aurocs(attempts: Sequence[Attempt]) -> dict[str, float | None]:
    def separation(some: Sequence[Attempt]) -> float | None:
        return auroc(
            [one.answerable for one in some if isinstance(one.item, Question)],
            [one.answerable for one in some if isinstance(one.item, Unanswerable)],
        )

    return by_language(((one.item.language, one) for one in attempts), separation) if attempts else {TOTAL: None}


def _failures(attempts: Sequence[Attempt]) -> Iterator[Failure]:
    for one in attempts:
        match one.item:
            case Unanswerable() if one.sent:
                wanted = "a person"
            case Question() if not one.sent:
                wanted = "an answer"
            case Question(sources=sources) if not _is_right(one):
                wanted = f"an answer from {', '.join(sources)}"
            case _:
                continue
        cited = f" [{', '.join(one.sources)}]" if one.sources else ""
        item = one.item
        yield Failure(id=item.id, language=item.language, text=item.question, wanted=wanted, got=f"{one.reason}{cited}")
