"""Answers: drafts that were sent, kept, and given again. Callers own the transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.current import CurrentKnowledge
from support import answer_cache, citations, freshness
from support.jobs import Draft, GenerationJob
from support.outcomes import Answered
from support.readings import Understood, Writer
from support.tables import AnswerRow, TurnRow


async def given_before(
    session: AsyncSession, job: GenerationJob, known: Understood | None, knowledge: CurrentKnowledge
) -> tuple[AnswerRow, Draft] | None:
    """Return what the same question was answered with before; None when it was not, or rests on text that is gone."""
    base = knowledge.get()
    # While a newer release is being loaded, what was deleted is not known yet.
    if known is None or base is None or knowledge.is_behind() or not answer_cache.may_be_kept(job):
        return None
    keys = [answer_cache.key(job, base.release, writer) for writer in known.writers if writer.model]
    before = await answer_cache.find(session, keys)
    if before is None:
        return None
    draft = Draft.model_validate(before.draft)
    return None if freshness.gone(draft, job.passages, base) else (before, draft)


async def keep(
    session: AsyncSession,
    turn: TurnRow,
    job: GenerationJob,
    draft: Draft,
    now: datetime,
    *,
    knowledge: CurrentKnowledge,
) -> Answered:
    """Store a draft that is sent as the turn's answer."""
    text, sources = citations.shown(draft, job.passages)
    base = knowledge.get()
    row = AnswerRow(turn_id=turn.id, text=text, draft=draft.model_dump(mode="json"), created_at=now)
    # Quoting without a model takes milliseconds: nothing is gained by keeping it.
    if base is not None and draft.model and answer_cache.may_be_kept(job):
        row.cache_key = answer_cache.key(job, base.release, Writer(draft.engine, draft.model, draft.prompt_version))
    session.add(row)
    await session.flush()
    return Answered(row.id, text, sources, _listed(turn.trace, "unanswered"), _listed(turn.trace, "left_over"))


def _listed(trace: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(trace.get(name, ()))
