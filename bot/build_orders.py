"""Builds that administrators have ordered in a chat: put into the queue, and watched until each has its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy import select

from bot.unit import Unit, Units
from knowledge.shelf import Shelf
from support.availability import is_unavailable
from support.builds import BuildRequest
from support.queue import BUILD_QUEUE, BuildQueue, GenerationQueue
from support.tables import AuditRow
from support.transport_tables import DeliveryRow

ORDERED: Final = "kb_build"
"""The audit's action; its detail is what a restarted bot goes on with."""
OLDEST: Final = timedelta(hours=6)
LOOK_S: Final = 2.0
NO_WORKER_PATIENCE_S: Final = 12.0
"""A build process that is being restarted is back within it."""
GONE_PATIENCE_S: Final = 15.0
"""A build that has ended leaves Redis before its last event is read."""
MOST_PUTS: Final = 3
log = structlog.get_logger()
Give = Callable[[str, str], Awaitable[None]]
"""(request id, key of the text that says why): tells who ordered the build that it has failed."""


@dataclass(slots=True)
class _Open:
    request: BuildRequest
    puts: int = 0
    lone_since: float | None = None
    """Since when no build process lives (monotonic)."""
    gone_since: float | None = None


@dataclass(slots=True)
class BuildOrders:
    """Orders builds; an order that a crash, a killed worker or an emptied Redis has lost is put again, or ends."""

    units: Units
    store: Shelf
    sources: Path
    builds: BuildQueue
    workers: GenerationQueue
    clock: Callable[[], float] = time.monotonic
    _open: dict[str, _Open] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def order(self, unit: Unit, actor_id: int, request_id: str, *, built_by: str, reason: str) -> None:
        """Remember the order in SQL and queue it after the commit."""
        detail = {"request": request_id, "built_by": built_by, "reason": reason}
        unit.session.add(AuditRow(at=unit.now, actor_id=actor_id, action=ORDERED, detail=detail))
        request = self._request(request_id, built_by, reason)
        unit.after_commit.append(lambda: self._put_soon(request))

    def end(self, request_id: str) -> None:
        """The order has its end: nobody waits for it any more."""
        self._open.pop(request_id, None)

    async def run(self, give_up: Give) -> None:
        """Watch for ever; begin with what the process before has left open."""
        while True:
            try:
                await self._recall()
                break
            except Exception as error:
                if not is_unavailable(error):
                    raise
                await asyncio.sleep(LOOK_S)
        while True:
            await asyncio.sleep(LOOK_S)
            for order in list(self._open.values()):
                try:
                    await self._look_after(order, give_up)
                except RedisError as error:
                    log.error("Redis is gone: a build waits", error=type(error).__name__)
                except Exception:
                    # The edge of a loop that must not end.
                    log.exception("an ordered build could not be looked after")

    def _request(self, request_id: str, built_by: str, reason: str) -> BuildRequest:
        return BuildRequest(
            request_id=request_id,
            sources=str(self.sources.resolve()),
            releases=str(self.store.root.resolve()),
            built_by=built_by,
            reason=reason,
        )

    async def _recall(self) -> None:
        since = self.units.clock() - OLDEST
        async with self.units.database.reading() as session:
            rows = list(await session.scalars(select(AuditRow).where(AuditRow.action == ORDERED, AuditRow.at > since)))
            ends = [f"{row.detail['request']}:end" for row in rows]
            ended = set(await session.scalars(select(DeliveryRow.key).where(DeliveryRow.key.in_(ends))))
        for row in rows:
            request = self._request(row.detail["request"], row.detail["built_by"], row.detail["reason"])
            if f"{request.request_id}:end" not in ended:
                self._open.setdefault(request.request_id, _Open(request))

    def _put_soon(self, request: BuildRequest) -> None:
        self._open[request.request_id] = order = _Open(request)
        task = asyncio.create_task(self._put(order))
        # The event loop itself holds its tasks only weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _put(self, order: _Open) -> None:
        order.gone_since = None
        try:
            await asyncio.to_thread(self.builds.put, order.request)
        except RedisError as error:
            log.error("Redis is gone: the build cannot be ordered yet", error=type(error).__name__)
        else:
            order.puts += 1

    async def _look_after(self, order: _Open, give_up: Give) -> None:
        now, request_id = self.clock(), order.request.request_id
        if await asyncio.to_thread(self.workers.live_workers, BUILD_QUEUE):
            order.lone_since = None
        elif order.lone_since is None:
            order.lone_since = now
        elif now - order.lone_since > NO_WORKER_PATIENCE_S:
            await asyncio.to_thread(self.builds.withdraw, request_id)
            await give_up(request_id, "kb-no-worker")
            return
        match await asyncio.to_thread(self.builds.state, request_id):
            case "there":
                order.gone_since = None
            case "failed":
                await give_up(request_id, "kb-died")
            case "gone":
                order.gone_since = order.gone_since or now
                if order.puts == 0 or now - order.gone_since > GONE_PATIENCE_S:
                    await (self._put(order) if order.puts < MOST_PUTS else give_up(request_id, "kb-died"))
