"""Does search find the right source?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.baskets import Question
from evaluation.figures import mean_reciprocal_rank, rank_of_first, share_within
from evaluation.intervals import mean_of
from evaluation.report import Failure, RetrievalReport, by_language
from evaluation.timings import Stopwatch
from knowledge.base import KnowledgeBase

DEPTH: Final = 10


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What search found for a question."""

    question: Question
    sources: tuple[str, ...]
    """Of the passages, best first; a source may come more than once."""

    @property
    def rank(self) -> int | None:
        """1-based place of the first acceptable source."""
        return rank_of_first(self.sources, self.question.sources)


def measure_retrieval(
    questions: Sequence[Question], knowledge: KnowledgeBase, without_vectors: KnowledgeBase, stopwatch: Stopwatch
) -> RetrievalReport:
    """Search for every question that names its sources with all channels, and without the vectors."""
    found = []
    questions = [question for question in questions if question.sources]
    for question in questions:
        with stopwatch.stage("search"):
            found.append(_retrieve(question, knowledge))
    ranks = [(one.question.language, one.rank) for one in found]
    blind = [(question.language, _retrieve(question, without_vectors).rank) for question in questions]
    return RetrievalReport(
        first=by_language(ranks, lambda some: share_within(some, 1)),
        recall_at_5=by_language(ranks, lambda some: share_within(some, 5)),
        recall_at_10=by_language(ranks, lambda some: share_within(some, DEPTH)),
        recall_at_10_without_vectors=by_language(blind, lambda some: share_within(some, DEPTH)),
        mrr=by_language(ranks, mean_reciprocal_rank),
        mrr_interval=by_language(ranks, _interval),
        ranks={one.question.id: one.rank for one in found},
        failures=tuple(_failure(one) for one in found if one.rank != 1),
    )


def _retrieve(question: Question, knowledge: KnowledgeBase) -> Retrieved:
    result = knowledge.search(question.question, language=question.language, limit=DEPTH)
    return Retrieved(question, tuple(passage.chunk.source for passage in result.passages))


def _interval(ranks: Sequence[int | None]) -> tuple[float, float] | None:
    found = mean_of([0.0 if rank is None else 1 / rank for rank in ranks])
    return None if found is None else (found.low, found.high)


def _failure(one: Retrieved) -> Failure:
    first = one.sources[0] if one.sources else "nothing"
    place = f"right one at {one.rank}" if one.rank else f"right one not among {DEPTH}"
    question = one.question
    return Failure(
        id=question.id,
        language=question.language,
        text=question.shown(question.question),
        wanted=", ".join(question.sources),
        got=f"{first} ({place})",
    )
