"""The inbox: stored before Telegram is told, then handled in order within a chat, by whichever process is free.

Several updates, of different chats or of one, share a transaction: a commit is the dearest part of handling one. A
chat is locked for as long as the transaction lasts, so two processes never handle one chat at the same time, and
the oldest update of the chat always comes first, whoever stored it.
"""

import asyncio
import contextlib
import json
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import structlog
from sqlalchemy import Select, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.arrivals import LARGEST_ID
from bot.unit import Unit, Units
from support.availability import UNAVAILABLE
from support.database import Database
from support.flood import Flood, FloodGuard
from support.orders.ahead import OrderWanted
from support.transport_tables import InboxRow

MAX_ATTEMPTS: Final = 3
RETRY_PAUSE_S: Final = 1.0
BATCH: Final = 32
BATCH_S: Final = 0.1
"""A batch that took so long is committed as it is: other writers wait for it."""
COUNTED: Final = 5_000
LOCKED_PAUSE_S: Final = 0.05
RESCAN_S: Final = 1.0
"""How soon an update is seen that another process stored and did not handle."""
log = structlog.get_logger()

# The table itself, not the mapped class: every update passes here, and half of the ORM's time is saved.
_TABLE = cast("Table", InboxRow.__table__)

Update = dict[str, Any]
"""As Telegram sent it, parsed JSON."""
Handle = Callable[[Unit, Update], Awaitable[None]]


def lane_of(incoming: Update) -> int:
    """Return the chat that an update belongs to; its sender where it has no chat, 0 where it has neither."""
    for content in incoming.values():
        if not isinstance(content, dict):
            continue
        message = content.get("message")
        chat = content.get("chat") or (message.get("chat") if isinstance(message, dict) else None)
        person = content.get("from") or content.get("user")
        for whose in (chat, person):
            found = whose.get("id") if isinstance(whose, dict) else None
            if isinstance(found, int) and abs(found) <= LARGEST_ID:
                return int(found)
    return 0


@dataclass(frozen=True, slots=True)
class _Stored:
    id: int
    lane: int
    payload: str
    flood: str


@dataclass(slots=True)
class _Trouble:
    """A chat whose updates are handled one at a time: a batch with them failed, or they wait for an order."""

    attempts: int = 0
    due: float = 0.0


class Inbox:
    """Stores updates and has each handled once, in a unit of work that also marks it as handled."""

    def __init__(
        self,
        bot_id: int,
        database: Database,
        units: Units,
        handle: Handle,
        give_up: Handle,
        *,
        flood: FloodGuard | None = None,
        retry_pause_s: float = RETRY_PAUSE_S,
    ) -> None:
        self._bot_id = bot_id
        self._database = database
        self._units = units
        self._handle = handle
        self._give_up = give_up
        self._flood = flood
        self._retry_pause_s = retry_pause_s
        insert = sqlite.insert if database.is_sqlite else postgresql.insert
        self._insert = insert(_TABLE).on_conflict_do_nothing(index_elements=["bot_id", "update_id"])
        self._news = asyncio.Event()
        self._troubles: dict[int, _Trouble] = {}
        self._counted: dict[int, Flood] = {}
        """What was counted lately, by update."""
        self._fetching: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def store(self, updates: Sequence[Update]) -> None:
        """Commit the updates; they are handled soon. A twin of a known update is dropped.

        Raises:
            DBAPIError, OSError, TimeoutError: nothing was stored; Telegram must not be told that they arrived.
        """
        if not updates:
            return
        now, floods = self._units.clock(), await self._floods(updates)
        rows = [
            {
                "bot_id": self._bot_id,
                "update_id": update_id,
                "lane": lane_of(incoming),
                # Escaped: half a surrogate pair or a zero character is more than a database takes.
                "payload": json.dumps(incoming),
                "flood": floods.get(update_id, Flood.CALM),
                "received_at": now,
                "attempts": 0,
            }
            for update_id, incoming in {incoming["update_id"]: incoming for incoming in updates}.items()
        ]
        async with self._database.writing() as session:
            await session.execute(self._insert, rows)
        self._news.set()

    async def _floods(self, updates: Sequence[Update]) -> dict[int, Flood]:
        """Count customers' messages before they are stored: no network is asked within a transaction."""
        if self._flood is None:
            return {}
        if len(self._counted) > COUNTED:
            self._counted.clear()
        for incoming in updates:
            lane, known = lane_of(incoming), incoming["update_id"] in self._counted
            # A message that comes again, or could not be stored at first, is one message.
            if isinstance(incoming.get("message"), dict) and lane > 0 and not known:
                self._counted[incoming["update_id"]] = await self._flood.look(lane)
        return self._counted

    async def run(self) -> None:
        """Handle what is stored, what an earlier or another process stored included, until stopped."""
        while not self._stopping:
            self._news.clear()
            self._idle.clear()
            try:
                wait_s = await self._round()
            except UNAVAILABLE as error:
                log.error("the database refuses: updates wait", error=type(error).__name__)
                wait_s = self._retry_pause_s
            finally:
                self._idle.set()
            # Not wait_for: in Python 3.11 it can swallow a cancellation that comes together with the news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    async def stop(self, patience_s: float = 5.0) -> None:
        """Finish the updates in hand; what waits stays stored."""
        self._stopping = True
        self._news.set()
        for task in self._fetching:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._idle.wait()

    async def waits(self, unit: Unit, lane: int) -> bool:
        """Whether more of a chat has been stored and not handled yet."""
        query = select(_TABLE.c.id).where(_TABLE.c.lane == lane, _TABLE.c.handled_at.is_(None)).limit(1)
        return await unit.session.scalar(query) is not None

    async def _round(self) -> float:
        """Handle what there is; return the seconds until a look is due again."""
        while not self._stopping:
            done, locked = await self._batch()
            due = [lane for lane, trouble in self._troubles.items() if trouble.due <= time.monotonic()]
            for lane in due:
                await self._alone(lane, self._troubles[lane])
            if not done and not due:
                return min([LOCKED_PAUSE_S if locked else RESCAN_S, *map(_wait_s, self._troubles.values())])
        return RESCAN_S

    async def _batch(self) -> tuple[int, bool]:
        """Handle some updates in one transaction; return how many, and whether another process holds a chat."""
        taken: list[_Stored] = []
        try:
            async with self._units.open() as unit:
                waiting, locked = await self._oldest(unit)
                began = time.monotonic()
                for one in waiting:
                    if taken and time.monotonic() - began > BATCH_S:
                        break
                    taken.append(one)
                    unit.flood = Flood(one.flood)
                    await self._handle(unit, json.loads(one.payload))
                await self._mark(unit, taken)
        except UNAVAILABLE:
            raise
        except OrderWanted as wanted:
            self._fetch(taken[-1].lane, wanted)
            return len(taken), False
        except Exception:
            # The edge: one of them spoilt the transaction of all, so each is tried alone.
            log.exception("a batch of updates failed: they are handled one at a time", updates=len(taken))
            for one in taken:
                self._troubles.setdefault(one.lane, _Trouble())
            return 0, False
        return len(taken), locked

    async def _oldest(self, unit: Unit) -> tuple[list[_Stored], bool]:
        """Return the oldest updates of chats that this transaction has locked; whether it could not lock some."""
        query = self._waiting().limit(BATCH)
        if self._troubles:
            query = query.where(_TABLE.c.lane.not_in(list(self._troubles)))
        waiting = await _stored(unit, query)
        if self._database.is_sqlite or not waiting:
            return waiting, False
        lanes = {one.lane for one in waiting}
        mine = await self._database.try_locks(unit.session, lanes)
        # Once more: another process may have handled some of them before it let the chat go.
        query = self._waiting().where(_TABLE.c.lane.in_(list(mine))).limit(BATCH)
        return [
            _Stored(row.id, row.lane, row.payload, row.flood) for row in await unit.session.execute(query)
        ], mine != lanes

    async def _alone(self, lane: int, trouble: _Trouble) -> None:
        """Handle the oldest update of a chat; what cannot be handled goes to a person after some attempts."""
        attempt = trouble.attempts + 1
        try:
            async with self._units.open() as unit:
                if lane not in await self._database.try_locks(unit.session, {lane}):
                    trouble.due = time.monotonic() + LOCKED_PAUSE_S
                    return
                query = self._waiting().where(_TABLE.c.lane == lane).limit(1)
                for one in [
                    _Stored(row.id, row.lane, row.payload, row.flood) for row in await unit.session.execute(query)
                ]:
                    await self._attempt(unit, one, attempt)
        except UNAVAILABLE:
            raise
        except OrderWanted as wanted:
            self._fetch(lane, wanted)
        except Exception:
            # The edge of a chat: whatever a handler raises, the update is tried again and then given to a person.
            log.exception("an update could not be handled", chat_id=lane, attempt=attempt)
            trouble.attempts, trouble.due = attempt, time.monotonic() + self._retry_pause_s
        else:
            del self._troubles[lane]

    def _fetch(self, lane: int, wanted: OrderWanted) -> None:
        """Let the chat wait for an order, and nobody else: nothing is handled, nothing is held meanwhile."""
        trouble = self._troubles.setdefault(lane, _Trouble())
        trouble.due = math.inf

        async def fetch() -> None:
            await wanted.fetch()
            trouble.due = 0.0
            self._news.set()

        task = asyncio.create_task(fetch())
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    async def _attempt(self, unit: Unit, one: _Stored, attempt: int) -> None:
        if attempt > MAX_ATTEMPTS + 1:
            # Let the chat go on; what came stays, for nothing else holds its words.
            failed = update(_TABLE).where(_TABLE.c.id == one.id).values(handled_at=unit.now, error="failed")
            await unit.session.execute(failed)
            return
        last = attempt > MAX_ATTEMPTS
        unit.flood = Flood(one.flood)
        await (self._give_up if last else self._handle)(unit, json.loads(one.payload))
        await self._mark(unit, [one], "given up" if last else None)

    async def _mark(self, unit: Unit, handled: Sequence[_Stored], error: str | None = None) -> None:
        """The words live on as messages; a second copy would have to be forgotten too."""
        if handled:
            statement = update(_TABLE).where(_TABLE.c.id.in_([one.id for one in handled]))
            await unit.session.execute(statement.values(handled_at=unit.now, error=error, payload=""))

    def _waiting(self) -> Select[tuple[int, int, str, str]]:
        query = select(_TABLE.c.id, _TABLE.c.lane, _TABLE.c.payload, _TABLE.c.flood)
        return query.where(_TABLE.c.handled_at.is_(None), _TABLE.c.bot_id == self._bot_id).order_by(_TABLE.c.id)


async def _stored(unit: Unit, query: Select[tuple[int, int, str, str]]) -> list[_Stored]:
    return [_Stored(row.id, row.lane, row.payload, row.flood) for row in await unit.session.execute(query)]


def _wait_s(trouble: _Trouble) -> float:
    return max(0.01, trouble.due - time.monotonic())
