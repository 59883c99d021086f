"""How many prompt tokens a step may read, so that it takes about as long as it should: measured, never assumed."""

from dataclasses import dataclass

_LEAST = 8
_FIRST = 32


@dataclass(slots=True)
class Pace:
    """Follows the machine, which may be slow, busy or a GPU. ``target_s``: seconds that a step should take."""

    target_s: float
    most: int
    tokens: int = _FIRST
    """What the next step may read."""

    def measured(self, tokens: int, seconds: float) -> None:
        """Learn from a step; one that read much less than it could have tells nothing."""
        if tokens * 2 < self.tokens or seconds <= 0:
            return
        factor = min(2.0, max(0.5, self.target_s / seconds))
        self.tokens = max(_LEAST, min(self.most, round(tokens * factor)))
