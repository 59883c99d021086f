"""What is found out about a turn before the transaction in which it is decided: who writes, and what a model reads."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from support.availability import is_unavailable
from support.database import Database
from support.desk import Desk
from support.masking import mask
from support.masking.dictionary import is_loaded
from support.queue import READING_KEY, GenerationQueue, WorkerInfo
from support.readings import Reading, ReadingRequest, Understood, Wanted, Writer
from support.tables import TurnRow
from support.turns import TurnRepository
from support.understanding import request_for

WAIT_S: Final = 3.0
"""A model that has not read the message by then is not waited for."""
AT_ONCE: Final = 16
"""More readings than that are not waited for: the queue is longer than it is worth."""
WORKERS_FOR_S: Final = 2.0
"""So long it is believed who is at work."""
LOOK_S: Final = 0.5
MASKED_AT_ONCE: Final = 500
"""Characters; masking them takes a millisecond."""
log = structlog.get_logger()


class Understanding:
    """Asks the workers. Whatever fails, the turn is decided without: nothing here raises."""

    def __init__(
        self,
        database: Database,
        desk: Desk,
        queue: GenerationQueue,
        redis: Redis,
        clock: Callable[[], datetime],
        *,
        wait_s: float = WAIT_S,
    ) -> None:
        self._database = database
        self._desk = desk
        self._queue = queue
        self._redis = redis
        self._clock = clock
        self._wait_s = wait_s
        self._workers: tuple[WorkerInfo, ...] = ()
        self._looked_at = -WORKERS_FOR_S
        self._places = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[int, asyncio.Task[Understood | None]] = {}

    async def of(self, turn_id: int) -> Understood | None:
        """Return what is known of a turn; asked again meanwhile, the same."""
        task = self._under_way.get(turn_id)
        if task is None:
            task = self._under_way[turn_id] = asyncio.create_task(self._found(turn_id))
            task.add_done_callback(lambda _: self._under_way.pop(turn_id, None))
        return await task

    async def _found(self, turn_id: int) -> Understood | None:
        try:
            await self._mask_ahead(turn_id)
            workers = await self._at_work()
            writers = frozenset(Writer(one.engine, one.model, one.prompt_version) for one in workers)
            read = await self._read(turn_id) if any(one.reads for one in workers) else None
        except Exception as error:
            # The edge: a turn is decided without whatever could not be found out.
            if not is_unavailable(error):
                log.exception("a turn was not looked into", turn_id=turn_id)
            return None
        if read is None:
            return Understood(writers=writers)
        epoch, text, reading = read
        return Understood(writers=writers, epoch=epoch, text=text, reading=reading)

    async def _mask_ahead(self, turn_id: int) -> None:
        """Mask long messages in a thread: the decision, which must not take so long, finds them masked."""
        async with self._database.reading() as session:
            turn = await session.get(TurnRow, turn_id)
            if turn is None:
                return
            words = [turn.text, *(row.text for row in await TurnRepository(session).said_before(turn, self._clock()))]
        # The first of all loads the dictionary, which takes longer than any message.
        if long := [text for text in words if len(text) > MASKED_AT_ONCE or not is_loaded()]:
            await asyncio.to_thread(lambda: [mask(text) for text in long])

    async def _at_work(self) -> tuple[WorkerInfo, ...]:
        now = time.monotonic()
        if now - self._looked_at >= WORKERS_FOR_S:
            self._looked_at = now
            self._workers = ()
            try:
                self._workers = await asyncio.wait_for(asyncio.to_thread(self._queue.workers), LOOK_S)
            except (RedisError, TimeoutError) as error:
                log.warning("it is not known who is at work", error=type(error).__name__)
        return self._workers

    async def _read(self, turn_id: int) -> tuple[int, str, Reading] | None:
        if self._places.locked():
            return None
        async with self._places:
            deadline = time.time() + self._wait_s
            request_id = f"r-{turn_id}-{uuid4().hex[:8]}"
            async with self._database.reading() as session:
                asked = await request_for(
                    session,
                    turn_id,
                    self._clock(),
                    classifier=self._desk.classifier,
                    orders=self._desk.orders,
                    deadline=deadline,
                    request_id=request_id,
                )
            if asked is None:
                return None
            epoch, request = asked
            reading = await self._reading(request)
            return None if reading is None else (epoch, request.text, reading)

    async def _reading(self, request: ReadingRequest) -> Reading | None:
        try:
            async with asyncio.timeout(self._wait_s):
                shown = await asyncio.to_thread(_masked, request)
                await asyncio.to_thread(self._queue.ask, shown, now=time.time())
                found = await self._redis.blpop([READING_KEY + request.id], timeout=self._wait_s)
        except (RedisError, TimeoutError) as error:
            log.info("a message was not read in time", job_id=request.id, error=type(error).__name__)
            return None
        return Reading.model_validate_json(found[1]) if found else None


def _masked(request: ReadingRequest) -> ReadingRequest:
    """Hide what is personal; a phone or an e-mail stays where it is to be read out of the message."""
    contacts = Wanted.CONTACT not in request.wanted
    return request.model_copy(update={"text": mask(request.text, contacts=contacts)})
