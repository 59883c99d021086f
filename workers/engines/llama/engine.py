"""The llama.cpp engine: prompts as for any server, but the fixed part is read once, and the judge reads on.

One conversation a job: rules (copied) → passages, history, question, instruction → answer → «supported?» → back →
«relevant?». The two questions cost a few dozen tokens each, because everything before them has been read already.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import structlog

from support.jobs import GenerationJob, Language
from workers import checks
from workers.citations import cited
from workers.conversation import messages
from workers.engines.base import (
    Answer,
    EngineGarbageError,
    EngineOverflowError,
    EngineRefusedError,
    EngineUnavailableError,
    Form,
    Opinion,
)
from workers.engines.llama.batcher import Batcher
from workers.engines.llama.chat import Chat, read_chat
from workers.engines.llama.lanes import Cancellation
from workers.engines.llama.library import Adapter, Context, LlamaError, Model, abilities, spare_cores
from workers.engines.llama.preflight import Shape, examine, examine_adapter, try_in_child
from workers.engines.llama.sampling import Sampling
from workers.engines.llama.sequences import OpenSequence
from workers.promptbook import phrase, template, version

MAX_TOKENS: Final = 600
# Longest conversation, if the model was trained on as much: passages, history and question in any language.
LONGEST: Final = 4096
# Fixed prefixes that stay beside the open sequences: two a language, for answers and forms, and one for what is new.
PREFIXES: Final = 5
_BATCH: Final = 512
_TRIAL: Final = "Где мой заказ? Where is my order?"
# Below this share of all probability «yes» and «no» are noise between other words.
_DECIDED: Final = 0.01
_THINKING_ENDS: Final = "</think>"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Model
    context: Context
    batcher: Batcher
    chat: Chat
    adapters: Mapping[Language, Adapter]


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A yes/no question as tokens, and the first tokens of the answers to it."""

    tokens: tuple[int, ...]
    yes: tuple[int, ...]
    no: tuple[int, ...]


class LlamaEngine:
    """A GGUF model in this process, for ``slots`` jobs at once; without ``gives_opinion`` another one judges."""

    name = "llama_cpp"
    revises = True
    fills_forms = True

    def __init__(
        self,
        *,
        path: Path,
        slots: int,
        gpu_layers: int = 0,
        company: str = "",
        threads: int = 0,
        adapters: Mapping[Language, Path] = MappingProxyType({}),
        gives_opinion: bool = True,
    ) -> None:
        self.model = path.stem
        self.prompt_version = version()
        self._path = path
        self._slots = slots
        self._gpu_layers = gpu_layers
        self._company = company
        self._threads = threads or spare_cores()
        self._adapters = adapters
        self._gives_opinion = gives_opinion
        self._loaded: _Loaded | None = None
        self._running: dict[str, Cancellation] = {}
        self._longest = LONGEST

    def check(self) -> None:
        """Examine the file, decode a canary in a child process, then load the model here.

        Raises:
            EngineRefusedError: the model cannot serve; the sentence says why.
        """
        if self._loaded is not None:
            return
        header = examine(self._path, self.shape)
        for adapter in self._adapters.values():
            examine_adapter(adapter, header)
        try_in_child(self._path, self.shape, adapters=tuple(self._adapters.values()))
        self.load()

    def load(self) -> None:
        """Load the model without trying it first.

        Raises:
            EngineRefusedError: llama.cpp cannot load it, or its chat template cannot be used.
        """
        try:
            self._loaded = self._load()
        except LlamaError as error:
            raise EngineRefusedError(f"MODEL_PATH: {error}") from error

    def generate(self, job: GenerationJob, *, deadline: float, criticism: tuple[str, ...] = ()) -> Answer:
        """Write an answer and ask the model what it thinks of it, unless another is asked.

        Raises:
            EngineError: no answer by the deadline, or none that can be used.
        """
        loaded = self._loaded
        if loaded is None:
            raise EngineUnavailableError("the model is not loaded")
        cancellation = self._running[job.job_id] = Cancellation()
        try:
            return self._answer(loaded, job, deadline, criticism, cancellation)
        except LlamaError as error:
            raise EngineUnavailableError(f"llama.cpp failed: {error}") from error
        finally:
            self._running.pop(job.job_id, None)

    def fill(self, form: Form, *, deadline: float) -> str:
        """Fill a form in within its grammar.

        Raises:
            EngineError: it was not filled in by the deadline, or does not end.
        """
        loaded = self._loaded
        if loaded is None:
            raise EngineUnavailableError("the model is not loaded")
        chat, model = loaded.chat, loaded.model
        prefix = [*chat.before_rules, *model.tokens(form.rules), *chat.before_task]
        task = [*model.tokens(form.task), *chat.before_answer]
        if len(prefix) + len(task) + form.budget > self._longest:
            raise EngineOverflowError("the message is too long for a form")
        try:
            with loaded.batcher.open(prefix, room=len(task) + form.budget, deadline=deadline) as sequence:
                written = sequence.write(task, budget=form.budget, sampling=Sampling(grammar=form.grammar))
        except LlamaError as error:
            raise EngineUnavailableError(f"llama.cpp failed: {error}") from error
        if not written.ended:
            raise EngineGarbageError(f"{self.model} did not finish the form within {form.budget} tokens")
        return written.text

    def cancel(self, job_id: str) -> None:
        """Stop reading or writing for the job, in the middle of a step if need be."""
        running, loaded = self._running.get(job_id), self._loaded
        if running and loaded:
            running.asked = True
            loaded.batcher.notice()

    def stalled_s(self) -> float:
        """Seconds since the last step although there is work."""
        return self._loaded.batcher.stalled_s() if self._loaded else 0.0

    def close(self) -> None:
        """Stop and free the model."""
        loaded, self._loaded = self._loaded, None
        if loaded:
            loaded.batcher.close()
            loaded.context.close()
            loaded.model.close()

    @property
    def shape(self) -> Shape:
        """How the model is loaded, at most."""
        return Shape(cells=self._cells(LONGEST), gpu_layers=self._gpu_layers)

    @property
    def batcher(self) -> Batcher:
        """What serves the model (for measurements)."""
        if self._loaded is None:
            raise EngineUnavailableError("the model is not loaded")
        return self._loaded.batcher

    def _cells(self, longest: int) -> int:
        # Few conversations are as long as the longest; those that do not fit wait.
        return longest + (self._slots - 1) * longest // 2 + PREFIXES * 512

    def _load(self) -> _Loaded:
        model = Model(self._path, gpu_layers=self._gpu_layers)
        try:
            chat = read_chat(model)
            adapters = {language: model.adapter(path) for language, path in self._adapters.items()}
            self._longest = min(LONGEST, model.longest_context)
            context = Context(
                model,
                cells=self._cells(self._longest),
                sequences=self._slots + PREFIXES,
                batch=_BATCH,
                threads=self._threads,
            )
        except LlamaError:
            model.close()
            raise
        able = abilities(context, model.tokens(_TRIAL))
        if not (able.copies and able.rewinds):
            _log.warning("this model reads everything again for every answer and judgement", abilities=str(able))
        return _Loaded(model, context, Batcher(model, context, able, limit=self._slots), chat, adapters)

    def _answer(
        self,
        loaded: _Loaded,
        job: GenerationJob,
        deadline: float,
        criticism: tuple[str, ...],
        cancellation: Cancellation,
    ) -> Answer:
        started = time.perf_counter()
        doubts = self._doubts(loaded, job.language)
        room_to_judge = max(len(doubt.tokens) for doubt in doubts) + 1
        prefix, task = self._prompt(loaded, job, criticism, reserve=MAX_TOKENS + room_to_judge)
        with loaded.batcher.open(
            prefix,
            room=len(task) + MAX_TOKENS + room_to_judge,
            deadline=deadline,
            cancellation=cancellation,
            adapter=loaded.adapters.get(job.language),
        ) as sequence:
            opened = time.perf_counter()
            written = sequence.write(task, budget=MAX_TOKENS)
            wrote = time.perf_counter()
            if not written.ended:
                raise EngineGarbageError(f"{self.model} did not finish within {MAX_TOKENS} tokens")
            text = written.text.rpartition(_THINKING_ENDS)[2].strip()
            if not text:
                raise EngineGarbageError(f"{self.model} wrote nothing")
            is_asked = self._gives_opinion and not checks.run(job, text)
            opinion = self._opinion(sequence, doubts) if is_asked else None
        return Answer(
            text,
            cited(text),
            opinion,
            model=self._named(job.language),
            timings_ms={
                "wait": (opened - started) * 1000,
                "first_token": written.first_token_s * 1000,
                "write": (wrote - opened - written.first_token_s) * 1000,
                "opinion": (time.perf_counter() - wrote) * 1000,
            },
            tokens={
                "prompt": len(prefix) + len(task),
                "copied": sequence.copied,
                "written": written.tokens,
                "opinion": sum(len(doubt.tokens) for doubt in doubts) if opinion else 0,
            },
        )

    def _named(self, language: Language) -> str:
        adapter = self._adapters.get(language)
        return f"{self.model}+{adapter.stem}" if adapter else self.model

    def _prompt(
        self, loaded: _Loaded, job: GenerationJob, criticism: Sequence[str], *, reserve: int
    ) -> tuple[list[int], list[int]]:
        """Return prefix and task as tokens, with fewer passages or less history where they would not fit."""
        room = self._longest - reserve
        while True:
            rules, task = (message["content"] for message in messages(job, company=self._company, criticism=criticism))
            chat, model = loaded.chat, loaded.model
            prefix = [*chat.before_rules, *model.tokens(rules), *chat.before_task]
            tokens = [*model.tokens(task), *chat.before_answer]
            needed = len(prefix) + len(tokens)
            if needed <= room:
                return prefix, tokens
            shorter = _shortened(job)
            if shorter is None:
                raise EngineOverflowError(f"the question with one passage takes {needed} tokens of {room}")
            _log.info("the prompt is shortened", job_id=job.job_id, tokens=needed, room=room)
            job = shorter

    def _doubts(self, loaded: _Loaded, language: Language) -> tuple[_Doubt, _Doubt]:
        chat, model = loaded.chat, loaded.model
        yes, no = (_first_tokens(model, phrase(language, "doubt", word)) for word in ("yes", "no"))

        def doubt(name: str) -> _Doubt:
            question = model.tokens(template(language, name).strip())
            return _Doubt((*chat.before_doubt, *question, *chat.before_verdict), tuple(yes - no), tuple(no - yes))

        return doubt("supported"), doubt("relevant")

    def _opinion(self, sequence: OpenSequence, doubts: tuple[_Doubt, _Doubt]) -> Opinion | None:
        length = sequence.length
        shares = []
        for doubt in doubts:
            sequence.rewind(length)
            probabilities = sequence.read(doubt.tokens, (*doubt.yes, *doubt.no))
            yes, no = sum(probabilities[: len(doubt.yes)]), sum(probabilities[len(doubt.yes) :])
            if yes + no < _DECIDED:
                return None
            shares.append(yes / (yes + no))
        return Opinion(*shares)


def _shortened(job: GenerationJob) -> GenerationJob | None:
    """Drop what matters least: the last passage, then the oldest message; None when nothing may be dropped."""
    if len(job.passages) > 1:
        return job.model_copy(update={"passages": job.passages[:-1]})
    if job.history:
        return job.model_copy(update={"history": job.history[1:]})
    return None


def _first_tokens(model: Model, word: str) -> set[int]:
    spellings = {form for one in (word, word.capitalize(), word.upper()) for form in (one, f" {one}")}
    return {model.tokens(spelling)[0] for spelling in spellings}
