"""Continuous batching: one thread reads and writes for every open sequence, step by step.

A step is one batch: one token of every sequence that writes, and as many prompt tokens, of the sequences that came
first, as fit into the step's time. Sequences come and go between steps: iteration-level scheduling (Yu et al., Orca,
OSDI 2022) with chunked prefill (Agrawal et al., Sarathi-Serve, OSDI 2024).
"""

import math
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from workers.engines.base import EngineCancelledError, EngineError, EngineTimeoutError, EngineUnavailableError
from workers.engines.llama.lanes import Cancellation, Lane, Request
from workers.engines.llama.library import (
    Abilities,
    Adapter,
    Context,
    Entry,
    InterruptedBatchError,
    LlamaError,
    Model,
    NoRoomError,
)
from workers.engines.llama.pace import Pace
from workers.engines.llama.places import Places
from workers.engines.llama.sequences import OpenSequence

# Answers that are being written stand still while prompts are read.
STEP_S: Final = 0.15
# Nobody writes: a long step makes only the next request wait, and a cancel interrupts it.
QUIET_STEP_S: Final = 0.6
# A GPU finishes what it has begun: a cancel waits for it.
GPU_STEP_S: Final = 0.1
# Another adapter costs llama.cpp a new plan of its graph, tens of milliseconds: as long as many steps on a GPU.
ADAPTER_S: Final = 0.25
# An abandoned handle is noticed by then also when nothing else happens.
_LOOK_ROUND_S: Final = 1.0

T = TypeVar("T")

_log = structlog.get_logger()


@dataclass(slots=True)
class Counters:
    """What the batcher has done since its start."""

    steps: int = 0
    interrupted: int = 0
    read: int = 0
    """Tokens, those written included."""
    widest: int = 0
    """The most sequences that one step served."""
    adapted: int = 0
    """How often another adapter was taken into use."""


class Batcher:
    """Owns a context. ``limit``: how many sequences may be open; the context's others hold prefixes."""

    def __init__(self, model: Model, context: Context, abilities: Abilities, *, limit: int) -> None:
        if limit >= context.sequences:
            raise ValueError("a context needs more sequences than may be open: prefixes are kept in the others")
        self.model = model
        self.counters = Counters()
        self.places = Places(context, abilities)
        self._context = context
        self._interruptible = abilities.rewinds
        self._limit = limit
        self._condition = threading.Condition()
        self._waiting: deque[Lane] = deque()
        self._open: list[Lane] = []
        self._quiet_pace = Pace(GPU_STEP_S if context.on_gpu else QUIET_STEP_S, context.batch_size)
        self._pace = Pace(GPU_STEP_S if context.on_gpu else STEP_S, context.batch_size)
        self._in_step: frozenset[int] = frozenset()
        self._last_used: dict[Adapter | None, int] = {}
        """The step that each adapter was last used in."""
        self._adapter: Adapter | None = None
        self._adapted_at = -math.inf
        self._busy_since: float | None = None
        self._stopping = False
        self._broken: EngineError | None = None
        self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
        self._thread.start()

    def open(
        self,
        prefix: Sequence[int],
        *,
        room: int,
        deadline: float,
        cancellation: Cancellation | None = None,
        adapter: Adapter | None = None,
    ) -> OpenSequence:
        """Wait for a place for ``prefix`` and ``room`` more tokens, until ``deadline`` (Unix time, seconds).

        Sequences with different ``adapter`` take turns: llama.cpp applies one to a whole batch.

        Raises:
            LlamaError: so much never fits.
            EngineError: the deadline passed, the job was cancelled, or the batcher is not at work.
        """
        if len(prefix) + room > self._context.cells:
            raise LlamaError(f"{len(prefix) + room} tokens never fit into {self._context.cells}")
        lane = Lane(
            prefix=tuple(prefix),
            room=room,
            deadline=deadline,
            cancellation=cancellation or Cancellation(),
            adapter=adapter,
        )
        with self._condition:
            self._refuse_if_not_at_work()
            self._waiting.append(lane)
            self._condition.notify_all()
        lane.opened.result()
        return OpenSequence(self, lane)

    def ask(self, lane: Lane, request: Request, tokens: Sequence[int], *, budget: int = 0) -> None:
        """Give an open lane something to do; what ``OpenSequence`` calls."""
        with self._condition:
            self._refuse_if_not_at_work()
            if lane.ended:
                raise lane.ended
            lane.unread += tokens
            if not lane.unread:
                raise ValueError("there must be a token to read")
            if lane.length + budget > len(lane.prefix) + lane.room:
                raise LlamaError(f"the sequence has room for {lane.room} tokens beyond its prefix")
            lane.request = request
            self._condition.notify_all()

    def rewind(self, lane: Lane, length: int) -> None:
        """Forget what a lane holds beyond ``length``; what ``OpenSequence`` calls."""
        with self._condition:
            if not len(lane.prefix) <= length <= lane.length:
                raise ValueError(f"a sequence of {lane.length} tokens cannot be rewound to {length}")
            if length < lane.length:
                lane.keep = length
                lane.unread.clear()

    def length(self, lane: Lane) -> int:
        """Return how many tokens a lane holds."""
        with self._condition:
            return lane.length

    def leave(self, lane: Lane) -> None:
        """Close a lane; what ``OpenSequence`` calls."""
        with self._condition:
            lane.abandoned = True
            self._condition.notify_all()

    def notice(self) -> None:
        """Obey the cancellations now: one of them was asked for."""
        with self._condition:
            hit = any(lane.cancellation.asked and lane.sequence in self._in_step for lane in self._open)
            if hit and self._interruptible:
                self._context.interrupt()
            self._condition.notify_all()

    def stalled_s(self) -> float:
        """Seconds since the last step ended although there is work; 0 when idle, infinite when broken."""
        if self._broken:
            return float("inf")
        since = self._busy_since
        return 0.0 if since is None else max(0.0, time.monotonic() - since)

    def close(self) -> None:
        """Stop at once; whoever waits gets an error."""
        with self._condition:
            self._stopping = True
            self._context.interrupt()
            self._condition.notify_all()
        self._thread.join()

    def _refuse_if_not_at_work(self) -> None:
        if self._broken:
            raise self._broken
        if self._stopping:
            raise EngineUnavailableError("the engine is stopping")

    def _run(self) -> None:
        failure: EngineError = EngineUnavailableError("the engine is stopping")
        try:
            while parts := self._next_parts():
                self._step(parts)
        except Exception as error:  # noqa: BLE001  # the thread's edge: whoever waits must hear of it
            _log.exception("the batcher broke")
            failure = self._broken = EngineUnavailableError(f"llama.cpp failed ({type(error).__name__})")
        with self._condition:
            self._stopping = True
            for lane in [*self._waiting, *self._open]:
                lane.fail(failure)

    def _next_parts(self) -> list[tuple[Lane, int]]:
        """Wait for work; return how many tokens of which lanes the next step reads, nothing to stop."""
        with self._condition:
            while not self._stopping:
                self._tidy()
                self._admit()
                parts = self._parts()
                if parts:
                    self._busy_since = self._busy_since or time.monotonic()
                    self._in_step = frozenset(lane.sequence for lane, _ in parts)
                    return parts
                self._busy_since = None
                self._condition.wait(self._patience_s())
            return []

    def _patience_s(self) -> float | None:
        deadlines = [lane.deadline for lane in (*self._waiting, *self._open)]
        return max(0.0, min(_LOOK_ROUND_S, min(deadlines) - time.time())) if deadlines else None

    def _tidy(self) -> None:
        """End what nobody waits for any more."""
        now = time.time()
        for lane in [*self._waiting, *self._open]:
            if lane.abandoned:
                self._end(lane, EngineUnavailableError("the sequence was closed"))
            elif lane.cancellation.asked:
                self._end(lane, EngineCancelledError("the job was withdrawn"))
            elif now >= lane.deadline:
                self._end(lane, EngineTimeoutError("the model was not done by the deadline"))

    def _end(self, lane: Lane, reason: EngineError) -> None:
        if lane.state == "waiting":
            self._waiting.remove(lane)
        else:
            self._open.remove(lane)
            self.places.give_back(lane)
        lane.fail(reason)

    def _admit(self) -> None:
        """Open lanes in the order they came; who does not fit keeps those behind waiting, or would wait for ever."""
        while self._waiting and len(self._open) < self._limit and self.places.take(self._waiting[0]):
            lane = self._waiting.popleft()
            lane.state = "open"
            self._open.append(lane)
            lane.opened.set_result(None)

    def _parts(self) -> list[tuple[Lane, int]]:
        for lane in self._open:
            self.places.prepare(lane)
        able = [lane for lane in self._open if lane.request and not (lane.base and not lane.held)]
        prefixes = list(self.places.unread_prefixes())
        able, prefixes = self._of_one_adapter(able, prefixes)
        writing = [lane for lane in able if lane.writes]
        parts = [(lane, 1) for lane in writing]
        left = min((self._pace if writing else self._quiet_pace).tokens, self._context.batch_size - len(writing))
        for lane in (*prefixes, *(lane for lane in able if not lane.writes)):
            if left <= 0:
                break
            count = min(left, len(lane.unread))
            parts.append((lane, count))
            left -= count
        return parts

    def _of_one_adapter(self, able: list[Lane], prefixes: list[Lane]) -> tuple[list[Lane], list[Lane]]:
        """Keep the lanes of the adapter in use for a while, then of the one that has been out of use longest."""
        waiting = {lane.adapter for lane in (*able, *prefixes)}
        if len(waiting) <= 1:
            return able, prefixes
        chosen = self._adapter
        if chosen not in waiting or time.monotonic() - self._adapted_at >= ADAPTER_S:
            chosen = min(waiting, key=lambda adapter: self._last_used.get(adapter, -1))
        return [lane for lane in able if lane.adapter is chosen], [lane for lane in prefixes if lane.adapter is chosen]

    def _step(self, parts: list[tuple[Lane, int]]) -> None:
        entries: list[Entry] = []
        rows: list[int | None] = []
        for lane, count in parts:
            last = lane.request is not None and count == len(lane.unread)
            start = len(lane.held)
            entries += [Entry(lane.unread[i], start + i, lane.sequence, last and i == count - 1) for i in range(count)]
            rows.append(len(entries) - 1 if last else None)
        writing = sum(lane.writes for lane, _ in parts)
        began = time.perf_counter()
        adapter = parts[0][0].adapter
        self._last_used[adapter] = self.counters.steps
        if adapter is not self._adapter:
            self._adapter, self._adapted_at = adapter, time.monotonic()
            self.counters.adapted += 1
        try:
            self._context.adapt(adapter)
            self._context.decode(entries)
        except InterruptedBatchError:
            self._put_back(parts)
            return
        except NoRoomError:
            self._end_the_last()
            return
        finally:
            self._in_step = frozenset()
            # Where a batch cannot be interrupted in its middle, on a GPU, the wish would stay.
            self._context.resume()
        seconds = time.perf_counter() - began
        (self._pace if writing else self._quiet_pace).measured(len(entries) - writing, seconds)
        self._count(len(entries), len(parts))
        for (lane, count), row in zip(parts, rows, strict=True):
            lane.held += lane.unread[:count]
            del lane.unread[:count]
            if row is not None:
                self._advance(lane, row)

    def _put_back(self, parts: list[tuple[Lane, int]]) -> None:
        """Bring every sequence of an interrupted batch to where it was."""
        self.counters.interrupted += 1
        for lane, _ in parts:
            self._context.remove(lane.sequence, len(lane.held))

    def _end_the_last(self) -> None:
        """Reserved cells were not there after all: rather one goes without an answer than all."""
        with self._condition:
            if not self._open:
                raise LlamaError("there are no cells for a prefix alone")
            _log.error("the model's memory is fuller than it should be", open=len(self._open))
            self._end(self._open[-1], EngineUnavailableError("there was no room in the model's memory"))

    def _count(self, tokens: int, lanes: int) -> None:
        self._busy_since = time.monotonic()
        self.counters.steps += 1
        self.counters.read += tokens
        self.counters.widest = max(self.counters.widest, lanes)

    def _advance(self, lane: Lane, row: int) -> None:
        request = lane.request
        if request is None:
            return
        try:
            token = request.advance(self._context.logits(row))
        except LlamaError as error:
            lane.request = None
            request.close()
            request.future.set_exception(error)
            return
        if token is not None:
            lane.unread.append(token)
            return
        # The client may ask for the next thing as soon as it has this one.
        lane.request = None
        request.close()
        request.deliver()
