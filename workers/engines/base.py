"""What an engine is, and how it fails.

EngineError
├── EngineUnavailableError   no connection, or the server is overloaded: trying again later may help
├── EngineTimeoutError       the deadline came first
├── EngineRefusedError       the server will not do it: wrong key, unknown model, request not accepted
├── EngineGarbageError       an answer that cannot be read: not JSON, empty, cut off
├── EngineOverflowError      the question with one passage is longer than the model can read
└── EngineCancelledError     nobody waits for the answer any more
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from support.jobs import GenerationJob, JudgeRecord

NO_ANSWER: Final = "NO_ANSWER"


class EngineError(Exception):
    """No answer; the message is one sentence and never holds customers' or documents' words, nor a key."""


class EngineUnavailableError(EngineError):
    """The engine cannot be reached or is overloaded; it may have said after how many seconds to come back."""

    def __init__(self, message: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EngineTimeoutError(EngineError):
    """The deadline passed first."""


class EngineRefusedError(EngineError):
    """The engine will not do it, now or later, as it is configured."""


class EngineGarbageError(EngineError):
    """What came back is no answer."""


class EngineOverflowError(EngineError):
    """There is more to read than the model has room for, and nothing left that may be dropped."""


class EngineCancelledError(EngineError):
    """The job was withdrawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a model is to fill in, and what holds it to that."""

    rules: str
    """Fixed for a language, so that servers can reuse their cache."""
    task: str
    grammar: str
    """GBNF with the rule ``root``."""
    schema: Mapping[str, object]
    """JSON Schema of the same language."""
    budget: int
    """Tokens that a sensible answer takes at most."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model thinks of an answer: probabilities of «yes» against «no», 0..1."""

    supported: float
    """Does everything in the answer stand in the passages?"""
    relevant: float
    """Does the answer answer the question?"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine wrote."""

    text: str
    """Plain text, citations as ``[1]``; NO_ANSWER when the passages hold none."""
    citations: tuple[int, ...]
    """Numbers of the passages cited, in order of appearance, each once."""
    opinion: Opinion | None = None
    """The writing model's own; None when it has none, or when the deterministic checks fail anyway."""
    model: str = ""
    """What wrote it, where that is not simply the engine's model: an adapter's name."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    """Parts of the engine's work: ``wait`` for a place, ``first_token``, ``write``, ``opinion``."""
    tokens: Mapping[str, int] = field(default_factory=dict)
    """How many were read (``prompt``), copied instead (``copied``), ``written`` and read for the ``opinion``."""


class Engine(Protocol):
    """Writes an answer from passages."""

    @property
    def name(self) -> str:
        """The ENGINE setting's word."""
        ...

    @property
    def model(self) -> str:
        """The model's name, empty when there is none."""
        ...

    @property
    def prompt_version(self) -> str:
        """Which prompts or rules wrote the answer."""
        ...

    @property
    def revises(self) -> bool:
        """Whether criticism can lead to another answer."""
        ...

    def check(self) -> None:
        """Try whether the engine can serve.

        Raises:
            EngineError: it cannot; the message says in one sentence what is wrong and what to do.
        """
        ...

    def generate(self, job: GenerationJob, *, deadline: float, criticism: tuple[str, ...] = ()) -> Answer:
        """Answer until ``deadline`` (Unix time, seconds); ``criticism`` is what was wrong with the last attempt.

        Raises:
            EngineError: there is no answer.
        """
        ...

    def cancel(self, job_id: str) -> None:
        """Give the job up if it is being generated; called from another thread."""
        ...


class JudgeModel(Protocol):
    """Another model than the one that writes, which is asked what it thinks of an answer."""

    @property
    def model(self) -> str:
        """Its name."""
        ...

    def check(self) -> None:
        """Try whether it can be asked.

        Raises:
            EngineError: it cannot; the message says in one sentence what is wrong and what to do.
        """
        ...

    def ask(self, job: GenerationJob, text: str, *, deadline: float) -> JudgeRecord:
        """Return what it thinks of an answer, or why it was not heard, by ``deadline`` (Unix time, seconds).

        Raises:
            EngineCancelledError: the job was withdrawn.
        """
        ...

    def cancel(self, job_id: str) -> None:
        """Stop asking about the job; called from another thread."""
        ...


@runtime_checkable
class FormFiller(Protocol):
    """An engine with a model that can be held to a form."""

    @property
    def fills_forms(self) -> bool:
        """Whether it really can; known after ``check``."""
        ...

    def fill(self, form: Form, *, deadline: float) -> str:
        """Return the filled form until ``deadline`` (Unix time, seconds); it still has to be read.

        Raises:
            EngineError: there is none.
        """
        ...


@runtime_checkable
class LocalEngine(Protocol):
    """An engine that computes in this process: it can get stuck, and it has something to give back."""

    def stalled_s(self) -> float:
        """Seconds without progress although there is work; infinite when it broke for good."""
        ...

    def close(self) -> None:
        """Stop computing and free the model."""
        ...
