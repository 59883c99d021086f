"""One budget for every call that Telegram counts: per chat, per group, overall (TELEGRAM «Flood limits»)."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field


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
    _chats: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _blocked: dict[int, float] = field(default_factory=dict)

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
        return max(
            0.0, blocked, _wait(self._overall, self.limits.overall, now), _wait(self._chats[chat_id], limit, now)
        )

    def _count(self, chat_id: int) -> None:
        now = self.clock()
        self._overall.append(now)
        self._chats[chat_id].append(now)


def _wait(calls: deque[float], limit: Limit, now: float) -> float:
    while calls and calls[0] <= now - limit.window_s:
        calls.popleft()
    return calls[-limit.calls] + limit.window_s - now if len(calls) >= limit.calls else 0.0
