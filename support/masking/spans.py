"""A piece of a text that is about a person, and what is shown of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

STARS: Final = "***"
DOTS: Final = "••••"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of a text, and what stands there instead."""

    start: int
    end: int
    shown: str

    def touches(self, other: "Span") -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end

    def is_within(self, other: "Span") -> bool:
        """Whether it is a part of the other, or the same."""
        return other.start <= self.start and self.end <= other.end


def kept_apart(spans: Iterable[Span]) -> list[Span]:
    """Return the spans that touch none before them in the list."""
    kept: list[Span] = []
    for span in spans:
        if not any(span.touches(known) for known in kept):
            kept.append(span)
    return kept
