"""What bot and workers share: the job, the draft, the verdict. Imports neither SQLAlchemy nor aiogram."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["ru", "en"]


class _Value(BaseModel):
    # Errors are logged, and the input is customers' words.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class JobPassage(_Value):
    """A passage as a worker sees it."""

    number: int
    """1-based: what a citation ``[1]`` points to."""
    chunk_id: str
    source: str
    heading: str
    """``Document › H1 › H2``."""
    text: str
    question: str | None = None
    """The question of a question–answer pair."""
    part: int = 0
    """Index into GenerationJob.parts: which of the customer's questions it was found for."""
    lexical: float = 0.0
    vector: float = 0.0
    blend: float = 0.0


class Exchange(_Value):
    """An earlier message of the conversation, for follow-ups."""

    speaker: Literal["customer", "bot", "operator"]
    text: str


class JudgeFit(_Value):
    """Weights of the judge's score that were fitted on operators' verdicts, instead of the shipped ones."""

    version: str
    """Of the score: another one every time that a fit is applied."""
    base: str
    """Version of the shipped score whose features it weighs: a judge of another one leaves it alone."""
    bias: float
    weights: dict[str, float]
    """For each feature the log odds that a difference of 1 makes."""


class GenerationJob(_Value):
    """One question for a worker. Travels through Redis as JSON."""

    turn_id: int
    epoch: int
    """Rises with every message that supersedes the question; a late answer is refused by it."""
    attempt: int
    question: str
    parts: tuple[str, ...]
    """The separate questions in it that the knowledge base can answer, at least one."""
    passages: tuple[JobPassage, ...]
    answerable: tuple[float, ...]
    """For each part the no-answer model's probability, 0..1."""
    history: tuple[Exchange, ...] = ()
    language: Language
    deadline: float
    """Unix time, seconds: after it nobody waits for the answer."""
    withheld: tuple[str, ...] = ()
    """Addresses and promotional codes of the passages that nobody has confirmed: no answer may hold one."""
    renewed: bool = False
    """Searched again, because what the first draft cites was changed or deleted meanwhile."""
    judge: JudgeFit | None = None
    """None: the shipped score."""

    @property
    def job_id(self) -> str:
        """RQ's id: the same turn, epoch and attempt are never queued twice."""
        return job_id(self.turn_id, self.epoch, self.attempt)


def job_id(turn_id: int, epoch: int, attempt: int) -> str:
    """Return the id of a turn's job: letters, digits and dashes, as RQ wants it."""
    return f"t-{turn_id}-{epoch}-{attempt}"


class CheckName(StrEnum):
    """The deterministic checks of a draft."""

    NO_ANSWER = "no_answer"
    EMPTY = "empty"
    CITATION_MISSING = "citation_missing"
    CITATION_UNKNOWN = "citation_unknown"
    NUMBER_UNSUPPORTED = "number_unsupported"
    LINK_UNSUPPORTED = "link_unsupported"
    CODE_UNSUPPORTED = "code_unsupported"
    LANGUAGE_WRONG = "language_wrong"
    PROMISE_UNSUPPORTED = "promise_unsupported"
    PROMPT_REVEALED = "prompt_revealed"
    ADDRESS_STRANGE = "address_strange"


class FailedCheck(_Value):
    """A deterministic check that the draft failed."""

    name: CheckName
    detail: str
    """What exactly, e.g. the number that no passage holds."""


class DoubtName(StrEnum):
    """What took most from a score."""

    QUESTION = "question"
    """The knowledge base may not answer it."""
    SUBJECT = "subject"
    """The answer hardly speaks of what was asked."""
    NAME_ASKED = "name_asked"
    """The sources do not know a name or code of the question."""
    FIGURE = "figure"
    """A price or a length of time was asked for, and the answer tells none."""
    SOURCE_RANK = "source_rank"
    """Another passage fits the question better than those cited."""
    SENTENCE = "sentence"
    """A sentence does not stand in its source."""
    NUMBER = "number"
    NAME = "name"
    NEGATION = "negation"
    """A sentence denies what its source says, or the other way round."""
    LANGUAGE = "language"
    """A sentence is written in another script than its source."""
    MODEL_SUPPORT = "model_support"
    """The judge model does not find the answer in the sources."""
    MODEL_RELEVANCE = "model_relevance"
    """The judge model does not find that it answers the question."""
    MODEL_UNHEARD = "model_unheard"


class Doubt(_Value):
    """One reason for a low score."""

    name: DoubtName
    detail: str = ""
    """What exactly, e.g. the sentence; words of the draft or the question."""


class Verdict(_Value):
    """The judge's score with reasons."""

    score: float
    """Calibrated probability, 0..1, that the draft is right and answers the question. 0 when a check failed."""
    failed: tuple[FailedCheck, ...] = ()
    features: dict[str, float] = {}
    """What the score was computed from, by name."""
    doubts: tuple[Doubt, ...] = ()
    """What took most from the score, the heaviest first."""
    version: str = ""
    """Of the function that computed it: labels of another version's scores say nothing about this one's."""


class JudgeRecord(_Value):
    """What became of asking the judge model about a draft."""

    model: str
    prompt_version: str
    supported: float | None = None
    """Probability of «yes», 0..1; None when it was not heard."""
    relevant: float | None = None
    unheard: str = ""
    """Why it was not heard."""
    ms: float
    tokens: int = 0
    """How many it read, if its server counts."""


class Draft(_Value):
    """A generated answer that nobody has seen yet, with everything known about how it came to be."""

    text: str
    """Plain text, citations as ``[1]``."""
    citations: tuple[int, ...]
    """Numbers of the passages it rests on, in order of appearance."""
    verdict: Verdict
    engine: str
    model: str
    prompt_version: str
    """Name and hash of the prompt files; ``extractive-<n>`` for the extractive engine; ``… judged by <model>``."""
    timings_ms: dict[str, float] = {}
    """``queue``, ``generate``, ``judge``; a local model adds ``wait``, ``first_token``, ``write``, ``opinion``."""
    tokens: dict[str, int] = {}
    """Of a local model: ``prompt``, how many of them ``copied``, ``written``, and read for its ``opinion``."""
    judge: JudgeRecord | None = None
    """None when no judge model is configured, or when the deterministic checks failed anyway."""


class FailureReason(StrEnum):
    """Why a worker has no draft."""

    ENGINE_ERROR = "engine_error"
    DEADLINE = "deadline"
    CANCELLED = "cancelled"


class GenerationResult(_Value):
    """What a worker sends back through the results stream: a draft or a reason."""

    turn_id: int
    epoch: int
    attempt: int
    draft: Draft | None
    failure: FailureReason | None = None
    detail: str = ""
    """For the log and the operator; never holds the customer's words."""
