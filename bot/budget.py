"""One budget for every call that Telegram counts: per chat, per group, overall (TELEGRAM «Flood limits»)."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

FORGET_EVERY: Final = 1000
"""Calls between two looks for chats that fell silent."""
MARGIN: Final = 1.05
"""Windows are so much longer than Telegram's: calls may arrive closer together than they were made."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls within a sliding window."""

    calls: int
    window_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What Telegram's FAQ allows; exact limits are undocumented, so a 429 is always obeyed too."""

    overall: Limit = Limit(30, 1.0 * MARGIN)
    private_chat: Limit = Limit(3, 3.0 * MARGIN)
    """One a second on average; a short burst is tolerated."""
    group: Limit = Limit(20, 60.0 * MARGIN)


@dataclass(slots=True)
class Budget:
    """Says when the next call may be made, and counts it. All times are of the monotonic clock."""

    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.monotonic
    _overall: deque[float] = field(default_factory=deque)
    _chats: dict[int, deque[float]] = field(default_factory=dict)
    """Never an empty one."""
    _left: deque[float] = field(default_factory=deque)
    """When calls have really been made, which is a commit later than they were counted."""
    _blocked: dict[int, float] = field(default_factory=dict)
    _since_forgetting: int = 0

    @property
    def chats_remembered(self) -> int:
        """How many chats it keeps times for."""
        return len(self._chats.keys() | self._blocked.keys())

    def overall_wait_s(self) -> float:
        """Seconds until any chat may be called."""
        return _wait(self._overall, self.limits.overall, self.clock(), 1)

    def chat_wait_s(self, chat_id: int, amount: int = 1) -> float:
        """Seconds until the chat's own limits allow a call that counts as so many messages."""
        now = self.clock()
        limit = self.limits.group if chat_id < 0 else self.limits.private_chat
        chat = self._chats.get(chat_id)
        return max(self.blocked_s(chat_id), _wait(chat, limit, now, amount) if chat else 0.0)

    def wait_s(self, chat_id: int, amount: int = 1) -> float:
        """Seconds until a call to the chat is allowed; 0 when it is now."""
        return max(self.overall_wait_s(), self.chat_wait_s(chat_id, amount))

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
        while (wait := _wait(self._left, self.limits.overall, self.clock(), 1)) > 0:  # noqa: ASYNC110  # as in take
            await asyncio.sleep(wait)
        self._left.append(self.clock())

    def count(self, chat_id: int, amount: int = 1) -> None:
        """Count a call; an album counts by its messages."""
        now = self.clock()
        self._overall.extend([now] * amount)
        self._chats.setdefault(chat_id, deque()).extend([now] * amount)
        self._since_forgetting += 1
        if self._since_forgetting >= FORGET_EVERY:
            self._forget(now)

    def block(self, chat_id: int, retry_after_s: float) -> None:
        """Stop this chat, and no other, until Telegram's retry_after has passed; never shortens an earlier one."""
        until = self.clock() + retry_after_s
        self._blocked[chat_id] = max(until, self._blocked.get(chat_id, until))

    def unblock(self, chat_id: int) -> None:
        """Let a chat be called again: what stopped it is over."""
        self._blocked.pop(chat_id, None)

    def blocked_s(self, chat_id: int) -> float:
        """Seconds for which Telegram wants this chat left alone."""
        return max(0.0, self._blocked.get(chat_id, 0.0) - self.clock())

    def restore(self, calls: Iterable[tuple[int, float]], blocks: Iterable[tuple[int, float]]) -> None:
        """Take over what an earlier process did: (chat, seconds ago) of its calls, (chat, seconds left) of its 429s."""
        now = self.clock()
        earlier: dict[int, list[float]] = {}
        for chat_id, ago_s in calls:
            earlier.setdefault(chat_id, []).append(now - ago_s)
        for chat_id, times in earlier.items():
            self._chats[chat_id] = deque(sorted([*times, *self._chats.get(chat_id, ())]))
        self._overall = deque(sorted([at for times in self._chats.values() for at in times]))
        for chat_id, left_s in blocks:
            self.block(chat_id, left_s)

    def _forget(self, now: float) -> None:
        """Drop chats that have nothing to wait for, or the table would grow with every customer."""
        self._since_forgetting = 0
        longest_s = max(self.limits.group.window_s, self.limits.private_chat.window_s)
        self._chats = {chat_id: calls for chat_id, calls in self._chats.items() if calls[-1] > now - longest_s}
        self._blocked = {chat_id: until for chat_id, until in self._blocked.items() if until > now}


def _wait(calls: deque[float], limit: Limit, now: float, amount: int) -> float:
    """How long until ``amount`` more calls fit; one that is larger than the window waits until that is empty."""
    while len(calls) > 1 and calls[0] <= now - limit.window_s:
        calls.popleft()
    most_before = max(0, limit.calls - amount)
    return max(0.0, calls[-most_before - 1] + limit.window_s - now) if len(calls) > most_before else 0.0
