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


@dataclass(slots=True)
class Budget:
    """Says when the next call may be made. All times are of the monotonic clock."""

    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.monotonic
    _overall: deque[float] = field(default_factory=deque)
    _chats: dict[int, deque[float]] = field(default_factory=dict)
    """Never an empty one."""
    _blocked: dict[int, float] = field(default_factory=dict)
    _since_forgetting: int = 0

    @property
    def chats_remembered(self) -> int:
        """How many chats it keeps times for."""
        return len(self._chats.keys() | self._blocked.keys())

    def overall_wait_s(self) -> float:
        """Seconds until any call is allowed."""
        return _wait(self._overall, self.limits.overall, self.clock())

    def chat_wait_s(self, chat_id: int, amount: int = 1) -> float:
        """Seconds until the chat's own limits allow a call."""
        now = self.clock()
        limit = self.limits.group if chat_id < 0 else self.limits.private_chat
        chat = self._chats.get(chat_id)
        return max(0.0, self._blocked.get(chat_id, now) - now, _wait(chat, limit, now) if chat else 0.0)

    def count(self, chat_id: int, amount: int = 1) -> None:
        """Count a call."""
        for _ in range(amount):
            self._count(chat_id)

    def restore(self, calls: "Iterable[tuple[int, float]]", blocks: "Iterable[tuple[int, float]]") -> None:
        """Remember an earlier process's calls."""

    async def take(self, chat_id: int) -> None:
        """Wait until a call to the chat is allowed, and count it."""
        while (wait := self.wait_s(chat_id)) > 0:  # noqa: ASYNC110  # time passes, nobody signals it
            await asyncio.sleep(wait)
        self._count(chat_id)

    def take_now(self, chat_id: int) -> bool:
        """Count a call if it is allowed at once: for what may be left out, like «typing»."""
        if self.wait_s(chat_id) > 0:
            return False
        self._count(chat_id)
        return True

    def block(self, chat_id: int, retry_after_s: float) -> None:
        """Stop this chat, and no other, until Telegram's retry_after has passed."""
        self._blocked[chat_id] = self.clock() + retry_after_s

    def wait_s(self, chat_id: int) -> float:
        """Seconds until a call to the chat is allowed; 0 when it is now."""
        now = self.clock()
        blocked = self._blocked.get(chat_id, now) - now
        limit = self.limits.group if chat_id < 0 else self.limits.private_chat
        chat = self._chats.get(chat_id)
        waits = (_wait(self._overall, self.limits.overall, now), _wait(chat, limit, now) if chat else 0.0)
        return max(0.0, blocked, *waits)

    def _count(self, chat_id: int) -> None:
        now = self.clock()
        self._overall.append(now)
        self._chats.setdefault(chat_id, deque()).append(now)
        self._since_forgetting += 1
        if self._since_forgetting >= FORGET_EVERY:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Drop chats that have nothing to wait for, or the table would grow with every customer."""
        self._since_forgetting = 0
        longest_s = max(self.limits.group.window_s, self.limits.private_chat.window_s)
        self._chats = {chat_id: calls for chat_id, calls in self._chats.items() if calls[-1] > now - longest_s}
        self._blocked = {chat_id: until for chat_id, until in self._blocked.items() if until > now}


def _wait(calls: deque[float], limit: Limit, now: float) -> float:
    while len(calls) > 1 and calls[0] <= now - limit.window_s:
        calls.popleft()
    return max(0.0, calls[-limit.calls] + limit.window_s - now) if len(calls) >= limit.calls else 0.0
