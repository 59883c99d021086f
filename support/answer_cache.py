"""The exact-answer cache: a question that was answered already is answered again without a worker.

There is no store of its own: an answer that may be given again carries a key. The key is a hash over everything that
decides what a worker writes: the question, language, release, the passages word for word, engine, model and prompts.
So nothing that changes any of these can leave a wrong answer behind, and no customer's words stand in it.
"""

import hashlib
import json
from collections.abc import Collection

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from knowledge.tokens import normalise
from support.jobs import GenerationJob
from support.masking import is_masked
from support.orders.identity import extract_evidence
from support.orders.numbers import find_order_number
from support.readings import Writer
from support.tables import AnswerRow


def may_be_kept(job: GenerationJob) -> bool:
    """Whether the answer belongs to the question alone: no conversation before it, nothing personal in it."""
    question = job.question
    stands_alone = not job.history and job.parts == (question,)
    impersonal = extract_evidence(question) is None and not is_masked(question)
    return stands_alone and impersonal and find_order_number(question) is None


def key(job: GenerationJob, release: int, writer: Writer) -> str:
    """Return the hash under which the answer is found again."""
    passages = [(one.number, one.chunk_id, one.heading, one.question, one.text) for one in job.passages]
    decisive = [
        *(" ".join(normalise(job.question).split()).strip(" ?!.,…"), job.language, release, passages),
        *(writer.engine, writer.model, writer.prompt_version, *job.withheld),
        *([job.judge.version] if job.judge else []),
    ]
    return hashlib.sha256(json.dumps(decisive, ensure_ascii=False).encode()).hexdigest()


async def find(session: AsyncSession, keys: Collection[str]) -> AnswerRow | None:
    """Return the newest answer with one of the keys; None also where a customer disliked what that key gives."""
    same = aliased(AnswerRow)
    disliked = exists().where(same.cache_key == AnswerRow.cache_key, same.rating == -1)
    query = select(AnswerRow).where(AnswerRow.cache_key.in_(keys), ~disliked).order_by(AnswerRow.id.desc()).limit(1)
    return (await session.scalars(query)).one_or_none() if keys else None
