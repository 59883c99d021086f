"""Telegram's flood limits, as far as they are known: one a second to a person, 20 a minute to a group, 30 a second.

The exact limits are undocumented; a short burst to one person is let through, as Telegram does.
"""

import math
from collections import deque
from collections.abc import Callable

PRIVATE_PER_S = 1.0
PRIVATE_BURST = 3
GROUP_PER_MINUTE = 20
OVERALL_PER_S = 30
MINUTE_S = 60.0


class FloodLimits:
    """Counts what was sent and says when a call comes too early."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: dict[int, deque[float]] = {}
        self._tokens: dict[int, tuple[float, float]] = {}
        self._overall: deque[float] = deque()

    def take(self, chat_id: int, *, private: bool, amount: int = 1) -> int | None:
        """Count a call; seconds to wait (whole, at least 1) when it is refused, None when it may pass.

        Args:
            amount: messages that the call sends: an album of five counts as five.
        """
        now = self._clock()
        wait = max(self._overall_wait(now), self._private_wait(chat_id, now) if private else 0.0)
        if not private:
            wait = max(wait, self._group_wait(chat_id, now))
        if wait > 0:
            return max(1, math.ceil(wait))
        for _ in range(amount):
            self._count(chat_id, now, private=private)
        return None

    def _count(self, chat_id: int, now: float, *, private: bool) -> None:
        self._overall.append(now)
        if private:
            self._tokens[chat_id] = (self._private_tokens(chat_id, now) - 1, now)
        else:
            self._sent.setdefault(chat_id, deque()).append(now)

    def _private_tokens(self, chat_id: int, now: float) -> float:
        tokens, at = self._tokens.get(chat_id, (float(PRIVATE_BURST), now))
        return min(float(PRIVATE_BURST), tokens + (now - at) * PRIVATE_PER_S)

    def _private_wait(self, chat_id: int, now: float) -> float:
        missing = 1 - self._private_tokens(chat_id, now)
        return missing / PRIVATE_PER_S if missing > 1e-9 else 0.0  # noqa: PLR2004 - rounding

    def _group_wait(self, chat_id: int, now: float) -> float:
        return _window_wait(self._sent.setdefault(chat_id, deque()), now, GROUP_PER_MINUTE, MINUTE_S)

    def _overall_wait(self, now: float) -> float:
        return _window_wait(self._overall, now, OVERALL_PER_S, 1.0)


def _window_wait(sent: deque[float], now: float, most: int, window_s: float) -> float:
    while sent and sent[0] <= now - window_s:
        sent.popleft()
    return sent[0] + window_s - now if len(sent) >= most else 0.0
