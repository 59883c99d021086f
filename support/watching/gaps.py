"""What the bot could not answer: the questions, in clusters, and what operators said about them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from support.escalations import EscalationReason
from support.masking import mask
from support.suspicion import is_to_a_model
from support.tables import AnswerRow, EscalationRow, MessageRow, TurnRow
from support.watching.clusters import MOST_QUESTIONS, Cluster, Unanswered, cluster

REASONS: Final = (
    EscalationReason.NO_ANSWER,
    EscalationReason.LOW_SCORE,
    EscalationReason.CHECK_FAILED,
    EscalationReason.UNCLEAR,
)
"""Why a person was called that a better article would have changed."""
MOST_REPLIES: Final = 5
SHORTEST_REPLY: Final = 20
"""Letters: «добрый день» answers nothing."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A cluster, and the words with which operators answered it, masked."""

    cluster: Cluster
    replies: tuple[str, ...]


async def unanswered(session: AsyncSession, start: datetime, end: datetime) -> list[Unanswered]:
    """Return the questions of a period that ended at a person for want of a good answer, or got 👎; masked.

    Words to a model are none: no article would answer them.
    """
    columns = (TurnRow.id, TurnRow.customer_id, TurnRow.text, TurnRow.language)
    query = select(*columns).outerjoin(AnswerRow, AnswerRow.turn_id == TurnRow.id)
    query = query.where(TurnRow.opened_at >= start, TurnRow.opened_at < end, TurnRow.text != "")
    query = query.where(or_(TurnRow.outcome.in_(REASONS), AnswerRow.rating == -1))
    rows = list(await session.execute(query.order_by(TurnRow.id.desc()).limit(MOST_QUESTIONS)))
    return await asyncio.to_thread(
        lambda: [
            Unanswered(turn_id, customer_id, mask(text), language)
            for turn_id, customer_id, text, language in rows
            if not is_to_a_model(text)
        ]
    )


async def clusters(session: AsyncSession, start: datetime, end: datetime) -> list[Cluster]:
    """Return the clusters of a period's unanswered questions, those that most people asked first."""
    questions = await unanswered(session, start, end)
    return await asyncio.to_thread(cluster, questions)


async def gap_of(session: AsyncSession, start: datetime, end: datetime, turn_id: int) -> Gap | None:
    """Return the cluster that holds a question, with what operators answered; None: it is gone."""
    found = next((one for one in await clusters(session, start, end) if turn_id in one.turn_ids), None)
    return None if found is None else Gap(found, await replies(session, found.turn_ids))


async def replies(session: AsyncSession, turn_ids: Sequence[int]) -> tuple[str, ...]:
    """Return what operators wrote in the conversations that these questions began, the longest first; masked."""
    columns = (EscalationRow.customer_id, EscalationRow.opened_at, EscalationRow.closed_at)
    said: list[str] = []
    for customer_id, opened, closed in await session.execute(
        select(*columns).where(EscalationRow.turn_id.in_(turn_ids))
    ):
        query = select(MessageRow.text).where(MessageRow.customer_id == customer_id, MessageRow.speaker == "operator")
        query = query.where(MessageRow.created_at >= opened).order_by(MessageRow.id)
        if closed is not None:
            query = query.where(MessageRow.created_at <= closed)
        said += [text for text in await session.scalars(query) if len(text) >= SHORTEST_REPLY]
    masked = await asyncio.to_thread(lambda: dict.fromkeys(mask(" ".join(text.split())) for text in said))
    return tuple(sorted(masked, key=len, reverse=True)[:MOST_REPLIES])
