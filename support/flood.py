"""Customers who write too much: slowed, and told once, however many bot processes share the work."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, TypeVar

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from knowledge.tokens import normalise

REDIS_TIMEOUT_S: Final = 0.25
AT_ONCE: Final = 8
"""A storm that opens a connection for every message would only make Redis slower."""
OUTAGE_PAUSE_S: Final = 5.0
MOST_KEYS: Final = 20_000
ENDING: Final = " .,!?…;:"
_COUNT = """
local events = redis.call('INCR', KEYS[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {events, redis.call('PTTL', KEYS[1])}
"""
_MARK = """
if redis.call('SET', KEYS[1], 1, 'PX', ARGV[1], 'NX') then return 1 end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 0
"""
_Answer = TypeVar("_Answer")
log = structlog.get_logger()


class Flood(StrEnum):
    """How a customer's message is to be taken."""

    CALM = "calm"
    SLOWED_FIRST = "slowed_first"
    """The limit was passed by this very message: tell the customer, nobody else will."""
    SLOWED = "slowed"
    """He has been told: keep quiet."""


@dataclass(frozen=True, slots=True)
class FloodLimits:
    """How much is too much. Ten forwarded messages with a few words of one's own are not."""

    messages: int = 20
    window_s: int = 30


@dataclass(frozen=True, slots=True)
class Count:
    """The events in a window that began with the first of them."""

    events: int
    left_s: float
    """Until the window ends."""


class Pace(Protocol):
    """Remembers for a while what happened how often."""

    async def count(self, key: str, window_s: int) -> Count:
        """Count an event; the first one after a window's end begins the next window."""
        ...

    async def mark(self, key: str, ttl_s: float) -> bool:
        """Set a mark, or make it last ttl_s from now; whether it was not there: true for one caller only."""
        ...

    async def is_marked(self, key: str) -> bool:
        """Whether the mark is there."""
        ...


@dataclass(frozen=True, slots=True)
class FloodGuard:
    """Slows whoever passes the limit, until a window has gone by in which he did not."""

    pace: Pace
    limits: FloodLimits = field(default_factory=FloodLimits)

    async def look(self, chat_id: int) -> Flood:
        """Count a message and say how it is to be taken."""
        count = await self.pace.count(f"otvet:flood:count:{chat_id}", self.limits.window_s)
        told = f"otvet:flood:told:{chat_id}"
        if count.events <= self.limits.messages:
            return Flood.SLOWED if await self.pace.is_marked(told) else Flood.CALM
        # This window and the next; and the gap between them, or who goes on steadily would be told again.
        gap_s = self.limits.window_s / self.limits.messages
        first = await self.pace.mark(told, count.left_s + gap_s + self.limits.window_s)
        return Flood.SLOWED_FIRST if first else Flood.SLOWED


class RedisPace:
    """Counts for all processes together. An answer takes timeout_s at most.

    Every method raises RedisError, OSError or TimeoutError when Redis does not answer.
    """

    def __init__(self, redis: Redis, *, timeout_s: float = REDIS_TIMEOUT_S) -> None:
        self._redis = redis
        self._timeout_s = timeout_s
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def count(self, key: str, window_s: int) -> Count:
        """Count an event, atomically."""
        events, left_ms = await self._in_time(lambda: self._redis.eval(_COUNT, 1, key, str(window_s * 1000)))
        return Count(int(events), left_ms / 1000)

    async def mark(self, key: str, ttl_s: float) -> bool:
        """Set a mark or make it last, atomically."""
        return bool(await self._in_time(lambda: self._redis.eval(_MARK, 1, key, str(round(ttl_s * 1000)))))

    async def is_marked(self, key: str) -> bool:
        """Whether the mark is there."""
        return bool(await self._in_time(lambda: self._redis.exists(key)))

    async def _in_time(self, question: Callable[[], Awaitable[_Answer]]) -> _Answer:
        # Not asyncio.timeout: redis-py can swallow a cancellation while it connects, and the caller would wait on.
        task = asyncio.create_task(self._in_turn(question))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            await asyncio.wait([task], timeout=self._timeout_s)
        finally:
            if not task.done():
                task.cancel()
        if not task.done() or task.cancelled():
            raise TimeoutError(f"Redis did not answer in {self._timeout_s} s")
        return task.result()

    async def _in_turn(self, question: Callable[[], Awaitable[_Answer]]) -> _Answer:
        async with self._turns:
            return await question()


class MemoryPace:
    """Counts for this process alone; beyond most_keys it forgets the oldest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, most_keys: int = MOST_KEYS) -> None:
        self._clock = clock
        self._most_keys = most_keys
        self._entries: dict[str, tuple[int, float]] = {}
        """How many events, and until when; in the order in which they began, so the first are over first, nearly."""

    def __len__(self) -> int:
        return len(self._entries)

    async def count(self, key: str, window_s: int) -> Count:
        """Count an event."""
        now = self._clock()
        events, until = self._entries.get(key, (0, now))
        if until <= now:
            events, until = 0, now + window_s
            self._begin(key)
        self._entries[key] = events + 1, until
        return Count(events + 1, until - now)

    async def mark(self, key: str, ttl_s: float) -> bool:
        """Set a mark or make it last."""
        first = not await self.is_marked(key)
        self._begin(key)
        self._entries[key] = 1, self._clock() + ttl_s
        return first

    async def is_marked(self, key: str) -> bool:
        """Whether the mark is there."""
        return self._entries.get(key, (0, 0.0))[1] > self._clock()

    def _begin(self, key: str) -> None:
        self._entries.pop(key, None)
        if len(self._entries) >= self._most_keys:
            del self._entries[next(iter(self._entries))]


class FallbackPace:
    """Asks the primary, and goes on with the fallback alone while the primary is out.

    The fallback counts all the time, so that nothing is forgotten when the primary goes away or comes back emptied.
    With several processes and no primary each counts, and tells, for itself.
    """

    def __init__(
        self,
        primary: Pace,
        fallback: Pace,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause_s: float = OUTAGE_PAUSE_S,
    ) -> None:
        self._primary = primary
        self._fallback = fallback
        self._clock = clock
        self._pause_s = pause_s
        self._ask_again_at: float | None = None

    async def count(self, key: str, window_s: int) -> Count:
        """Count an event in both; the larger count holds."""
        here = await self._fallback.count(key, window_s)
        everywhere = await self._ask(lambda: self._primary.count(key, window_s))
        return here if everywhere is None or here.events > everywhere.events else everywhere

    async def mark(self, key: str, ttl_s: float) -> bool:
        """Set a mark in both; it is new when neither had it."""
        first_here = await self._fallback.mark(key, ttl_s)
        first = await self._ask(lambda: self._primary.mark(key, ttl_s))
        return first_here and first is not False

    async def is_marked(self, key: str) -> bool:
        """Whether either has the mark."""
        return await self._fallback.is_marked(key) or bool(await self._ask(lambda: self._primary.is_marked(key)))

    async def _ask(self, question: Callable[[], Awaitable[_Answer]]) -> _Answer | None:
        if self._ask_again_at is not None:
            if self._clock() < self._ask_again_at:
                return None
            # Only this caller tries; the others do not wait for a Redis that hangs.
            self._ask_again_at = self._clock() + self._pause_s
        try:
            answer = await question()
        except (RedisError, OSError, TimeoutError) as error:
            if self._ask_again_at is None:
                log.warning("Redis is gone: floods are counted in memory", error=type(error).__name__)
            self._ask_again_at = self._clock() + self._pause_s
            return None
        if self._ask_again_at is not None:
            log.info("Redis is back: floods are counted there again")
            self._ask_again_at = None
        return answer


def same_words(first: str, second: str) -> bool:
    """Whether two messages say the same: case, ё, white space and the marks at the end do not count."""
    return _folded(first) == _folded(second)


def _folded(text: str) -> str:
    words = " ".join(normalise(text).split())
    # «?» and «!» are messages of their own.
    return words.rstrip(ENDING) or words
