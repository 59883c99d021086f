"""The gate before a release answers: what speaks against it. An administrator may overrule it."""

from dataclasses import dataclass
from enum import StrEnum

from knowledge.base import KnowledgeBase
from knowledge.golden import GoldenResult
from knowledge.tokens import terms

LARGEST_LOSS = 0.1
"""Of the golden questions that the current release finds no larger share may be lost, whatever else is won."""
SMALLEST_SHARE = 0.5
"""Articles and chunks must not fall below this share of the current release's."""
OWN_SHARE = 0.8
"""So many of the sampled chunks must be found by their own words: less is a broken index, not a matter of taste."""
OWN_SAMPLE = 24
_OWN_LETTERS = 120
_TOP = 5


class Doubt(StrEnum):
    """What speaks against a release."""

    ARTICLES = "articles"
    CHUNKS = "chunks"
    GOLDEN_FEWER = "golden_fewer"
    GOLDEN_LOST = "golden_lost"
    SWITCHED_MEANWHILE = "switched_meanwhile"
    """Somebody rolled back while it was being built: what he wanted stays."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One doubt with its figures: how it was before and how it is in the new release."""

    doubt: Doubt
    before: int
    now: int


def objections(
    articles: tuple[int, int], chunks: tuple[int, int], golden: GoldenResult | None
) -> tuple[Objection, ...]:
    """Judge a new release by its counts (before, now) and its golden questions."""
    found = [
        Objection(doubt, before, now)
        for doubt, (before, now) in ((Doubt.ARTICLES, articles), (Doubt.CHUNKS, chunks))
        if now < before * SMALLEST_SHARE
    ]
    if golden is not None and golden.found_before is not None:
        before = golden.found_before
        if golden.found < before:
            found.append(Objection(Doubt.GOLDEN_FEWER, before, golden.found))
        elif len(golden.lost) > before * LARGEST_LOSS:
            found.append(Objection(Doubt.GOLDEN_LOST, before, before - len(golden.lost)))
    return tuple(found)


def own_share(base: KnowledgeBase) -> float:
    """Return the share, 0..1, of sampled chunks that are found by their own words."""
    step = max(1, len(base.chunks) // OWN_SAMPLE)
    sample = [chunk for chunk in base.chunks[::step] if terms(chunk.text)]
    hits = 0
    for chunk in sample:
        query = chunk.question or chunk.text[:_OWN_LETTERS]
        passages = base.search(query, language=chunk.language, limit=_TOP).passages
        # A text that stands in several articles is found if one of them is.
        hits += any(passage.chunk.text.startswith(chunk.text[:_OWN_LETTERS]) for passage in passages)
    return hits / len(sample) if sample else 1.0
