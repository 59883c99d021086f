"""The report of an evaluation: values that become JSON, and the aims they are held against."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, computed_field

from evaluation.figures import Share
from evaluation.timings import Timing

TOTAL: Final = "total"

MIN_FIRST: Final = 0.85
MAX_UNANSWERABLE_ANSWERED: Final = 2
MIN_ROUTED: Final = 0.95

ItemT = TypeVar("ItemT")
FigureT = TypeVar("FigureT")


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Failure(_Value):
    """One item that went wrong, so that somebody can look into it."""

    id: str
    language: str
    text: str
    wanted: str
    got: str


class RetrievalReport(_Value):
    """How well search finds; each figure by language, and ``total``."""

    first: dict[str, Share]
    """An acceptable source stands first."""
    recall_at_5: dict[str, Share]
    recall_at_10: dict[str, Share]
    recall_at_10_without_vectors: dict[str, Share]
    mrr: dict[str, float]
    """Mean reciprocal rank among the first ten, 0..1."""
    failures: tuple[Failure, ...]


class AnswersReport(_Value):
    """What customers would be sent; each figure by language, and ``total``."""

    unanswerable_answered: dict[str, Share]
    questions_sent: dict[str, Share]
    questions_escalated: dict[str, Share]
    sent_from_right_source: dict[str, Share]
    """Of the questions sent: at least one citation is an acceptable source."""
    answerable_auroc: dict[str, float | None]
    """Whether the no-answer model ranks questions above unanswerable ones, 0..1."""
    failures: tuple[Failure, ...]


class RoutingReport(_Value):
    """Where messages go."""

    accuracy: dict[str, Share]
    questions_recognised: dict[str, Share]
    """Of the basket's answerable questions: those that go straight to the knowledge base. A diagnosis, no aim."""
    unsure: int
    """Messages about which the customer would be asked; they count as wrong."""
    confusion: dict[str, dict[str, int]]
    """Right route → route taken or ``unsure`` → how many."""
    failures: tuple[Failure, ...]


class FollowUpsReport(_Value):
    """Whether follow-ups are understood; each figure by language, and ``total``. Empty without dialogues."""

    right_alone: dict[str, Share]
    """The right article stands first although nothing was said before: what could be had without completion."""
    right_continued: dict[str, Share]
    """The right article stands first after the first turn."""
    unanswerable_answered: dict[str, Share]
    standing_alone_changed: dict[str, Share]
    """Of the basket's other questions: those that would be completed although they stand alone."""
    failures: tuple[Failure, ...]


class OrdersReport(_Value):
    """How dialogues about orders end."""

    passed: dict[str, Share]
    shown_to_stranger: int
    """Dialogues in which an order was shown that must not be."""
    failures: tuple[Failure, ...]


class Aim(_Value):
    """What we want, and whether it was met."""

    name: str
    wanted: str
    measured: str
    met: bool


class Report(_Value):
    """Everything that one evaluation found out."""

    articles: int
    chunks: int
    engine: str
    threshold: float
    retrieval: RetrievalReport
    answers: AnswersReport
    routing: RoutingReport
    orders: OrdersReport
    followups: FollowUpsReport
    timings_ms: dict[str, Timing]

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties; pydantic asks for them
    @property
    def aims(self) -> tuple[Aim, ...]:
        """The verdict, aim by aim."""
        first, routed = self.retrieval.first[TOTAL], self.routing.accuracy[TOTAL]
        answered, shown = self.answers.unanswerable_answered[TOTAL], self.orders.shown_to_stranger
        with_vectors = self.retrieval.recall_at_10[TOTAL]
        without = self.retrieval.recall_at_10_without_vectors[TOTAL]
        return (
            Aim(
                name="right source first",
                wanted=f"≥ {MIN_FIRST:.0%}",
                measured=_shown(first),
                met=_atleast(first, MIN_FIRST),
            ),
            Aim(
                name="unanswerable answered",
                wanted=f"≤ {MAX_UNANSWERABLE_ANSWERED}",
                measured=f"{answered.hits} of {answered.total}",
                met=answered.hits <= MAX_UNANSWERABLE_ANSWERED,
            ),
            Aim(
                name="routing", wanted=f"≥ {MIN_ROUTED:.0%}", measured=_shown(routed), met=_atleast(routed, MIN_ROUTED)
            ),
            Aim(name="orders shown to a stranger", wanted="0", measured=str(shown), met=shown == 0),
            Aim(
                name="recall@10 needs the vectors",
                wanted="lower without",
                measured=f"{without.hits} without, {with_vectors.hits} with",
                met=without.hits < with_vectors.hits,
            ),
        )

    @property
    def met(self) -> bool:
        """Whether every aim was met."""
        return all(aim.met for aim in self.aims)


def by_language(
    items: Iterable[tuple[str, ItemT]], measure: Callable[[Sequence[ItemT]], FigureT]
) -> dict[str, FigureT]:
    """Measure the (language, item) pairs of each language, and all of them."""
    pairs = list(items)
    languages = sorted({language for language, _ in pairs}, reverse=True)
    figures = {name: measure([item for language, item in pairs if language == name]) for name in languages}
    return {**figures, TOTAL: measure([item for _, item in pairs])}


def _atleast(share: Share, wanted: float) -> bool:
    return share.total > 0 and share.hits / share.total >= wanted


def _shown(share: Share) -> str:
    low, high = share.interval
    return f"{share.value:.1%} ({share.hits} of {share.total}; 95 %: {low:.1%}–{high:.1%})"
