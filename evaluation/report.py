"""The parts of an evaluation's report: values that become JSON. The whole: ``evaluation/whole.py``."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict

from evaluation.figures import Share

TOTAL: Final = "total"

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
    mrr_interval: dict[str, tuple[float, float] | None]
    ranks: dict[str, int | None]
    """By the question's id: 1-based place of the first acceptable source among ten."""
    failures: tuple[Failure, ...]


class AnswersReport(_Value):
    """What customers would be sent; each figure by language, and ``total``."""

    unanswerable_answered: dict[str, Share]
    questions_sent: dict[str, Share]
    questions_not_answered: dict[str, Share]
    """A person was called, the customer was asked back, or the desk took it for something else."""
    sent_from_right_source: dict[str, Share]
    """Of the questions sent that name sources: at least one citation is an acceptable one."""
    sent_right: dict[str, Share]
    """Of all that was sent, also to what has no answer: right. The figure that an owner asks for first."""
    answered_right: dict[str, Share]
    """Of the questions: answered, and rightly."""
    answerable_auroc: dict[str, float | None]
    """Whether the no-answer model ranks questions above unanswerable ones, 0..1."""
    answerable_auroc_interval: dict[str, tuple[float, float] | None]
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


def by_language(
    items: Iterable[tuple[str, ItemT]], measure: Callable[[Sequence[ItemT]], FigureT]
) -> dict[str, FigureT]:
    """Measure the (language, item) pairs of each language, and all of them."""
    pairs = list(items)
    languages = sorted({language for language, _ in pairs}, reverse=True)
    figures = {name: measure([item for language, item in pairs if language == name]) for name in languages}
    return {**figures, TOTAL: measure([item for _, item in pairs])}
