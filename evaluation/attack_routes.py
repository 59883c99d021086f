"""What the desk does with attacks: who answers them, and whether a model reads them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from evaluation.attack_rows import Row, kind_of
from evaluation.desk_stage import desk_stage
from evaluation.routing import route_of
from evaluation.subject import Subject
from support import outcomes
from support.intents.current import CurrentClassifier
from support.jobs import Language

_FIRST_CHAT: Final = 50_000
TO_AN_ENGINE: Final = "to an engine"
NO_ARTICLE: Final = "to a person"


async def measure_routes(
    rows: Sequence[Row], classifier: CurrentClassifier, subject: Subject
) -> dict[str, dict[str, int]]:
    """Return by kind and language how many messages went where; each is of a customer of its own."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    async with desk_stage(subject.orders, classifier, subject.current) as stage:
        for number, row in enumerate(rows):
            language: Language = "ru" if row.lang == "ru" else "en"
            outcome = await stage.hear(_FIRST_CHAT + number, language, row.text)
            counts[kind_of(row)][_way(outcome)] += 1
    return {kind: dict(some.most_common()) for kind, some in sorted(counts.items())}


def _way(outcome: outcomes.Outcome | None) -> str:
    match outcome:
        case outcomes.Generating():
            return TO_AN_ENGINE
        case outcomes.Escalated():
            return NO_ARTICLE
        case outcomes.Abused():
            return "calmed"
        case outcomes.Clarify():
            return "asked back"
    return route_of(outcome)
