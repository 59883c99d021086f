"""How a conversation with a person ends, and when it goes on after all. Callers own the transaction."""

import re
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.board import AT_ONCE, touch
from support.desk_file import Closing
from support.escalations import EscalationRepository
from support.intents.current import CurrentClassifier
from support.intents.examples import Route
from support.tables import AuditRow, CustomerRow, EscalationRow
from support.turns import Words

BY_ITSELF: Final = 0
"""Who closed a conversation in which the customer kept silent."""
REASON_LENGTH: Final = 200
SAYS_NOTHING: Final = frozenset({"sticker", "dice"})
"""Kinds of messages that are a goodbye rather than a question."""

_GOES_ON = re.compile(r"\?|\b(?:но|однако|but|however)\b", re.IGNORECASE)
"""Thanks with a «but» are no goodbye."""


async def close(
    session: AsyncSession,
    customer: CustomerRow,
    closed_by: int,
    now: datetime,
    closing: Closing,
    *,
    reason: str | None = None,
) -> EscalationRow | None:
    """End the conversation with a person; None when there is none. For a while the customer can take it up again."""
    closed = await EscalationRepository(session).close(
        customer.id, closed_by, now, (reason or "")[:REASON_LENGTH] or None
    )
    if closed is None:
        return None
    touch(customer, now, AT_ONCE)
    # Without an operator's word there is nothing to go on with, and nothing to rate.
    if closed.first_reply_at is not None:
        closed.reopens_until = now + timedelta(minutes=closing.reopen_min)
        closed.rating_asked_at = now if closing.ask_rating else None
    return closed


async def give_back(
    session: AsyncSession, customer: CustomerRow, operator_id: int, now: datetime
) -> EscalationRow | None:
    """Let the bot answer from the next message on, without ceremony; None when it does already."""
    closed = await EscalationRepository(session).close(customer.id, operator_id, now)
    if closed is not None:
        # Not None: the card asks for no reason.
        closed.close_reason = ""
        touch(customer, now, AT_ONCE)
        return closed
    # Just closed, but still the operator's for a while: that ends.
    if (lately := await _reopenable(session, customer, now)) is not None:
        lately.reopens_until = None
    return lately


async def reopen(
    session: AsyncSession, customer: CustomerRow, words: Words, now: datetime, classifier: CurrentClassifier
) -> EscalationRow | None:
    """Go on with a conversation that was closed just now, with the operator who had it; None when the bot answers.

    A goodbye opens nothing: thanks, a sticker.
    """
    lately = await _reopenable(session, customer, now)
    if lately is None or _is_a_goodbye(words, classifier):
        return None
    lately.closed_at = lately.closed_by = lately.close_reason = lately.reopens_until = lately.rating_asked_at = None
    await session.flush()
    touch(customer, now, AT_ONCE)
    return lately


async def give_reason(session: AsyncSession, escalation_id: int, operator_id: int, reason: str, now: datetime) -> None:
    """Note why a conversation was closed."""
    row = await session.get_one(EscalationRow, escalation_id)
    row.close_reason = reason[:REASON_LENGTH]
    detail = {"escalation_id": escalation_id, "reason": row.close_reason}
    session.add(AuditRow(at=now, actor_id=operator_id, action="close_reason", detail=detail))


async def _reopenable(session: AsyncSession, customer: CustomerRow, now: datetime) -> EscalationRow | None:
    """Return the customer's newest conversation with a person if it was closed lately."""
    query = select(EscalationRow).where(EscalationRow.customer_id == customer.id).order_by(EscalationRow.id.desc())
    latest = (await session.scalars(query.limit(1).with_for_update())).one_or_none()
    if latest is None or latest.closed_at is None or latest.reopens_until is None or latest.reopens_until <= now:
        return None
    return latest


def _is_a_goodbye(words: Words, classifier: CurrentClassifier) -> bool:
    if not words.text.strip():
        return words.kind in SAYS_NOTHING
    classified = classifier.classify(words.text)
    return classified.sure and classified.route is Route.GREETING and _GOES_ON.search(words.text) is None
