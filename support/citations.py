"""Citations as a customer sees them: numbered from one in order of appearance, one number a source heading."""

import re
from dataclasses import dataclass

from support.jobs import Draft, JobPassage

_CITATION = re.compile(r"\s*\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class SourceShown:
    """Where an answer comes from."""

    number: int
    heading: str


def shown(draft: Draft, passages: tuple[JobPassage, ...]) -> tuple[str, tuple[SourceShown, ...]]:
    """Return the draft's text with its sources; a single source needs no numbers in the text."""
    headings = {passage.number: passage.heading for passage in passages}
    numbers: dict[str, int] = {}
    for number in draft.citations:
        # A model may cite what it was never shown; that fails a check, and the operator still gets the draft.
        if number in headings:
            numbers.setdefault(headings[number], len(numbers) + 1)
    sources = tuple(SourceShown(number, heading) for heading, number in numbers.items())

    def replace(match: re.Match[str]) -> str:
        heading = headings.get(int(match.group(1)))
        return f" [{numbers[heading]}]" if len(numbers) > 1 and heading in numbers else ""

    return _CITATION.sub(replace, draft.text).strip(), sources
