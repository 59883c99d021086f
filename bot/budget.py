"""One budget for every call that Telegram counts: per chat, per group, overall (TELEGRAM «Flood limits»)."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

FORGET_EVERY: Final = 1000
"""Calls between two looks for chats that fell silent."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls within a sliding window."""

    calls: int
    window_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What Telegram's FAQ allows; exact limits are undocumented, so a 429 is always obeyed too."""

    overall: Limit = Limit(30, 1.0)
    private_chat: Limit = Limit(3, 3.0)
    """One a second on average; a short burst is tolerated."""
    group: Limit = Limit(20, 60.0)
    margin: float = 1.05
    """Every window is so much longer: a call that the network delayed and a quick one after it arrive closer."""


@dataclass(slots=True)
class _Window:
    calls: int
    window_s: float
    times: deque[float] = field(default_factory=deque)
    """When the latest calls were due: never more of them than allowed within any window."""

    def wait_s(self, amount: int, now: float) -> float:
        self._prune(now)
        # More than a window holds waits until it is empty, and for nothing else, or it would wait for ever.
        others = self.calls - min(amount, self.calls)
        return max(0.0, self.times[-others - 1] + self.window_s - now) if len(self.times) > others else 0.0

    def count(self, at: float) -> None:
        self._prune(at)
        # A call too many, as in a large album, counts when it would have been due: those after it wait for it.
        due = self.times[-self.calls] + self.window_s if len(self.times) >= self.calls else at
        self.times.append(max(at, due))

    def is_over(self, now: float) -> bool:
        return not self.times or self.times[-1] + self.window_s <= now

    def _prune(self, now: float) -> None:
        while self.times and self.times[0] + self.window_s <= now:
            self.times.popleft()


@dataclass(slots=True)
class Budget:
    """Says when the next call may be made, and counts. All times are of the monotonic clock.

    An album counts by its messages: that is the amount everywhere. One album goes out in one call: when there is room
    for all of it, or, if there can never be, when nothing else is in its window.
    """

    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.monotonic
    throttled: int = 0
    """How many 429 answers of Telegram were obeyed since the start."""
    _overall: _Window = field(init=False)
    _left: _Window = field(init=False)
    """When calls have really been made, which is a commit later than they were counted."""
    _chats: dict[int, _Window] = field(default_factory=dict)
    _blocked: dict[int, float] = field(default_factory=dict)
    _until_forgetting: int = FORGET_EVERY

    def __post_init__(self) -> None:
        self._overall = self._window(self.limits.overall)
        self._left = self._window(self.limits.overall)

    @property
    def chats_remembered(self) -> int:
        """How many chats it keeps times for."""
        return len(self._chats.keys() | self._blocked.keys())

    async def take(self, chat_id: int, amount: int = 1) -> None:
        """Wait until a call to the chat is allowed, and count it."""
        while (wait := self.wait_s(chat_id, amount)) > 0:  # noqa: ASYNC110  # time passes, nobody signals it
            await asyncio.sleep(wait)
        self.count(chat_id, amount)

    def take_now(self, chat_id: int) -> bool:
        """Count a call if it is allowed at once: for what may be left out, like «typing»."""
        if self.wait_s(chat_id) > 0:
            return False
        self.count(chat_id)
        return True

    async def gate(self) -> None:
        """Hold back a call that was counted earlier: those that a slow commit has dammed up must not leave at once."""
        while (wait := self._left.wait_s(1, self.clock())) > 0:  # noqa: ASYNC110  # as in take
            await asyncio.sleep(wait)
        self._left.count(self.clock())

    def wait_s(self, chat_id: int, amount: int = 1) -> float:
        """Seconds until a call to the chat is allowed; 0 when it is now."""
        return max(self.overall_wait_s(amount), self.chat_wait_s(chat_id, amount))

    def overall_wait_s(self, amount: int = 1) -> float:
        """Seconds until any call is allowed, whatever its chat says."""
        return self._overall.wait_s(amount, self.clock())

    def chat_wait_s(self, chat_id: int, amount: int = 1) -> float:
        """Seconds until the chat's own limit and Telegram's retry_after allow a call."""
        chat = self._chats.get(chat_id)
        return max(self.blocked_s(chat_id), chat.wait_s(amount, self.clock()) if chat else 0.0)

    def count(self, chat_id: int, amount: int = 1) -> None:
        """Count a call that is made now, allowed or not; what is too much is paid for by the calls after it."""
        self._count(chat_id, amount, self.clock())
        self._forget()

    def block(self, chat_id: int, retry_after_s: float) -> None:
        """Stop this chat, and no other, until Telegram's retry_after has passed; never sooner than told before."""
        self.throttled += 1
        self._block(chat_id, retry_after_s)

    def _block(self, chat_id: int, retry_after_s: float) -> None:
        until = self.clock() + retry_after_s
        self._blocked[chat_id] = max(until, self._blocked.get(chat_id, until))
        self._forget()

    def blocked_until(self, chat_id: int) -> float | None:
        """When, by the budget's clock, the chat's retry_after has passed; None when it has."""
        until = self._blocked.get(chat_id)
        return until if until is not None and until > self.clock() else None

    def blocked_s(self, chat_id: int) -> float:
        """Seconds until the chat's retry_after has passed; 0 when it has."""
        until = self.blocked_until(chat_id)
        return 0.0 if until is None else max(0.0, until - self.clock())

    def restore(self, calls: Iterable[tuple[int, float]], blocks: Iterable[tuple[int, float]]) -> None:
        """Take over, before the first call, what an earlier process did and was told.

        Args:
            calls: chat and age in seconds of what was sent in the last minute, one entry a message.
            blocks: chat and what is left of its retry_after in seconds.
        """
        now = self.clock()
        for chat_id, age_s in sorted(calls, key=lambda call: call[1], reverse=True):
            # Ages come from a wall clock, which may have been set back.
            self._count(chat_id, 1, now - max(0.0, age_s))
        for chat_id, left_s in blocks:
            self._block(chat_id, left_s)

    def _count(self, chat_id: int, amount: int, at: float) -> None:
        if chat_id not in self._chats:
            self._chats[chat_id] = self._window(self.limits.group if chat_id < 0 else self.limits.private_chat)
        for _ in range(amount):
            self._overall.count(at)
            self._chats[chat_id].count(at)

    def _window(self, limit: Limit) -> _Window:
        return _Window(limit.calls, limit.window_s * self.limits.margin)

    def _forget(self) -> None:
        """Drop chats that have nothing to wait for, or the table would grow with every customer."""
        self._until_forgetting -= 1
        if self._until_forgetting > 0:
            return
        now = self.clock()
        self._chats = {chat_id: chat for chat_id, chat in self._chats.items() if not chat.is_over(now)}
        self._blocked = {chat_id: until for chat_id, until in self._blocked.items() if until > now}
        # So that looking through them costs each call the same, however many there are.
        self._until_forgetting = max(FORGET_EVERY, self.chats_remembered)
