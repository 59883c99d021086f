"""The inbox: stored before Telegram is told; handled in order within a chat, side by side across chats."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast

import structlog
from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.unit import Unit, Units
from support.database import Database
from support.tables import InboxRow

MAX_ATTEMPTS: Final = 3
RETRY_PAUSE_S: Final = 1.0
SIDE_BY_SIDE: Final = 64
log = structlog.get_logger()

# The table itself, not the mapped class: every update passes here, and half of the ORM's time is saved.
_TABLE = cast("Table", InboxRow.__table__)
_CLAIM = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("inbox_id"), _TABLE.c.handled_at.is_(None))
    .values(handled_at=bindparam("handled_at"), error=bindparam("error"), payload=bindparam("payload"))
)

Update = dict[str, Any]
"""As Telegram sent it, parsed JSON."""


def lane_of(incoming: Update) -> int:
    """Return the chat that an update belongs to; its sender where it has no chat, 0 where it has neither."""
    for content in incoming.values():
        if not isinstance(content, dict):
            continue
        message = content.get("message")
        chat = content.get("chat") or (message.get("chat") if isinstance(message, dict) else None)
        if isinstance(chat, dict) and isinstance(chat.get("id"), int):
            return int(chat["id"])
        person = content.get("from") or content.get("user")
        if isinstance(person, dict) and isinstance(person.get("id"), int):
            return int(person["id"])
    return 0


@dataclass(frozen=True, slots=True)
class _Stored:
    id: int
    update: Update


@dataclass(slots=True)
class _Lane:
    waiting: deque[_Stored] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class Inbox:
    """Stores updates and has each handled once, in a unit of work that also marks it as handled."""

    def __init__(
        self,
        bot_id: int,
        database: Database,
        units: Units,
        handle: Callable[[Unit, Update], Awaitable[None]],
        give_up: Callable[[Unit, Update], Awaitable[None]],
        *,
        retry_pause_s: float = RETRY_PAUSE_S,
    ) -> None:
        self._bot_id = bot_id
        self._database = database
        self._units = units
        self._handle = handle
        self._give_up = give_up
        self._retry_pause_s = retry_pause_s
        insert = sqlite.insert if database.is_sqlite else postgresql.insert
        self._insert = (
            insert(_TABLE)
            .on_conflict_do_nothing(index_elements=["bot_id", "update_id"])
            .returning(_TABLE.c.id, _TABLE.c.update_id, _TABLE.c.lane)
        )
        self._lanes: dict[int, _Lane] = {}
        self._slots = asyncio.Semaphore(SIDE_BY_SIDE)
        self._stopping = False

    async def store(self, updates: Sequence[Update]) -> None:
        """Commit the updates, then begin to handle those that are new. A twin of a known update is dropped.

        Raises:
            DBAPIError: nothing was stored; Telegram must not be told that they arrived.
        """
        if not updates:
            return
        now = datetime.now(UTC)
        by_id = {incoming["update_id"]: incoming for incoming in updates}
        rows = [
            {
                "bot_id": self._bot_id,
                "update_id": update_id,
                "lane": lane_of(incoming),
                # Escaped: half a surrogate pair or a zero character is more than a database takes.
                "payload": json.dumps(incoming),
                "received_at": now,
                "attempts": 0,
            }
            for update_id, incoming in by_id.items()
        ]
        async with self._database.writing() as session:
            stored = [tuple(row) for row in await session.execute(self._insert, rows)]
        for inbox_id, update_id, lane in sorted(stored):
            self._queue(lane, _Stored(inbox_id, by_id[update_id]))

    async def resume(self) -> int:
        """Take up what an earlier process stored and did not handle; return how many."""
        query = select(InboxRow.id, InboxRow.lane, InboxRow.payload).where(InboxRow.handled_at.is_(None))
        async with self._database.reading() as session:
            rows = (await session.execute(query.order_by(InboxRow.id))).all()
        for inbox_id, lane, payload in rows:
            self._queue(lane, _Stored(inbox_id, json.loads(payload)))
        return len(rows)

    async def stop(self, patience_s: float = 5.0) -> None:
        """Finish the updates in hand; what waits stays stored."""
        self._stopping = True
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        if tasks:
            await asyncio.wait(tasks, timeout=patience_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _queue(self, lane_id: int, stored: _Stored) -> None:
        lane = self._lanes.setdefault(lane_id, _Lane())
        lane.waiting.append(stored)
        if lane.task is None:
            lane.task = asyncio.create_task(self._work(lane_id, lane))

    async def _work(self, lane_id: int, lane: _Lane) -> None:
        try:
            while lane.waiting and not self._stopping:
                stored = lane.waiting.popleft()
                async with self._slots:
                    await self._until_handled(lane_id, stored)
        finally:
            del self._lanes[lane_id]

    async def _until_handled(self, lane_id: int, stored: _Stored) -> None:
        attempt = 0
        while not self._stopping:
            attempt += 1
            try:
                await self._once(stored, attempt)
            except (OperationalError, InterfaceError):
                log.exception("the database refuses: the update waits", chat_id=lane_id, inbox_id=stored.id)
                attempt -= 1
            except Exception:
                # The edge of a lane: whatever a handler raises, the update is tried again and then given to a person.
                log.exception("an update could not be handled", chat_id=lane_id, inbox_id=stored.id, attempt=attempt)
            else:
                return
            await asyncio.sleep(self._retry_pause_s)

    async def _once(self, stored: _Stored, attempt: int) -> None:
        if attempt > MAX_ATTEMPTS + 1:
            await self._mark_failed(stored.id)
            return
        last = attempt > MAX_ATTEMPTS
        async with self._units.open() as unit:
            # The words live on as messages; a second copy would have to be forgotten too.
            values = {"handled_at": unit.now, "error": "given up" if last else None, "payload": ""}
            claimed = await unit.session.execute(_CLAIM, {"inbox_id": stored.id, **values})
            if claimed.rowcount:  # type: ignore[attr-defined]  # an UPDATE's cursor result has it
                await (self._give_up if last else self._handle)(unit, stored.update)

    async def _mark_failed(self, inbox_id: int) -> None:
        """Let the lane go on; what came stays, for nothing else holds its words."""
        values = {"handled_at": datetime.now(UTC), "error": "failed"}
        async with self._database.writing() as session:
            await session.execute(update(InboxRow).where(InboxRow.id == inbox_id).values(values))
