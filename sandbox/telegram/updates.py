"""What the bot has not confirmed yet: update ids, getUpdates with redelivery, one poller at a time, and its faults."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from sandbox.telegram.errors import ApiError, Json, bad_request

MAX_LIMIT = 100
MAX_TIMEOUT_S = 50
# Telegram takes an offset as no offset at all when it lies further above the newest id (TDLib, TQueue::get).
FUTURE_IDS = 10
REORDER_WAIT_S = 2.0
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})

TERMINATED = ApiError(
    409,
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
)
WEBHOOK_ACTIVE = ApiError(
    409,
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
)


@dataclass(slots=True, eq=False)
class _Waiting:
    """An update that is not confirmed."""

    update: Json
    handed: bool = False
    """It has been given to the bot at least once."""
    comes_twice: bool = False
    """Its twin follows as soon as it is confirmed."""
    twin: bool = False
    """It has been confirmed before, and is only confirmed again when it has been handed out again."""

    def confirmed_by(self, offset: int) -> bool:
        return self.update["update_id"] < offset and (self.handed or not self.twin)


class UpdateQueue:
    """Updates of one bot, oldest first, kept until they are confirmed."""

    def __init__(self, first_id: int = 1, random: Random | None = None) -> None:
        self._next_id = first_id
        self._random = random or Random()  # noqa: S311 - the order of updates in tests
        self._pending: deque[_Waiting] = deque()
        self._allowed: frozenset[str] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._changed = asyncio.Event()
        self._duplicates = 0
        self._reorder = 0
        self._hold: asyncio.TimerHandle | None = None
        self._hold_ends_early = False
        self.webhook_active = False

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def allowed(self) -> list[str] | None:
        """The kinds that the bot asked for; None means Telegram's default."""
        return None if self._allowed is None else sorted(self._allowed)

    def allow(self, kinds: Sequence[str] | None) -> None:
        """Remember what the bot wants to hear of; None keeps the last choice, an empty list is the default again."""
        if kinds is not None:
            self._allowed = frozenset(kinds) or None

    def push(self, kind: str, body: Json) -> None:
        """Queue an update, unless the bot did not ask for its kind."""
        wanted = kind in self._allowed if self._allowed is not None else kind not in NOT_BY_DEFAULT
        if wanted:
            self.put({kind: body})

    def put(self, content: Json) -> int:
        """Queue an update of any shape, asked for or not; returns its id."""
        update_id = self._next_id
        self._next_id += 1
        self._pending.append(_Waiting({"update_id": update_id, **content}, comes_twice=self._duplicates > 0))
        self._duplicates = max(0, self._duplicates - 1)
        if self._hold_ends_early and len(self._fresh()) >= self._reorder:
            self.release()
        self._announce()
        return update_id

    async def poll(self, *, offset: int, limit: int, timeout_s: float) -> list[Json]:
        """Confirm everything before ``offset`` and return what is left, waiting for something if nothing is.

        Raises:
            ApiError: 409 when a webhook is set or another poll takes over.
        """
        if self.webhook_active:
            raise WEBHOOK_ACTIVE
        if not 1 <= limit <= MAX_LIMIT:
            limit = MAX_LIMIT
        if timeout_s < 0:
            raise bad_request("timeout must be non-negative")
        self.interrupt(TERMINATED)
        self.confirm(offset)
        if timeout_s > 0 and (self._hold is not None or not self._pending):
            await self._wait(min(timeout_s, MAX_TIMEOUT_S))
        count = 0 if self._hold is not None else min(limit, len(self._pending))
        return [self._hand_out(self._pending[index]) for index in range(count)]

    async def _wait(self, timeout_s: float) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiter = waiter
        handle = asyncio.get_running_loop().call_later(timeout_s, self.wake)
        try:
            await waiter
        finally:
            handle.cancel()

    def confirm(self, offset: int) -> None:
        """Forget updates below ``offset``; a negative one keeps only the last so many."""
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
        elif offset <= self._next_id + FUTURE_IDS:
            self._forget(lambda waiting: waiting.confirmed_by(offset))

    def done(self, update: Json) -> None:
        """Forget the one update that a webhook has taken."""
        self._forget(lambda waiting: waiting.update is update)

    def _forget(self, confirmed: Callable[[_Waiting], bool]) -> None:
        kept: deque[_Waiting] = deque()
        for waiting in self._pending:
            if not confirmed(waiting):
                kept.append(waiting)
            elif waiting.comes_twice:
                kept.append(_Waiting(waiting.update, twin=True))
        self._pending = kept

    def switch(self, *, webhook_active: bool) -> None:
        """Go over to a webhook or back; whoever waits looks again."""
        self.webhook_active = webhook_active
        self.wake()
        self._changed.set()

    async def changed(self) -> None:
        """Return when there is something new for a webhook: an update, or another setting."""
        self._changed.clear()
        await self._changed.wait()

    def first(self) -> Json | None:
        """The oldest update that is not confirmed, for a webhook."""
        return self._hand_out(self._pending[0]) if self._pending and self._hold is None else None

    def clear(self) -> None:
        """Forget everything that waits (``drop_pending_updates``)."""
        self._pending.clear()

    def wake(self) -> None:
        """Let a long poll return at once, with what there is."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def interrupt(self, error: ApiError) -> None:
        """End a long poll that is under way with an error."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    # Faults

    def restart(self, next_id: int) -> None:
        """Count on from another id, lower or higher, as Telegram does after a week without updates."""
        self._next_id = next_id

    def duplicate(self, count: int) -> None:
        """Let each of the next so many updates come once more after it has been confirmed."""
        self._duplicates = count

    def hold(self, seconds: float) -> None:
        """Hand nothing out for so long; then everything comes at once. Needs a running loop."""
        self._keep_back(seconds, early=False)

    def reorder(self, count: int, seconds: float | None = None) -> None:
        """Hand the next ``count`` updates out in another order.

        They are kept back for ``seconds``, or until all are there and ``REORDER_WAIT_S`` at most.
        """
        self._reorder = count
        self._keep_back(REORDER_WAIT_S if seconds is None else seconds, early=seconds is None)
        if self._hold_ends_early and len(self._fresh()) >= count:
            self.release()

    def release(self) -> None:
        """End a hold: what was kept back may go, in another order if that was ordered."""
        if self._hold is not None:
            self._hold.cancel()
        self._hold, self._hold_ends_early = None, False
        self._shuffle(self._reorder)
        self._reorder = 0
        self._announce()

    def _keep_back(self, seconds: float, *, early: bool) -> None:
        if self._hold is not None:
            self._hold.cancel()
        self._hold = asyncio.get_running_loop().call_later(seconds, self.release)
        self._hold_ends_early = early

    def _shuffle(self, count: int) -> None:
        places = self._fresh()[:count]
        ordered = [self._pending[place] for place in places]
        shuffled = list(ordered)
        while len(ordered) > 1 and shuffled == ordered:
            self._random.shuffle(shuffled)
        for place, waiting in zip(places, shuffled, strict=True):
            self._pending[place] = waiting

    def _fresh(self) -> list[int]:
        """Where those stand that were never handed out."""
        return [place for place, waiting in enumerate(self._pending) if not waiting.handed]

    def _hand_out(self, waiting: _Waiting) -> Json:
        waiting.handed = True
        return waiting.update

    def _announce(self) -> None:
        if self._hold is not None:
            return
        self.wake()
        if self.webhook_active:
            self._changed.set()
