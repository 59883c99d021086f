"""An engine and a judge model that keep what they said, for measuring."""

import time
from dataclasses import dataclass, field

from support.jobs import GenerationJob, JudgeRecord
from workers.engines.base import Answer, Engine, JudgeModel


@dataclass(frozen=True, slots=True)
class Call:
    """One thing that the engine wrote, and how long it took, seconds."""

    answer: Answer
    seconds: float


@dataclass(slots=True)
class Recorder:
    """An engine whose answers are kept, by job."""

    engine: Engine
    calls: dict[str, list[Call]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As the engine's."""
        return self.engine.name

    @property
    def model(self) -> str:
        """As the engine's."""
        return self.engine.model

    @property
    def prompt_version(self) -> str:
        """As the engine's."""
        return self.engine.prompt_version

    @property
    def revises(self) -> bool:
        """As the engine's."""
        return self.engine.revises

    def check(self) -> None:
        """As the engine's."""
        self.engine.check()

    def generate(self, job: GenerationJob, *, deadline: float, criticism: tuple[str, ...] = ()) -> Answer:
        """Let the engine write, and keep it."""
        began = time.perf_counter()
        answer = self.engine.generate(job, deadline=deadline, criticism=criticism)
        self.calls.setdefault(job.job_id, []).append(Call(answer, time.perf_counter() - began))
        return answer

    def cancel(self, job_id: str) -> None:
        """As the engine's."""
        self.engine.cancel(job_id)


@dataclass(slots=True)
class JudgeRecorder:
    """A judge model whose opinions are kept, by job and answer."""

    inner: JudgeModel
    records: dict[tuple[str, str], JudgeRecord] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """As the judge model's."""
        return self.inner.model

    def check(self) -> None:
        """As the judge model's."""
        self.inner.check()

    def ask(self, job: GenerationJob, text: str, *, deadline: float) -> JudgeRecord:
        """Let the judge model say what it thinks, and keep it."""
        record = self.records[job.job_id, text] = self.inner.ask(job, text, deadline=deadline)
        return record

    def cancel(self, job_id: str) -> None:
        """As the judge model's."""
        self.inner.cancel(job_id)
