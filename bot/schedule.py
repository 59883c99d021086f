"""What may be called next: in order within a chat, best first across chats, within the budget.

Plain bookkeeping in memory without a clock of its own; the outbox asks and makes the calls.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.budget import Budget
from support.deliveries import LONGEST_WAIT, Priority
from support.transport_tables import DeliveryRow

EDITS: Final = frozenset({"EditMessageText", "EditMessageCaption", "EditMessageMedia", "EditMessageReplyMarkup"})


@dataclass(order=True, slots=True)
class Item:
    """A call that waits in its chat's lane."""

    priority: int
    id: int
    lane: int = field(compare=False)
    row: DeliveryRow = field(compare=False)


@dataclass(slots=True)
class _Lane:
    waiting: list[Item] = field(default_factory=list)
    busy: bool = False
    until: float = 0.0
    """Nothing of it goes before."""
    gathering: dict[int, float] = field(default_factory=dict)
    """Customers whose album is still gathering, with the moment until which what follows it waits."""


@dataclass(slots=True)
class Schedule:
    """Lanes of waiting calls. Times are of the budget's monotonic clock."""

    budget: Budget
    amount: "Callable[[Item], int]"
    """How many messages a call counts as."""
    _lanes: dict[int, _Lane] = field(default_factory=dict)
    _known: set[int] = field(default_factory=set)
    """Ids of what waits and of what is being made."""
    _ready: list[tuple[int, int, int]] = field(default_factory=list)
    """(priority, id, lane) of lanes that may be asked; stale entries are passed over."""
    _later: list[tuple[float, int]] = field(default_factory=list)
    """(when, lane) of lanes that must wait."""
    _edits: dict[tuple[int, object], int] = field(default_factory=dict)
    """The newest waiting edit of each message."""

    def __len__(self) -> int:
        return len(self._known)

    def knows(self, delivery_id: int) -> bool:
        """Whether a call waits here or is being made."""
        return delivery_id in self._known

    def waiting_in(self, lane_id: int) -> int:
        """How many calls wait in a lane."""
        lane = self._lanes.get(lane_id)
        return len(lane.waiting) if lane else 0

    def clear(self) -> None:
        """Forget what waits (another process sends now); calls in hand end by themselves."""
        busy = {lane_id: lane for lane_id, lane in self._lanes.items() if lane.busy}
        self._lanes, self._ready, self._later, self._edits = busy, [], [], {}
        for lane in busy.values():
            lane.waiting.clear()
        self._known.clear()

    def add(self, lane_id: int, row: DeliveryRow, now: datetime) -> None:
        """Let a call wait in its lane; ``now`` is the wall clock that ``not_before`` is of."""
        if row.id in self._known:
            return
        self._known.add(row.id)
        lane = self._lanes.setdefault(lane_id, _Lane())
        heapq.heappush(lane.waiting, Item(_priority(lane, row), row.id, lane_id, row))
        wait = row.not_before - now if row.not_before is not None else timedelta()
        if row.customer_id is not None and timedelta() < wait <= LONGEST_WAIT:
            lane.gathering[row.customer_id] = self.budget.clock() + wait.total_seconds()
        if (target := _edited(row)) is not None:
            self._edits[target] = max(row.id, self._edits.get(target, 0))
        self._offer(lane_id, lane)

    def next(self) -> Item | float:
        """Return the call to make now, already counted, or the seconds until one may be made."""
        now = self.budget.clock()
        while self._later and self._later[0][0] <= now:
            _, lane_id = heapq.heappop(self._later)
            if (lane := self._lanes.get(lane_id)) is not None:
                self._offer(lane_id, lane)
        while self._ready:
            if (overall_s := self.budget.overall_wait_s()) > 0:
                return overall_s
            _, item_id, lane_id = heapq.heappop(self._ready)
            lane = self._lanes.get(lane_id)
            if lane is None or lane.busy or not lane.waiting or lane.waiting[0].id != item_id or lane.until > now:
                continue
            item = self._of_lane(lane_id, lane, now)
            if item is not None:
                return item
        return max(0.0, self._later[0][0] - now) if self._later else float("inf")

    def is_outdated(self, item: Item) -> bool:
        """Whether a newer edit of the same message waits: this one need not be made."""
        target = _edited(item.row)
        return target is not None and self._edits.get(target, 0) > item.id

    def done(self, item: Item, *, again: bool = False, in_s: float = 0.0) -> None:
        """The call has ended; with ``again`` it waits once more, its whole lane for so many seconds."""
        lane = self._lanes.get(item.lane)
        target = _edited(item.row)
        if target is not None and not again and self._edits.get(target) == item.id:
            del self._edits[target]
        if not again:
            self._known.discard(item.id)
        if lane is None:
            return
        lane.busy = False
        if again and item.id in self._known:
            heapq.heappush(lane.waiting, item)
        if not lane.waiting:
            del self._lanes[item.lane]
        elif in_s > 0:
            lane.until = self.budget.clock() + in_s
            heapq.heappush(self._later, (lane.until, item.lane))
        else:
            self._offer(item.lane, lane)

    def drop(self, item: Item) -> None:
        """Forget a call in hand and all that waits behind it: they are read again and may get another lane."""
        lane = self._lanes.pop(item.lane, None)
        for one in (item, *(lane.waiting if lane else ())):
            self._known.discard(one.id)

    def _offer(self, lane_id: int, lane: _Lane) -> None:
        if lane.waiting and not lane.busy:
            heapq.heappush(self._ready, (lane.waiting[0].priority, lane.waiting[0].id, lane_id))

    def _of_lane(self, lane_id: int, lane: _Lane, now: float) -> Item | None:
        """Take the lane's first call that need not wait for an album; put the lane off when there is none."""
        lane.gathering = {customer: until for customer, until in lane.gathering.items() if until > now}
        passed: list[Item] = []
        found: Item | None = None
        while lane.waiting and found is None:
            item = heapq.heappop(lane.waiting)
            if item.row.customer_id in lane.gathering:
                passed.append(item)
            else:
                found = item
        for item in passed:
            heapq.heappush(lane.waiting, item)
        if found is None:
            heapq.heappush(self._later, (min(lane.gathering.values()), lane_id))
            return None
        amount = self.amount(found)
        if (wait_s := self.budget.chat_wait_s(lane_id, amount)) > 0:
            heapq.heappush(lane.waiting, found)
            heapq.heappush(self._later, (now + wait_s, lane_id))
            return None
        self.budget.count(lane_id, amount)
        lane.busy = True
        return found


def _priority(lane: _Lane, row: DeliveryRow) -> int:
    """Return when a call goes: what a customer says, not before what he has said and what waits for its turn longer."""
    if not row.to_topic or row.priority < Priority.RELAY:
        return row.priority
    earlier = (one.priority for one in lane.waiting if one.row.customer_id == row.customer_id and one.id < row.id)
    return max((row.priority, *(priority for priority in earlier if priority == Priority.ACTION)))


def _edited(row: DeliveryRow) -> tuple[int, object] | None:
    """Return which message a call edits, if it does; a change of buttons alone is a thing of its own."""
    if row.method == "EditForumTopic":
        return (row.chat_id or 0, ("topic", row.payload.get("message_thread_id")))
    if row.method not in EDITS:
        return None
    part = "buttons" if row.method == "EditMessageReplyMarkup" else "words"
    target = row.about_id or row.payload.get("message_id")
    return (row.chat_id or row.customer_id or 0, (part, row.about_chat_id, target))
