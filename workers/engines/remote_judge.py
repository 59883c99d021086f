"""The judge model on a server with OpenAI's API: it is asked two yes/no questions, and the first token of each counts.

The conversation is the one in which the answer was written, so that the server that wrote it has it in its cache; the
second question finds everything but itself there.
"""

import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from pydantic import BaseModel

from support.jobs import GenerationJob, JobPassage, JudgeRecord, Language
from workers.conversation import defused, messages
from workers.engines.base import (
    EngineCancelledError,
    EngineError,
    EngineGarbageError,
    EngineRefusedError,
    EngineTimeoutError,
    EngineUnavailableError,
)
from workers.engines.server import Server, counted
from workers.promptbook import phrase, template, version

PATIENCE_S: Final = 20.0
"""How long an answer waits for both questions at most: a judge on a processor reads a thousand tokens meanwhile."""
# So long after it could not be asked it is not asked again: one customer waits for it, not every one.
PEACE_S: Final = 30.0
_INSIST_S: Final = 4.0
# Below this share of all probability «yes» and «no» are noise between other words.
_DECIDED: Final = 0.01
_WORD_TOKENS: Final = 8
_FIRST_WORD: Final = re.compile(r"\W*(\w+)")
_UNTHINKING: Final = {"chat_template_kwargs": {"enable_thinking": False}}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a server lets itself be asked: so many of the likeliest first tokens, or with 0 the plain word."""

    top: int
    more: Mapping[str, object]


# What OpenAI and vLLM give at most, what TGI and some clouds do; then without the thinking aloud of hybrid models.
_MANNERS: Final = tuple(
    _Manner(top, more)
    for top, more in ((20, {}), (5, {}), (20, _UNTHINKING), (5, _UNTHINKING), (0, {}), (0, _UNTHINKING))
)


class _Token(BaseModel):
    token: str
    logprob: float


class _Position(BaseModel):
    top_logprobs: list[_Token] = []


class _Logprobs(BaseModel):
    content: list[_Position] | None = None


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    logprobs: _Logprobs | None = None


class _Completion(BaseModel):
    choices: list[_Choice]


@dataclass(frozen=True, slots=True)
class Canary:
    """What the judge thinks of known answers: probabilities, 0..1, that a right and an invented one are «supported»."""

    right: float
    invented: float
    ms: float
    """What an answer's opinion took."""

    @property
    def sees(self) -> bool:
        """Whether it tells the one from the other."""
        return self.right > 0.5 > self.invented  # noqa: PLR2004  # yes rather than no


class RemoteJudge:
    """Asks ``model`` on a server; ``company`` as the engine's, so that the prompts are the same."""

    def __init__(self, *, server: Server, model: str, company: str = "") -> None:
        self.model = model
        self._server = server
        self._company = company
        self._manner: _Manner | None = None
        self._peace_until = 0.0

    @property
    def gives_probabilities(self) -> bool:
        """Whether the server tells logprobs; otherwise its word counts as 1 or 0. Known after ``check``."""
        return self._manner is not None and self._manner.top > 0

    def check(self) -> None:
        """Look whether the server has the model, and try how it lets itself be asked.

        Raises:
            EngineError: unreachable, wrong key, unknown model, or one that answers neither yes nor no.
        """
        self._server.find([("JUDGE_MODEL=", self.model)])
        deadline = time.time() + PATIENCE_S
        self._manner = self._server.run(self._found_manner(deadline), deadline=deadline)
        if not self.gives_probabilities:
            _log.warning("the judge model's server gives no logprobs: its yes or no counts as 1 or 0", model=self.model)

    def canary(self, language: Language) -> Canary:
        """Ask about answers of which it is known whether they stand in the passage.

        Raises:
            EngineError: it could not be asked.
        """
        began = time.perf_counter()
        right, invented = (
            self._server.run(self._shares(*_known(language, name)), deadline=time.time() + PATIENCE_S)[0][0]
            for name in ("right", "invented")
        )
        return Canary(right, invented, ms=(time.perf_counter() - began) * 1000 / 2)

    def ask(self, job: GenerationJob, text: str, *, deadline: float) -> JudgeRecord:
        """Return what the model thinks of an answer, or why it was not heard: a lost judge loses no answer.

        Raises:
            EngineCancelledError: the job was withdrawn.
        """
        began = time.perf_counter()
        if time.time() < self._peace_until:
            return self._unheard(job, "it could not be asked a moment ago", began)
        until = min(deadline, time.time() + PATIENCE_S)
        asked = self._shares(job, text)
        try:
            (supported, relevant), tokens = self._server.run(asked, deadline=until, job_id=job.job_id)
        except EngineCancelledError:
            raise
        except EngineError as error:
            was_slow = isinstance(error, EngineTimeoutError) and until < deadline
            # What fails once it is known how to ask may be this conversation's fault: too long, or too strange.
            if was_slow or isinstance(error, EngineUnavailableError) or self._manner is None:
                self._peace_until = time.time() + PEACE_S
            self._manner = None
            return self._unheard(job, str(error), began)
        except Exception as error:  # noqa: BLE001  # whatever breaks here, the answer is there
            _log.exception("asking the judge model broke", error=type(error).__name__)
            return self._unheard(job, f"unexpected {type(error).__name__}", began)
        return JudgeRecord(
            model=self.model,
            prompt_version=version(),
            supported=supported,
            relevant=relevant,
            ms=_ms_since(began),
            tokens=tokens,
        )

    def cancel(self, job_id: str) -> None:
        """Hang up on the server that is asked about the job."""
        self._server.cancel(job_id)

    def _unheard(self, job: GenerationJob, reason: str, began: float) -> JudgeRecord:
        _log.warning("the judge model was not heard", job_id=job.job_id, model=self.model, reason=reason)
        return JudgeRecord(model=self.model, prompt_version=version(), unheard=reason, ms=_ms_since(began))

    async def _shares(self, job: GenerationJob, text: str) -> tuple[list[float], int]:
        """Return the probabilities of «yes» to both questions and how many tokens were read."""
        until = time.time() + _INSIST_S
        manner = self._manner = self._manner or await self._found_manner(until)
        shares, tokens = [], 0
        # One after the other: together neither would find the other's conversation in the cache.
        for doubt in ("supported", "relevant"):
            body = await self._server.complete(self._request(job, text, doubt, manner), until=until)
            share = _share(body, job.language, manner)
            if share is None:
                raise EngineGarbageError(f"{self.model} says neither yes nor no")
            shares.append(share)
            tokens += counted(body).get("prompt", 0)
        return shares, tokens

    async def _found_manner(self, until: float) -> _Manner:
        """Try the manners out, the best first."""
        problem: EngineError = EngineGarbageError(f"{self.model} says neither yes nor no")
        job, text = _known("en", "right")
        for manner in _MANNERS:
            try:
                body = await self._server.complete(self._request(job, text, "supported", manner), until=until)
                if _share(body, job.language, manner) is not None:
                    return manner
            except (EngineRefusedError, EngineGarbageError) as error:
                problem = error
        raise problem

    def _request(self, job: GenerationJob, text: str, doubt: str, manner: _Manner) -> dict[str, object]:
        said = [
            *messages(job, company=self._company),
            {"role": "assistant", "content": defused(text)},
            {"role": "user", "content": template(job.language, doubt).strip()},
        ]
        counting = {"logprobs": True, "top_logprobs": manner.top} if manner.top else {}
        return {
            "model": self.model,
            "messages": said,
            "temperature": 0,
            "max_tokens": 1 if manner.top else _WORD_TOKENS,
            "stream": False,
            **counting,
            **manner.more,
        }


def _share(body: bytes, language: Language, manner: _Manner) -> float | None:
    """Return «yes» among «yes» and «no», 0..1; None when it says neither.

    Raises:
        EngineGarbageError: that is no chat completion.
    """
    try:
        [choice, *_] = _Completion.model_validate(json.loads(body)).choices
    except (ValueError, RecursionError) as error:
        raise EngineGarbageError(
            "the judge model's server answered with something that is no chat completion"
        ) from error
    yes, no = (phrase(language, "doubt", word) for word in ("yes", "no"))
    if not manner.top:
        word = _FIRST_WORD.match((choice.message.content or "").casefold())
        return {yes: 1.0, no: 0.0}.get(word[1]) if word else None
    positions = choice.logprobs.content if choice.logprobs else None
    first = positions[0].top_logprobs if positions else []
    agrees, denies = _probability(first, yes, no), _probability(first, no, yes)
    return agrees / (agrees + denies) if agrees + denies >= _DECIDED else None


def _probability(tokens: Sequence[_Token], word: str, other: str) -> float:
    """Add the tokens up that spell the word or begin it, and not the other: vocabularies cut «нет» after «не»."""
    total = 0.0
    for one in tokens:
        letters = re.sub(r"[\W_]+", "", one.token).casefold()
        if letters and word.startswith(letters) and not other.startswith(letters) and not math.isnan(one.logprob):
            total += math.exp(min(one.logprob, 0.0))
    return total


def _known(language: Language, name: str) -> tuple[GenerationJob, str]:
    """Return a question with its passage, and an answer to it: ``right`` or ``invented``."""
    question = phrase(language, "canary", "question")
    text = phrase(language, "canary", "passage")
    job = GenerationJob(
        turn_id=0,
        epoch=0,
        attempt=0,
        question=question,
        parts=(question,),
        passages=(JobPassage(number=1, chunk_id="canary", source="canary", heading=question, text=text),),
        answerable=(1.0,),
        language=language,
        deadline=0.0,
    )
    return job, phrase(language, "canary", name)


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
