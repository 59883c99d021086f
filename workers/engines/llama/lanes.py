"""What the batcher keeps about each sequence: what it holds, what it has yet to read, and what is asked of it."""

import codecs
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from workers.engines.llama.library import Adapter, Logits, Model
from workers.engines.llama.sampling import Sampler, Sampling

Tokens = tuple[int, ...]
PrefixKey = tuple[Adapter | None, Tokens]


@dataclass(slots=True)
class Cancellation:
    """Asked for by one thread, obeyed by the batcher's."""

    asked: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote."""

    text: str
    tokens: int
    ended: bool
    """False when the budget came before the model was done."""
    first_token_s: float
    """Seconds from the request until the first token was chosen."""


class Reading:
    """Read tokens; tell how probable each of ``ids`` is as the next one, 0..1."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.future: Future[tuple[float, ...]] = Future()
        self._ids = np.array(ids, np.int64)
        self._probabilities: tuple[float, ...] = ()

    def advance(self, logits: Logits) -> int | None:
        """Take the logits after the last token; None: there is nothing more to read."""
        odds = np.exp(logits - logits.max(), dtype=np.float64)
        self._probabilities = tuple((odds[self._ids] / odds.sum()).tolist())
        return None

    def deliver(self) -> None:
        """Hand the result over; the lane must be free for the next request by then."""
        self.future.set_result(self._probabilities)

    def close(self) -> None:
        """Nothing is kept."""


class Writing:
    """Read tokens, then write until the model is done, a stop string appears or the budget is spent."""

    def __init__(self, model: Model, wishes: Sampling, *, budget: int, stops: Sequence[str]) -> None:
        self.future: Future[Written] = Future()
        self.written: list[int] = []
        self._model = model
        self._sampler = Sampler(model, wishes)
        self._budget = budget
        self._stops = tuple(stops)
        self._overlap = max((len(stop) for stop in self._stops), default=0)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text = ""
        self._began = time.perf_counter()
        self._first_token_s = 0.0
        self._cut = self._ended = False

    def advance(self, logits: Logits) -> int | None:
        """Choose the next token and return it if it must be read; None: the answer is complete."""
        token = self._sampler.choose(logits)
        if not self.written:
            self._first_token_s = time.perf_counter() - self._began
        if self._model.ends(token):
            self._ended = True
            return None
        self.written.append(token)
        known = len(self._text)
        self._text += self._decoder.decode(self._model.piece(token))
        at = self._stop_after(max(0, known - self._overlap))
        if at is not None:
            self._text = self._text[:at]
            self._cut = self._ended = True
            return None
        return token if len(self.written) < self._budget else None

    def deliver(self) -> None:
        """Hand the result over; the lane must be free for the next request by then."""
        text = self._text if self._cut else self._text + self._decoder.decode(b"", final=True)
        self.future.set_result(Written(text, len(self.written), self._ended, self._first_token_s))

    def close(self) -> None:
        """Free the sampler."""
        self._sampler.close()

    def _stop_after(self, start: int) -> int | None:
        found = [at for stop in self._stops if (at := self._text.find(stop, start)) >= 0]
        return min(found, default=None)


Request = Reading | Writing
State = Literal["waiting", "open", "closed"]


@dataclass(eq=False, slots=True, kw_only=True)
class Lane:
    """One sequence."""

    prefix: Tokens
    room: int
    """Cells that it may fill beyond the prefix."""
    deadline: float
    """Unix time, seconds."""
    cancellation: Cancellation
    adapter: Adapter | None = None
    state: State = "waiting"
    sequence: int = -1
    """The library's number of it, while open."""
    held: list[int] = field(default_factory=list)
    """Tokens in the cells."""
    unread: list[int] = field(default_factory=list)
    keep: int | None = None
    """Forget what is held beyond this many tokens, as soon as the library is free."""
    base: "Prefix | None" = None
    copies: bool = False
    """Whether its prefix had been asked for before."""
    opened: Future[None] = field(default_factory=Future)
    request: Request | None = None
    abandoned: bool = False
    ended: Exception | None = None
    """Why it was closed."""

    @property
    def prefix_key(self) -> PrefixKey:
        """What it may share its prefix by: the same tokens mean something else to another adapter."""
        return self.adapter, self.prefix

    @property
    def own_cells(self) -> int:
        """Cells that nobody else shares, filled or not."""
        return self.room + (0 if self.base else len(self.prefix))

    @property
    def length(self) -> int:
        """How many tokens it holds when it has read everything and its prefix is copied."""
        held = len(self.prefix) if self.base and not self.held else len(self.held)
        return (held if self.keep is None else self.keep) + len(self.unread)

    def fail(self, reason: Exception) -> None:
        """Tell whoever waits for the lane, and keep nothing."""
        was, self.state, self.ended = self.state, "closed", reason
        request, self.request = self.request, None
        if was == "waiting":
            self.opened.set_exception(reason)
        if request:
            request.close()
            request.future.set_exception(reason)

    @property
    def writes(self) -> bool:
        """Whether it is in the middle of an answer: one token a step."""
        return isinstance(self.request, Writing) and bool(self.request.written)


@dataclass(eq=False, slots=True, kw_only=True)
class Prefix:
    """The fixed beginning of prompts, read once and copied."""

    lane: Lane
    users: int = 0

    @property
    def key(self) -> "PrefixKey":
        """What it is known by."""
        return self.lane.prefix_key

    @property
    def ready(self) -> bool:
        """Whether it can be copied."""
        return not self.lane.unread
