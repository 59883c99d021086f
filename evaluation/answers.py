"""What would customers be sent? Desk, search, no-answer model, engine, checks and judge, as in production."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from evaluation import facts
from evaluation.baskets import Question, Unanswerable
from evaluation.figures import Share
from evaluation.intervals import auroc_of
from evaluation.ranked import Mean
from evaluation.report import AnswersReport, Failure, by_language
from evaluation.routing import Way
from evaluation.running_bot import Deciding
from evaluation.timings import Stopwatch
from knowledge.address_book import AddressBook
from knowledge.base import KnowledgeBase
from support import answering, risk
from support.answer_audits import version_of
from support.jobs import Draft, GenerationJob, GenerationResult, JudgeFit
from workers.citations import without_citations
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
    draft: Draft | None = None
    """None when nothing was written: the no-answer model refused, or the engine failed."""
    found: tuple[str, ...] = ()
    """Sources of the passages that the engine was given, or would have been."""
    passed: bool = True
    """Whether the no-answer model let it pass."""
    risky: bool = False
    threshold: float | None = None
    """What the draft's score was held against, 0..1; None without a draft."""
    otherwise: "Attempt | None" = None
    """What would have become of it, had the desk taken it for a question; None: the desk did."""

    @property
    def score(self) -> float | None:
        """The judge's score, 0..1; None without a draft."""
        return None if self.draft is None else self.draft.verdict.score

    @property
    def missing(self) -> tuple[str, ...]:
        """Expected facts that the draft lacks."""
        return facts.missing(self.item.facts, self._told) if isinstance(self.item, Question) else ()

    @property
    def forbidden(self) -> tuple[str, ...]:
        """Forbidden texts that the draft holds."""
        return facts.stated(self.item.forbidden, self._told) if isinstance(self.item, Question) else ()

    @property
    def _told(self) -> str:
        return "" if self.draft is None else without_citations(self.draft.text)

    @property
    def from_right_source(self) -> bool:
        """At least one citation is an acceptable source."""
        return isinstance(self.item, Question) and any(source in self.item.sources for source in self.sources)

    @property
    def right(self) -> bool:
        """Whether the draft answers: it states the expected facts or, where there are none, cites a right source."""
        if not isinstance(self.item, Question):
            return False
        if self.item.facts or self.item.forbidden:
            return bool(self._told) and not self.missing and not self.forbidden
        return self.from_right_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """The production path behind a question that was recognised as one."""

    knowledge: KnowledgeBase
    engine: Engine
    deciding: Deciding
    """A draft whose score is below its threshold goes to a person."""
    deadline: timedelta
    stopwatch: Stopwatch
    judge_model: JudgeModel | None = None
    shown: tuple[str, ...] = ()
    """The addresses that an answer may hold, any if empty."""
    addresses: AddressBook | None = None
    """What administrators have confirmed; without a book all may be shown."""
    fit: JudgeFit | None = None
    """Weights of the judge's score; None: the shipped ones."""

    def attempt(self, item: Question | Unanswerable) -> Attempt:
        """Take one question to an answer or to a person."""
        with self.stopwatch.stage("prepare"):
            prepared = answering.prepare(item.question, item.language, self.knowledge)
        answerable = prepared.answerable
        if not prepared.parts:
            found = tuple(passage.chunk.source for part in prepared.unanswered for passage in part.found.passages)
            reason = f"no-answer model: {answerable:.2f}"
            return Attempt(item, answerable, False, reason, found=found, passed=False)
        job = answering.job_for(
            prepared,
            turn_id=1,
            epoch=0,
            question=item.question,
            history=(),
            language=item.language,
            deadline=datetime.now(UTC) + self.deadline,
            addresses=self.addresses,
            judge=self.fit,
        )
        return self.settle(item, answerable, job)

    def settle(self, item: Question | Unanswerable, answerable: float, job: GenerationJob) -> Attempt:
        """Take a job to an answer or to a person."""
        result = self._generate(job)
        found = tuple(passage.source for passage in job.passages)
        if result.draft is None:
            return Attempt(item, answerable, False, f"no draft: {result.failure} {result.detail}", found=found)
        sources = tuple(passage.source for passage in job.passages if passage.number in result.draft.citations)
        risky = bool(risk.find(item.question))
        threshold = self.deciding.about(item.language, version_of(result.draft))
        sent, reason = _decide(result.draft, threshold, risky=risky)
        return Attempt(item, answerable, sent, reason, sources, result.draft, found, risky=risky, threshold=threshold)

    def generation(self, send: Callable[[GenerationResult], None]) -> Generation:
        """Return what a worker would run jobs on."""
        return Generation(
            engine=self.engine,
            threshold=self.deciding.default,
            send=send,
            judge_model=self.judge_model,
            shown=self.shown,
        )

    def _generate(self, job: GenerationJob) -> GenerationResult:
        results: list[GenerationResult] = []
        self.generation(results.append).run(job.model_dump_json())
        for draft in (result.draft for result in results):
            if draft:
                self.stopwatch.add("generate", draft.timings_ms["generate"])
                self.stopwatch.add("judge", draft.timings_ms["judge"])
        return results[0]


def measure_answers(
    questions: Sequence[Question], unanswerable: Sequence[Unanswerable], path: Answering, ways: Mapping[str, Way]
) -> tuple[Attempt, ...]:
    """Take every question of both kinds where the desk takes it. ``ways``: what the desk decided, by id."""
    items: list[Question | Unanswerable] = [*questions, *unanswerable]
    return tuple(as_decided(path.attempt(item), ways[item.id]) for item in items)


def as_decided(one: Attempt, way: Way) -> Attempt:
    """Return what became of a question: nothing is written where the desk takes it for something else.

    Two buttons are no answer. A question that has none is followed through them all the same, where one of them leads
    to the articles: no wrong answer shall hide behind a tap.
    """
    if way.searches or (way.offers_search and isinstance(one.item, Unanswerable)):
        return one
    return Attempt(one.item, one.answerable, False, f"desk: {way.route}", found=one.found, otherwise=one)


def summarise(attempts: Sequence[Attempt]) -> AnswersReport:
    """Count what was sent, what was right of it, and what was escalated."""
    every = [(one.item.language, one) for one in attempts]
    asked = [(one.item.language, one) for one in attempts if isinstance(one.item, Question)]
    hopeless = [(one.item.language, one) for one in attempts if isinstance(one.item, Unanswerable)]
    sourced = [(name, one) for name, one in asked if one.sent and isinstance(one.item, Question) and one.item.sources]
    separated = by_language(every, _separation)
    return AnswersReport(
        unanswerable_answered=by_language(hopeless, _sent),
        questions_sent=by_language(asked, _sent),
        questions_not_answered=by_language(asked, lambda some: Share.of([not one.sent for one in some])),
        sent_from_right_source=by_language(sourced, lambda some: Share.of([one.from_right_source for one in some])),
        sent_right=by_language(
            [(name, one) for name, one in every if one.sent], lambda some: Share.of([one.right for one in some])
        ),
        answered_right=by_language(asked, lambda some: Share.of([one.sent and one.right for one in some])),
        answerable_auroc={name: None if one is None else one.value for name, one in separated.items()},
        answerable_auroc_interval={
            name: None if one is None else (one.low, one.high) for name, one in separated.items()
        },
        failures=tuple(_failures(attempts)),
    )


def _decide(draft: Draft, threshold: float, *, risky: bool) -> tuple[bool, str]:
    """Whether the draft is sent, and the reason or the text."""
    verdict = draft.verdict
    if risky:
        return False, "risky demand"
    if verdict.failed:
        return False, f"check: {verdict.failed[0].name}"
    if verdict.score < threshold:
        return False, f"judge: {verdict.score:.2f}"
    return True, f"{verdict.score:.2f}: {draft.text}"


def _sent(attempts: Sequence[Attempt]) -> Share:
    return Share.of([one.sent for one in attempts])


def _separation(attempts: Sequence[Attempt]) -> Mean | None:
    return auroc_of(
        [one.answerable for one in attempts if isinstance(one.item, Question)],
        [one.answerable for one in attempts if isinstance(one.item, Unanswerable)],
    )


def _failures(attempts: Sequence[Attempt]) -> Iterator[Failure]:
    for one in attempts:
        match one.item:
            case Unanswerable() if one.sent:
                wanted = "a person"
            case Question() if not one.sent:
                wanted = "an answer"
            case Question(sources=sources, facts=()) if not one.right:
                wanted = f"an answer from {', '.join(sources)}"
            case Question() if not one.right:
                wanted = f"an answer {_expected(one)}"
            case _:
                continue
        cited = f" [{', '.join(one.sources)}]" if one.sources else ""
        item = one.item
        yield Failure(
            id=item.id,
            language=item.language,
            text=item.shown(item.question),
            wanted=wanted,
            got=f"{one.reason}{cited}",
        )


def _expected(one: Attempt) -> str:
    lacking = [f"that says «{fact}»" for fact in one.missing]
    return " and ".join(lacking + [f"that does not say «{fact}»" for fact in one.forbidden])
