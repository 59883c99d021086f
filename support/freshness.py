"""Whether what a draft rests on still stands: deleted or rolled-back text must not be sent."""

from knowledge.base import KnowledgeBase
from support.jobs import Draft, JobPassage


def gone(draft: Draft, passages: tuple[JobPassage, ...], knowledge: KnowledgeBase | None) -> tuple[JobPassage, ...]:
    """Return the passages behind the draft that the knowledge base does not hold like this any more.

    Those that it cites; all that it was written from when it cites none.
    """
    cited = [passage for passage in passages if passage.number in draft.citations] or passages
    return tuple(passage for passage in cited if not _stands(passage, knowledge))


def _stands(passage: JobPassage, knowledge: KnowledgeBase | None) -> bool:
    chunk = None if knowledge is None else knowledge.chunk(passage.chunk_id)
    return chunk is not None and (chunk.text, chunk.question) == (passage.text, passage.question)
