"""How long who waits still has to: until operators have been shown his card, until a worker has answered."""

import math
from collections.abc import Sequence

from bot.budget import Budget
from support.backlog import WaitingCard


def minutes_until_shown(budget: Budget, group: int, cards: Sequence[WaitingCard]) -> int:
    """Estimate in how many minutes, at least one, a group has the last of the cards, under Telegram's limit."""
    calls = sum(_calls_for(card, group) for card in cards)
    limit = budget.limits.group
    # One call of each window is the digest's.
    wait_s = budget.blocked_s(group) + calls / max(1, limit.calls - 1) * limit.window_s
    return max(1, math.ceil(wait_s / 60))


def seconds_shown(expected_s: float | None) -> int:
    """Return a wait as people are told it: in tens of seconds, never too short; 0 when it is unknown."""
    return 0 if expected_s is None else max(1, math.ceil(expected_s / 10)) * 10


def _calls_for(card: WaitingCard, group: int) -> int:
    """The card itself, and a new customer's topic that is made before it."""
    return 1 if card.topic_id is not None and card.topic_chat_id == group else 2
