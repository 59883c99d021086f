"""Everything that one evaluation found out, and the aims it is held against."""

from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict, computed_field

from evaluation.assurance import Assurance
from evaluation.comparison import SCHEMA_VERSION, Comparison
from evaluation.figures import Share
from evaluation.fixes import Fix
from evaluation.provenance import Provenance
from evaluation.report import (
    TOTAL,
    AnswersReport,
    FollowUpsReport,
    OrdersReport,
    RetrievalReport,
    RoutingReport,
)
from evaluation.results import Result
from evaluation.selective import SelectiveReport
from evaluation.subject import DEMO
from evaluation.timings import Timing

MIN_FIRST: Final = 0.85
MAX_UNANSWERABLE_ANSWERED: Final = 0.05
"""Of those asked: 2 of 40."""
MIN_ROUTED: Final = 0.95


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Aim(_Value):
    """What we want, and whether it was met."""

    name: str
    wanted: str
    measured: str
    met: bool


class Report(_Value):
    """What becomes the table, the JSON and the page."""

    schema_version: int = SCHEMA_VERSION
    provenance: Provenance
    articles: int
    chunks: int
    engine: str
    threshold: float
    retrieval: RetrievalReport
    answers: AnswersReport
    scores: SelectiveReport
    assurance: Assurance
    routing: RoutingReport
    orders: OrdersReport
    followups: FollowUpsReport
    timings_ms: dict[str, Timing]
    fixes: tuple[Fix, ...]
    comparison: Comparison | None = None
    items: tuple[Result, ...]

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties; pydantic asks for them
    @property
    def aims(self) -> tuple[Aim, ...]:
        """The verdict, aim by aim; what the basket does not measure is no aim."""
        return tuple(self._aims())

    @property
    def met(self) -> bool:
        """Whether every aim was met."""
        return all(aim.met for aim in self.aims)

    def _aims(self) -> Iterator[Aim]:
        first, routed = self.retrieval.first[TOTAL], self.routing.accuracy[TOTAL]
        answered, shown = self.answers.unanswerable_answered[TOTAL], self.orders.shown_to_stranger
        with_vectors = self.retrieval.recall_at_10[TOTAL]
        without = self.retrieval.recall_at_10_without_vectors[TOTAL]
        if first.total:
            yield _at_least("right source first", first, MIN_FIRST)
        if answered.total:
            name, most = "unanswerable answered", MAX_UNANSWERABLE_ANSWERED
            yield Aim(name=name, wanted=f"≤ {most:.0%}", measured=_told(answered), met=answered.value <= most)
        if routed.total:
            yield _at_least("routing", routed, MIN_ROUTED)
        if self.orders.passed[TOTAL].total:
            yield Aim(name="orders shown to a stranger", wanted="0", measured=str(shown), met=shown == 0)
        if first.total and self.provenance.knowledge == DEMO:
            yield Aim(
                name="recall@10 needs the vectors",
                wanted="lower without",
                measured=f"{without.hits} without, {with_vectors.hits} with",
                met=without.hits < with_vectors.hits,
            )


def _at_least(name: str, share: Share, wanted: float) -> Aim:
    return Aim(name=name, wanted=f"≥ {wanted:.0%}", measured=_told(share), met=share.value >= wanted)


def _told(share: Share) -> str:
    low, high = share.interval
    return f"{share.value:.1%} ({share.hits} of {share.total}; 95 %: {low:.1%}–{high:.1%})"
