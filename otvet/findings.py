"""What the doctor finds: one sentence each, and how bad it is."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How a finding looks on the screen."""

    GOOD = "✓"
    DOUBTFUL = "!"
    WRONG = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    mark: Mark
    sentence: str


def good(sentence: str) -> Finding:
    """Nothing to do."""
    return Finding(Mark.GOOD, sentence)


def doubtful(sentence: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(Mark.DOUBTFUL, sentence)


def wrong(sentence: str) -> Finding:
    """The bot cannot do its work like this."""
    return Finding(Mark.WRONG, sentence)
