"""Turns in time: closed after the debounce, queued, settled; a person is called when nobody answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from redis.exceptions import RedisError

from bot.rendering import Renderer
from bot.unit import Unit, Units
from support.availability import is_unavailable
from support.desk import Desk
from support.escalations import EscalationReason
from support.jobs import GenerationJob, GenerationResult
from support.orders.ahead import OrderWanted
from support.outcomes import Generating, Outcome
from support.queue import GenerationQueue
from support.readings import Understood
from support.tables import CustomerRow, TurnRow
from support.turns import OPEN_STATES, TurnRepository, TurnState

RECONCILE_S: Final = 2.0
NO_WORKER_PATIENCE_S: Final = 10.0
"""A worker that is being restarted is back within it."""
LOST_AFTER_S: Final = 4.0
"""A job younger than this may still be on its way into Redis."""
MAX_ATTEMPTS: Final = 3
UNREAD_PAUSE_S: Final = 0.2
"""A turn waits so long for messages of its customer that have arrived and are not handled yet."""
LONGEST_WAIT_S: Final = 15.0
"""More than any debounce: a clock that was set back must not hold a turn for hours."""
log = structlog.get_logger()
More = Callable[[Unit, int], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class _Watched:
    """A turn in generation, on the monotonic clock: jumps of the wall clock change nothing."""

    seen: float
    deadline: float


class TurnClock:
    """Closes turns when their debounce ends and sees to it that every open turn ends: in an answer or at a person."""

    def __init__(
        self,
        units: Units,
        desk: Desk,
        renderer: Renderer,
        queue: GenerationQueue,
        more: More,
        *,
        understood: Callable[[int], Awaitable[Understood | None]],
        before_settling: Callable[[GenerationResult], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Find out by ``understood``, before the transaction, what a turn's decision needs from elsewhere.

        ``before_settling`` does the same for a result that may have to be asked for anew.
        """
        self._units = units
        self._desk = desk
        self._renderer = renderer
        self._queue = queue
        self._more = more
        self._understood = understood
        self._before_settling = before_settling
        self._clock = clock
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._watched: dict[tuple[int, int], _Watched] = {}
        """Turns in generation by id and epoch."""
        self._tasks: set[asyncio.Task[None]] = set()

    def schedule(self, turn_id: int, closes_at: datetime) -> None:
        """Close the turn then; a later call for the same turn replaces an earlier one."""
        self._schedule_in(turn_id, (closes_at - self._units.clock()).total_seconds())

    def _schedule_in(self, turn_id: int, wait_s: float) -> None:
        if known := self._timers.pop(turn_id, None):
            known.cancel()
        wait_s = min(max(0.0, wait_s), LONGEST_WAIT_S)
        self._timers[turn_id] = asyncio.get_running_loop().call_later(wait_s, self._close_soon, turn_id)

    def start_generation(self, job: GenerationJob) -> None:
        """Queue the job; call it after the commit."""
        self._spawn(self._enqueue(job, self._desk.deadline.total_seconds()))

    async def settle(self, result: GenerationResult) -> None:
        """Take in a worker's result; safe to repeat."""
        if self._desk.knowledge.is_behind():
            # What has been deleted or rolled back must not go out: the draft is held against the newest release.
            await asyncio.to_thread(self._desk.knowledge.refresh)
        if self._before_settling is not None:
            await self._before_settling(result)
        async with self._units.open() as unit:
            outcome = await self._desk.settle(unit.session, result, unit.now)
            if locked := await TurnRepository(unit.session).lock(result.turn_id):
                turn, customer = locked
                await self.render(unit, customer, outcome, turn)
                self._tell_log(unit, "turn settled", customer, turn, outcome)

    async def render(self, unit: Unit, customer: CustomerRow, outcome: Outcome, turn: TurnRow) -> None:
        """Enqueue what the outcome says to people, and its job after the commit."""
        key = f"turn:{turn.id}:{turn.epoch}:{type(outcome).__name__}"
        await self._renderer.render(unit, customer, outcome, key, turn)
        if isinstance(outcome, Generating):
            unit.after_commit.append(lambda: self.start_generation(outcome.job))

    async def run(self) -> None:
        """Reconcile for ever: what a timer, a worker or Redis lost is found here."""
        while True:
            try:
                await self._reconcile()
            except Exception:
                # The edge of a loop that must not end.
                log.exception("open turns could not be looked through")
            await asyncio.sleep(RECONCILE_S)

    async def stop(self, patience_s: float = 3.0) -> None:
        """Cancel timers and finish what is in hand; open turns go on at the next start."""
        for timer in self._timers.values():
            timer.cancel()
        tasks = set(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=patience_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _close_soon(self, turn_id: int) -> None:
        self._timers.pop(turn_id, None)
        self._spawn(self._close(turn_id))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close(self, turn_id: int) -> None:
        try:
            understood = await self._understood(turn_id)
            while (wanted := await self._decide(turn_id, understood)) is not None:
                await wanted.fetch()
        except Exception as error:
            if is_unavailable(error):
                log.error("a turn waits for the database", turn_id=turn_id, error=type(error).__name__)
                return
            # The edge: a doubt becomes an escalation, never silence.
            log.exception("a turn could not be decided", turn_id=turn_id)
            await self._call_person(turn_id, EscalationReason.ERROR)

    async def _decide(self, turn_id: int, understood: Understood | None) -> OrderWanted | None:
        """Decide, or return what has to be fetched first."""
        try:
            async with self._units.open() as unit:
                locked = await TurnRepository(unit.session).lock(turn_id)
                if locked is None:
                    return None
                turn, customer = locked
                if await self._more(unit, customer.chat_id):
                    # One answer serves all: what has arrived meanwhile is read first.
                    self._schedule_in(turn_id, UNREAD_PAUSE_S)
                    return None
                outcome = await self._desk.close(unit.session, turn_id, unit.now, understood=understood)
                await self.render(unit, customer, outcome, turn)
                self._tell_log(unit, "turn closed", customer, turn, outcome)
        except OrderWanted as wanted:
            return wanted
        return None

    def _tell_log(self, unit: Unit, event: str, customer: CustomerRow, turn: TurnRow, outcome: Outcome) -> None:
        """Say after the commit what was decided."""
        fields = {"chat_id": customer.chat_id, "turn_id": turn.id, "outcome": type(outcome).__name__}
        unit.after_commit.append(lambda: log.info(event, **fields))

    async def _call_person(self, turn_id: int, reason: EscalationReason, *, epoch: int | None = None) -> None:
        """Call a person for an open turn; with ``epoch``, unless the customer has written again since."""
        async with self._units.open() as unit:
            locked = await TurnRepository(unit.session).lock(turn_id)
            if locked is None or locked[0].state not in OPEN_STATES or epoch not in {None, locked[0].epoch}:
                return
            turn, customer = locked
            outcome = await self._desk.escalate(unit.session, customer, reason, unit.now, turn=turn)
            await self.render(unit, customer, outcome, turn)

    async def _enqueue(self, job: GenerationJob, left_s: float) -> None:
        """Queue the job with its deadline by the machine's clock of now: it may have been set since the decision.

        Where so many wait that it would come too late, a person is called at once.
        """
        now = time.time()
        job = job.model_copy(update={"deadline": now + left_s})
        try:
            queued = await asyncio.to_thread(self._queue.put, job, now=now, patience_s=left_s)
        except RedisError as error:
            log.error("Redis is gone: the job waits in the database", turn_id=job.turn_id, error=type(error).__name__)
            return
        if not queued:
            log.warning("too many questions wait to answer this one in time", turn_id=job.turn_id)
            await self._call_person(job.turn_id, EscalationReason.BUSY, epoch=job.epoch)

    async def _reconcile(self) -> None:
        async with self._units.database.reading() as session:
            turns = await TurnRepository(session).unfinished()
        generating = [turn for turn in turns if turn.state == TurnState.GENERATING]
        for turn in turns:
            if turn.state == TurnState.COLLECTING and turn.id not in self._timers:
                self.schedule(turn.id, turn.closes_at)
        watched = {(turn.id, turn.epoch): self._watch(turn) for turn in generating}
        self._watched = watched
        if generating:
            workers = await self._ask_redis(self._queue.live_workers)
            if workers and await self._ask_redis(self._queue.move_stranded):
                log.warning("jobs whose queue lost its workers wait in another one")
            for turn in generating:
                await self._look_after(turn, watched[turn.id, turn.epoch], workers)

    def _watch(self, turn: TurnRow) -> _Watched:
        """Begin to watch a turn: how old it is, and how long until its deadline."""
        if known := self._watched.get((turn.id, turn.epoch)):
            return known
        now, most_s = self._units.clock(), self._desk.deadline.total_seconds()
        age_s = (now - (turn.closed_at or turn.opened_at)).total_seconds()
        left_s = (turn.deadline_at - now).total_seconds() if turn.deadline_at else most_s
        return _Watched(self._clock() - max(0.0, age_s), self._clock() + min(max(0.0, left_s), most_s))

    async def _look_after(self, turn: TurnRow, watched: _Watched, workers: int | None) -> None:
        age_s = self._clock() - watched.seen
        if self._clock() >= watched.deadline:
            await self._call_person(turn.id, EscalationReason.OVERDUE, epoch=turn.epoch)
        elif not workers and age_s > NO_WORKER_PATIENCE_S:
            # Redis gone or nobody listening: the customer must not wait for the deadline to hear it.
            await self._call_person(turn.id, EscalationReason.NO_WORKER, epoch=turn.epoch)
        elif age_s > LOST_AFTER_S and turn.job is not None:
            job = GenerationJob.model_validate_json(turn.job)
            held = await self._ask_redis(lambda: self._queue.holds(job.job_id))
            if held is False:
                await self._try_again(turn.id, job, watched.deadline - self._clock())

    async def _ask_redis(self, question: Callable[[], Any]) -> Any:  # noqa: ANN401  # the question's own answer
        try:
            return await asyncio.to_thread(question)
        except RedisError as error:
            log.error("Redis is gone", error=type(error).__name__)
            return None

    async def _try_again(self, turn_id: int, job: GenerationJob, left_s: float) -> None:
        """Make the job again that Redis or a killed worker lost, under the next attempt."""
        again = job.model_copy(update={"attempt": job.attempt + 1})
        if again.attempt > MAX_ATTEMPTS:
            await self._call_person(turn_id, EscalationReason.ENGINE_ERROR, epoch=job.epoch)
            return
        async with self._units.open() as unit:
            locked = await TurnRepository(unit.session).lock(turn_id)
            if locked is None:
                return
            turn = locked[0]
            if turn.state != TurnState.GENERATING or turn.epoch != job.epoch or turn.attempt != job.attempt:
                return
            turn.attempt, turn.job = again.attempt, again.model_dump_json()
        log.warning("a lost job is made again", turn_id=turn_id, job_id=again.job_id)
        await self._enqueue(again, left_s)
