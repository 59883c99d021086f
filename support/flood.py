"""Customers who write too much are slowed and told once (being written)."""

from enum import IntEnum


class Flood(IntEnum):
    """How a customer's message is treated."""

    CALM = 0
    SLOWED = 1
    SLOWED_FIRST = 2


def same_words(first: str, second: str) -> bool:
    """Whether two texts say the same."""
    return " ".join(first.lower().split()) == " ".join(second.lower().split())


class MemoryPace:
    """Stub."""


class RedisPace:
    """Stub."""

    def __init__(self, redis: object) -> None:
        self.redis = redis


class FallbackPace:
    """Stub."""

    def __init__(self, primary: object, fallback: object) -> None:
        self.primary, self.fallback = primary, fallback


class FloodGuard:
    """Stub."""

    def __init__(self, pace: object) -> None:
        self.pace = pace

    async def look(self, chat_id: int) -> Flood:
        """Stub."""
        return Flood.CALM
