"""What the bot has not confirmed yet: update ids, getUpdates with redelivery, one poller at a time."""

import asyncio
from collections import deque
from collections.abc import Sequence

from sandbox.telegram.errors import ApiError, Json, bad_request

MAX_LIMIT = 100
MAX_TIMEOUT_S = 50
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})

TERMINATED = ApiError(
    409,
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
)
WEBHOOK_ACTIVE = ApiError(
    409,
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
)


class UpdateQueue:
    """Updates of one bot, oldest first, kept until they are confirmed."""

    def __init__(self, first_id: int = 1) -> None:
        self._next_id = first_id
        self._pending: deque[Json] = deque()
        self._allowed: frozenset[str] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._changed = asyncio.Event()
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
        if not wanted:
            return
        self._pending.append({"update_id": self._next_id, kind: body})
        self._next_id += 1
        self.wake()
        if self.webhook_active:
            self._changed.set()

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
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(TERMINATED)
        self.confirm(offset)
        if not self._pending and timeout_s > 0:
            await self._wait(min(timeout_s, MAX_TIMEOUT_S))
        return [self._pending[index] for index in range(min(limit, len(self._pending)))]

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
            return
        while self._pending and self._pending[0]["update_id"] < offset:
            self._pending.popleft()

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
        """The oldest update that is not confirmed."""
        return self._pending[0] if self._pending else None

    def clear(self) -> None:
        """Forget everything that waits (``drop_pending_updates``)."""
        self._pending.clear()

    def wake(self) -> None:
        """Let a long poll return at once, with what there is."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
