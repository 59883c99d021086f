"""The RQ job of a question: parse, generate, judge, send the result. Whatever happens, the bot hears of it at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError
from rq import get_current_job
from rq.timeouts import JobTimeoutException

from knowledge.addresses import unconfirmed
from support.jobs import (
    CheckName,
    Draft,
    FailedCheck,
    FailureReason,
    GenerationJob,
    GenerationResult,
    JudgeRecord,
    Language,
    Verdict,
)
from support.worklog import MAX_CRASHES, WorkLog
from workers import addresses, checks
from workers.engines.base import (
    Answer,
    Engine,
    EngineCancelledError,
    EngineError,
    EngineTimeoutError,
    JudgeModel,
    Opinion,
)
from workers.judge import judge
from workers.promptbook import phrase

# The answer must still travel to the bot and be settled before its deadline.
_RESERVE: Final = 0.05
_MAX_CANCELLED: Final = 1000
# A deadline that came sooner had passed before the work began.
_BEGUN_S: Final = 0.5

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Judged:
    answer: Answer
    verdict: Verdict
    generate_ms: float
    judge_ms: float
    asked: JudgeRecord | None = None


@dataclass(slots=True, kw_only=True)
class Generation:
    """Answers jobs with one engine. ``send`` delivers a result; ``now`` is Unix time in seconds.

    With a ``worklog`` a question that has killed its worker twice is refused instead of tried again. ``judge_model`` is
    asked about every answer that passes the checks. ``shown``: the addresses that an answer may hold, any if empty.
    """

    engine: Engine
    threshold: float
    send: Callable[[GenerationResult], None]
    now: Callable[[], float] = time.time
    worklog: WorkLog | None = None
    judge_model: JudgeModel | None = None
    shown: tuple[str, ...] = ()
    _cancelled: set[str] = field(default_factory=set)

    def run(self, payload: str, *, queued_ms: float = 0.0) -> None:
        """Do one job. Raises nothing but RedisError, from ``send`` and ``worklog``."""
        try:
            job = GenerationJob.model_validate_json(payload)
        except ValidationError as error:
            # Without its traceback, which quotes the payload.
            _log.error("job cannot be read", problems=error.error_count(), fields=_fields(error))
            return
        log = _log.bind(turn_id=job.turn_id, job_id=job.job_id)
        crashes = self.worklog.begin(job.turn_id, job.epoch) if self.worklog else 0
        began = time.perf_counter()
        if crashes >= MAX_CRASHES:
            result = _failure(job, FailureReason.ENGINE_ERROR, f"{crashes} workers died while they worked on it")
        else:
            result = self._result(job, queued_ms, log)
        spent_s = time.perf_counter() - began
        self._cancelled.discard(job.job_id)
        self.send(result)
        if self.worklog:
            self.worklog.end(job.turn_id, job.epoch, spent_s=spent_s if _is_telling(result, spent_s) else None)
        if result.draft:
            log.info("answer generated", score=round(result.draft.verdict.score, 3), **result.draft.timings_ms)
        else:
            log.warning("no answer", reason=result.failure, detail=result.detail)

    def cancel(self, job_id: str) -> None:
        """Give a job up; called from another thread."""
        if len(self._cancelled) >= _MAX_CANCELLED:
            self._cancelled.clear()
        self._cancelled.add(job_id)
        self.engine.cancel(job_id)
        if self.judge_model:
            self.judge_model.cancel(job_id)

    @property
    def prompt_version(self) -> str:
        """Which prompts or rules write the answers, and who judges them."""
        return _judged_by(self.engine.prompt_version, self.judge_model.model if self.judge_model else "")

    def _result(self, job: GenerationJob, queued_ms: float, log: structlog.stdlib.BoundLogger) -> GenerationResult:
        try:
            best = self._best(job)
        except EngineCancelledError as error:
            return _failure(job, FailureReason.CANCELLED, str(error))
        except (EngineTimeoutError, JobTimeoutException) as error:
            return _failure(job, FailureReason.DEADLINE, str(error))
        except EngineError as error:
            return _failure(job, FailureReason.ENGINE_ERROR, str(error))
        except RedisError:
            raise
        except Exception as error:
            log.exception("generation broke", error=type(error).__name__)
            return _failure(job, FailureReason.ENGINE_ERROR, f"unexpected {type(error).__name__}")
        draft = Draft(
            text=best.answer.text,
            citations=best.answer.citations,
            verdict=best.verdict,
            engine=self.engine.name,
            model=best.answer.model or self.engine.model,
            # An answer that was to be judged and was not is not given again as one that was.
            prompt_version=_judged_by(
                self.engine.prompt_version, best.asked.model if best.asked and not best.asked.unheard else ""
            ),
            timings_ms={
                "queue": round(queued_ms, 1),
                "generate": round(best.generate_ms, 1),
                "judge": round(best.judge_ms, 1),
                **{name: round(ms, 1) for name, ms in best.answer.timings_ms.items()},
            },
            tokens=dict(best.answer.tokens),
            judge=best.asked,
        )
        return GenerationResult(
            turn_id=job.turn_id, epoch=job.epoch, attempt=job.attempt, draft=draft, failure=None, detail=""
        )

    def _best(self, job: GenerationJob) -> _Judged:
        """Generate and judge, once more with the criticism if the score is low and time is left."""
        deadline = job.deadline - _RESERVE * max(0.0, job.deadline - self.now())
        first = self._attempt(job, deadline, ())
        criticism = _criticism(first.verdict, self.threshold, job.language)
        spent_s = (first.generate_ms + first.judge_ms) / 1000
        if not (self.engine.revises and criticism and self.now() + spent_s < deadline):
            return first
        try:
            second = self._attempt(job, deadline, criticism)
        except EngineCancelledError:
            raise
        except EngineError as error:
            _log.warning("second attempt failed", job_id=job.job_id, reason=str(error))
            return first
        return max(first, second, key=lambda judged: judged.verdict.score)

    def _attempt(self, job: GenerationJob, deadline: float, criticism: tuple[str, ...]) -> _Judged:
        if job.job_id in self._cancelled:
            raise EngineCancelledError("the job was withdrawn")
        if self.now() >= deadline:
            raise EngineTimeoutError("the deadline had passed before the work began")
        started = time.perf_counter()
        answer = self.engine.generate(job, deadline=deadline, criticism=criticism)
        generated = time.perf_counter()
        asked = self._asked(job, answer.text, deadline)
        scored = self._without_strangers(verdict_on(job, answer, asked), answer, job)
        judged = time.perf_counter()
        # The model was asked for its opinion in the same conversation, but that is the judge's time.
        opinion_ms = answer.timings_ms.get("opinion", 0.0)
        return _Judged(
            answer,
            scored,
            generate_ms=(generated - started) * 1000 - opinion_ms,
            judge_ms=(judged - generated) * 1000 + opinion_ms,
            asked=asked,
        )

    def _without_strangers(self, verdict: Verdict, answer: Answer, job: GenerationJob) -> Verdict:
        """Refuse an answer that sends the customer where the list does not, or where nobody has confirmed."""
        strangers = set(addresses.strange(answer.text, self.shown)) if self.shown else set()
        strangers.update(unconfirmed(answer.text, job.withheld, self.shown))
        failed = tuple(FailedCheck(name=CheckName.ADDRESS_STRANGE, detail=one) for one in sorted(strangers))
        return verdict.model_copy(update={"score": 0.0, "failed": (*verdict.failed, *failed)}) if failed else verdict

    def _asked(self, job: GenerationJob, text: str, deadline: float) -> JudgeRecord | None:
        if self.judge_model is None or checks.run(job, text):
            return None
        if job.job_id in self._cancelled:
            raise EngineCancelledError("the job was withdrawn")
        return self.judge_model.ask(job, text, deadline=deadline)


_service: Generation | None = None


def serve_with(service: Generation) -> None:
    """Set what the jobs of this process run on: RQ calls a function by its name and passes nothing but the payload."""
    global _service  # noqa: PLW0603  # one engine a process
    _service = service


def generate(payload: str) -> None:
    """Do one job of the generate queue; support.queue names this function."""
    if _service is None:
        raise RuntimeError("this process has no engine: start workers with `otvet worker`, not with `rq worker`")
    current = get_current_job()
    queued_at = current.enqueued_at if current else None
    queued_ms = max(0.0, time.time() - queued_at.timestamp()) * 1000 if queued_at else 0.0
    _service.run(payload, queued_ms=queued_ms)


def verdict_on(job: GenerationJob, answer: Answer, asked: JudgeRecord | None) -> Verdict:
    """Judge an answer by what is known of it, and by what the judge model said if it was asked."""
    opinion = answer.opinion
    if asked and asked.supported is not None and asked.relevant is not None:
        opinion = Opinion(asked.supported, asked.relevant)
    unheard = asked is not None and bool(asked.unheard)
    return judge(job, answer.text, answer.citations, opinion, unheard=unheard)


def _judged_by(prompt_version: str, model: str) -> str:
    return f"{prompt_version} judged by {model}" if model else prompt_version


def _is_telling(result: GenerationResult, spent_s: float) -> bool:
    """Whether the time spent says how long answers take: one was written, or was being written when time was up."""
    return result.draft is not None or (result.failure is FailureReason.DEADLINE and spent_s > _BEGUN_S)


def _failure(job: GenerationJob, reason: FailureReason, detail: str) -> GenerationResult:
    return GenerationResult(
        turn_id=job.turn_id, epoch=job.epoch, attempt=job.attempt, draft=None, failure=reason, detail=detail
    )


def _criticism(verdict: Verdict, threshold: float, language: Language) -> tuple[str, ...]:
    """Return what was wrong, in sentences for the model; nothing when it was good or honestly had no answer."""
    if any(check.name is CheckName.NO_ANSWER for check in verdict.failed):
        return ()
    if verdict.failed:
        return tuple(
            phrase(language, "criticism", check.name.value).replace("{detail}", check.detail)
            for check in verdict.failed
        )
    # Another answer would not make a silent judge speak.
    if verdict.score >= threshold or "unheard" in verdict.features:
        return ()
    return (phrase(language, "criticism", "weak"),)


def _fields(error: ValidationError) -> list[str]:
    problems = error.errors(include_input=False, include_context=False, include_url=False)
    return [".".join(map(str, problem["loc"])) for problem in problems]
