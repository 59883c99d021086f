"""The outbox: the one process that holds the lease makes every call of the ledger, best first, within the budget."""

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import structlog

from bot.budget import Budget
from bot.groups import Groups
from bot.schedule import Item, Schedule
from bot.sending import Ended, Made, Sender
from bot.topics import Topics
from bot.unit import Unit, Units
from support.availability import UNAVAILABLE
from support.deliveries import Begun, DeliveryRepository, DeliveryState
from support.leases import Lease
from support.pauses import PauseRepository
from support.tables import CustomerRow
from support.transport_tables import DeliveryRow

POLL_S: Final = 0.25
"""How soon a call is seen that another process enqueued."""
RESCAN_S: Final = 2.0
"""How soon one is seen that another process committed late."""
BUDGET_WINDOW: Final = timedelta(seconds=65)
READ_AT_ONCE: Final = 500
LATE: Final = timedelta(seconds=5)
"""So long a transaction may take to commit what it has enqueued: until then lower ids are looked for again."""
LONGEST_TIMER_S: Final = 3600.0
"""What may go later than this is looked at anyway before: the ledger is read all the time."""
IN_FLIGHT: Final = 50
UNCOUNTED: Final = frozenset(
    {"PinChatMessage", "UnpinChatMessage", "DeleteMessage", "SetMessageReaction", "AnswerCallbackQuery"}
)
"""Calls that put no message into the chat: Telegram does not count them among the group's 20."""
DATABASE_PAUSE_S: Final = 0.5
log = structlog.get_logger()


class Follows(Protocol):
    """What is done about a call's end, in the transaction that records it."""

    async def follow(self, unit: Unit, made: Made) -> None:
        """Draw the consequences; safe to repeat."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an outbox works with."""

    units: Units
    lease: Lease
    budget: Budget
    groups: Groups
    topics: Topics
    sender: Sender
    aftermath: Follows


class Outbox:
    """Reads the ledger and makes its calls; on losing the lease it stops, and what is in hand ends by itself."""

    def __init__(self, parts: Parts, news: asyncio.Event) -> None:
        self._parts = parts
        self._units = parts.units
        self._news = news
        self._schedule = Schedule(parts.budget, self._amount)
        self._calls: set[asyncio.Task[None]] = set()
        self._fence = 0
        self._read_to = 0
        self._whole_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self.ended: Counter[str] = Counter()
        """How the calls of this process have ended, by state; ``again``: made once more."""

    def sends(self) -> bool:
        """Whether this process sends, and knows already what was sent and what was paused before."""
        return self._parts.lease.held and self._fence == self._parts.lease.fence

    async def run(self) -> None:
        """Work until stopped: read what is committed and begin what may go; the end of a call lets the next one go."""
        while not self._stopping:
            self._news.clear()
            wait_s = POLL_S
            if self._parts.lease.held:
                try:
                    await self._round()
                except Exception as error:
                    # The edge of a loop that must not end: the ledger is read again at the next round.
                    if not isinstance(error, UNAVAILABLE):
                        log.exception("the outbox could not work")
                    else:
                        log.error("the outbox cannot read its ledger", error=type(error).__name__)
                    self._whole_at = 0.0
                    wait_s = DATABASE_PAUSE_S
            elif len(self._schedule):
                self._schedule.clear()
            # Not wait_for: in Python 3.11 it can swallow a cancellation that comes together with the news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    async def stop(self, patience_s: float = 5.0) -> None:
        """Finish the calls in hand; what waits stays in the ledger."""
        self._stopping = True
        self._news.set()
        calls = set(self._calls)
        if calls:
            await asyncio.wait(calls, timeout=patience_s)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        if self._timer is not None:
            self._timer.cancel()

    async def _round(self) -> None:
        if self._parts.lease.fence != self._fence:
            await self._take_over()
        await self._read()
        self._dispatch()

    def _dispatch(self) -> None:
        """Begin what may go now, and look again when more may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._whole_at == 0.0:
            # A call in hand has turned out to be another one meanwhile: read again before anything goes.
            self._news.set()
            return
        while len(self._calls) < IN_FLIGHT and self.sends() and not self._stopping:
            item = self._schedule.next()
            if isinstance(item, float):
                if item < LONGEST_TIMER_S:
                    self._timer = asyncio.get_running_loop().call_later(max(item, 0.001), self._dispatch)
                return
            self._begin(item)

    async def _take_over(self) -> None:
        """Deal with what a killed process left in the middle; remember what it sent and what it was told."""
        self._schedule.clear()
        if self._calls:
            # Of an earlier tenure of our own: what is still in hand here was not cut off.
            await asyncio.wait(self._calls)
        fence = self._parts.lease.fence
        async with self._units.open() as unit:
            repository = DeliveryRepository(unit.session)
            again, unknown = await repository.recover(unit.now)
            for row in unknown:
                begun = Begun(row.payload, tuple(row.source_ids or ()), row.attempts)
                ended = Ended(DeliveryState.UNKNOWN, error=row.error)
                await self._parts.aftermath.follow(unit, Made(row, begun, ended, row.peer_id or row.chat_id or 0))
            calls = await repository.recent(unit.now - BUDGET_WINDOW)
            pauses = await PauseRepository(unit.session).remaining(unit.now)
            await self._parts.groups.load(unit.session)
        # A call from the future is one before the clock was set back.
        ages = [(chat_id, max(0.0, (unit.now - at).total_seconds())) for chat_id, at in calls]
        self._parts.budget.restore(ages, pauses.items())
        self._fence, self._read_to, self._whole_at = fence, 0, 0.0
        if again:
            log.warning("calls that were cut off go out again", calls=again)

    async def _read(self) -> None:
        if time.monotonic() >= self._whole_at:
            # From the beginning now and then: what another process committed late, or a lane dropped.
            self._read_to, self._whole_at = 0, time.monotonic() + RESCAN_S
        groups = self._parts.groups
        none_takes = all(groups.rests(chat_id) for chat_id in groups.ids)
        after = self._read_to
        while True:
            async with self._units.database.reading() as session:
                rows = await DeliveryRepository(session).open_after(after, READ_AT_ONCE)
                fresh = [row for row in rows if not self._schedule.knows(row.id) and not (row.to_topic and none_takes)]
                customers = {
                    customer_id: await session.get_one(CustomerRow, customer_id)
                    for customer_id in {row.customer_id for row in fresh if row.to_topic}
                }
            now = self._units.clock()
            # PostgreSQL commits in another order than it gives out ids: what comes late is not overtaken in its chat.
            self._read_to = max([self._read_to, *(row.id for row in rows if row.created_at <= now - LATE)])
            for row in fresh:
                # What waits for a group that refuses is read again: it may be taken back before its pause has passed.
                if not groups.rests(lane := self._lane_of(row, customers)):
                    self._schedule.add(lane, row, now)
            if len(rows) < READ_AT_ONCE:
                return
            after = rows[-1].id

    def _lane_of(self, row: DeliveryRow, customers: dict[int | None, CustomerRow]) -> int:
        if not row.to_topic:
            return self._parts.groups.present(row.chat_id or 0)
        customer = customers[row.customer_id]
        self._parts.topics.note(customer)
        load = {chat_id: self._schedule.waiting_in(chat_id) for chat_id in self._parts.groups.ids}
        return self._parts.topics.group_of(customer, load)

    def _amount(self, item: Item) -> int:
        """Messages that a call counts as: those of an album, and the topic that must be made first."""
        if item.row.method in UNCOUNTED:
            return 0
        media = item.row.payload.get("media", item.row.payload.get("message_ids"))
        amount = len(media) if isinstance(media, list) else 1
        if item.row.to_topic and item.row.customer_id is not None:
            amount += not self._parts.topics.has(item.row.customer_id, item.lane)
        return amount

    def _begin(self, item: Item) -> None:
        call = asyncio.create_task(self._deliver(item))
        self._calls.add(call)
        call.add_done_callback(self._ended)

    def _ended(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        self._dispatch()

    async def _deliver(self, item: Item) -> None:
        """Make one call and write down how it ended; whatever breaks, the lane goes on."""
        if self._schedule.is_outdated(item):
            await self._withdraw(item, "a newer edit follows")
            return
        try:
            begun = await self._claim(item)
        except UNAVAILABLE as error:
            log.error("a call waits for the database", chat_id=item.lane, error=type(error).__name__)
            self._schedule.done(item, again=True, in_s=DATABASE_PAUSE_S)
            return
        if begun is None:
            # Withdrawn, grown (an album) or somebody else's: read again before anything else of the lane goes.
            self._whole_at = 0.0
            self._schedule.drop(item)
            return
        await self._parts.budget.gate()
        try:
            ended = await self._parts.sender.call(item.row, begun, item.lane)
        except UNAVAILABLE as error:
            # Only what comes before the call itself asks the database.
            ended = Ended(None, error=type(error).__name__, again_in_s=DATABASE_PAUSE_S)
        except Exception as error:
            log.exception("a call broke", chat_id=item.lane, method=item.row.method)
            ended = Ended(DeliveryState.UNKNOWN, error=type(error).__name__)
        await self._record(item, begun, ended)

    async def _claim(self, item: Item) -> Begun | None:
        async with self._units.open() as unit:
            return await DeliveryRepository(unit.session).begin(
                item.id, lease=self._parts.lease.name, fence=self._fence, peer_id=item.lane, now=unit.now
            )

    async def _withdraw(self, item: Item, reason: str) -> None:
        try:
            async with self._units.open() as unit:
                await DeliveryRepository(unit.session).withdraw(item.id, reason, unit.now)
        except UNAVAILABLE as error:
            log.error("a call waits for the database", chat_id=item.lane, error=type(error).__name__)
            self._schedule.done(item, again=True, in_s=DATABASE_PAUSE_S)
        else:
            self._schedule.done(item)

    async def _record(self, item: Item, begun: Begun, ended: Ended) -> None:
        """Commit how a call ended, however long the database is away: the outcome is known here alone."""
        with_aftermath = True
        while True:
            try:
                async with self._units.open() as unit:
                    recorded = await self._write(unit, item, begun, ended)
                    if recorded and with_aftermath:
                        await self._parts.aftermath.follow(unit, Made(item.row, begun, ended, item.lane))
                break
            except UNAVAILABLE as error:
                log.error("an outcome waits for the database", chat_id=item.lane, error=type(error).__name__)
                await asyncio.sleep(DATABASE_PAUSE_S)
            except Exception:
                # The edge: the outcome must be kept, even without what should have followed from it.
                log.exception("an outcome could not be followed up", chat_id=item.lane, delivery_id=item.id)
                if not with_aftermath:
                    raise
                with_aftermath = False
        self._tell_log(item, ended)
        self._settle(item, ended)

    async def _write(self, unit: Unit, item: Item, begun: Begun, ended: Ended) -> bool:
        """Write the outcome down; False when it is known already (a lost answer to a commit) or overtaken."""
        repository = DeliveryRepository(unit.session)
        if ended.retry_after_s is not None:
            await PauseRepository(unit.session).add(item.lane, ended.retry_after_s, unit.now)
        if ended.moved_to is not None:
            await self._parts.groups.move(unit.session, item.lane, ended.moved_to, unit.now)
        if ended.state is None:
            return await repository.postpone(
                item.id, begun.attempts, ended.error or "", had_no_effect=ended.had_no_effect, payload=ended.payload
            )
        first = ended.message_ids[0] if ended.message_ids else None
        return await repository.finish(
            item.id, begun.attempts, ended.state, unit.now, message_id=first, error=ended.error
        )

    def _settle(self, item: Item, ended: Ended) -> None:
        """Draw the consequences for what waits."""
        self.ended["again" if ended.state is None else str(ended.state)] += 1
        if ended.retry_after_s is not None:
            self._parts.budget.block(item.lane, ended.retry_after_s)
        if ended.group_refuses:
            self._parts.groups.fail(item.lane, ended.error or "")
        if ended.group_refuses or ended.elsewhere or ended.moved_to is not None:
            # Another group, or another id, may take what waits for this one.
            self._schedule.drop(item)
            self._whole_at = 0.0
            return
        if ended.state is DeliveryState.DELIVERED and item.lane in self._parts.groups.ids:
            self._parts.groups.recover(item.lane)
        if ended.payload is not None:
            item.row.payload = ended.payload
        self._schedule.done(item, again=ended.state is None, in_s=ended.again_in_s)

    def _tell_log(self, item: Item, ended: Ended) -> None:
        fields = {"chat_id": item.lane, "method": item.row.method, "delivery_id": item.id, "error": ended.error}
        if ended.state is None:
            log.warning("a call to Telegram goes out again", **fields)
        elif ended.state in {DeliveryState.FAILED, DeliveryState.UNKNOWN}:
            log.error("a call to Telegram failed", state=ended.state, **fields)
