"""Reads a Redis stream by a consumer group: acknowledged only after its entries have been dealt with."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

BLOCK_MS: Final = 2_000
CLAIM_IDLE_MS: Final = 10_000
PAUSE_S: Final = 1.0
log = structlog.get_logger()


class StreamReader:
    """Hands each entry's ``payload`` to a callable; an entry whose handling fails comes again."""

    def __init__(
        self,
        redis: Redis,
        stream: str,
        group: str,
        handle: Callable[[str], Awaitable[None]],
        *,
        consumer: str = "bot",
        claim_idle_ms: int = CLAIM_IDLE_MS,
        block_ms: int = BLOCK_MS,
    ) -> None:
        self._redis = redis
        self._stream = stream
        self._group = group
        self._handle = handle
        self._consumer = consumer
        self._claim_idle_ms = claim_idle_ms
        self._block_ms = block_ms
        self._claimed_at = 0.0
        self._stopping = False

    def stop(self) -> None:
        """Read no further. Cancelling is not enough: redis-py swallows it while it connects."""
        self._stopping = True

    async def run(self) -> None:
        """Read until stopped; Redis may go and come back, even emptied."""
        while not self._stopping:
            try:
                await self._ensure_group()
                await self._claim_left_over()
                while not self._stopping:
                    await self._read()
            except ResponseError as error:
                log.warning("the stream is gone, it is made again", stream=self._stream, error=str(error).split()[0])
            except RedisError as error:
                log.error("Redis is gone: results wait", stream=self._stream, error=type(error).__name__)
            if not self._stopping:
                await asyncio.sleep(PAUSE_S)

    async def _ensure_group(self) -> None:
        try:
            await self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _claim_left_over(self) -> None:
        claimed = await self._redis.xautoclaim(self._stream, self._group, self._consumer, self._claim_idle_ms, "0-0")
        self._claimed_at = time.monotonic()
        await self._work_off(claimed[1])

    async def _read(self) -> None:
        answer: Any = await self._redis.xreadgroup(
            self._group, self._consumer, {self._stream: ">"}, count=64, block=self._block_ms
        )
        for _, entries in answer or ():
            await self._work_off(entries)
        # By the clock, not when nothing came: a busy stream never falls silent.
        if time.monotonic() - self._claimed_at >= self._claim_idle_ms / 1000:
            await self._claim_left_over()

    async def _work_off(self, entries: list[tuple[Any, dict[Any, Any] | None]]) -> None:
        for entry_id, fields in entries:
            try:
                if fields:
                    await self._handle(_payload(fields))
            except ValidationError as error:
                log.error("an entry cannot be read: dropped", stream=self._stream, problems=error.error_count())
            except Exception:
                # The edge: one bad entry must not hold up the others; it comes again when it has idled.
                log.exception("an entry could not be dealt with", stream=self._stream)
                continue
            await self._redis.xack(self._stream, self._group, entry_id)
            await self._redis.xdel(self._stream, entry_id)


def _payload(fields: dict[Any, Any]) -> str:
    value = fields.get(b"payload", fields.get("payload", b""))
    return value.decode() if isinstance(value, bytes) else str(value)
