"""Customers' ratings: of the bot's answers, and of a conversation with an operator. Callers own the transaction."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.board import touch
from support.tables import AnswerRow, CustomerRow, EscalationRow, TurnRow
from support.transport_tables import DeliveryRow

SCORES: Final = (1, 2, 3, 4, 5)
WORD_LENGTH: Final = 1000
WORD_WITHIN: Final = timedelta(days=2)
SHOWN_WITHIN: Final = timedelta(minutes=2)
"""Score and word come one after the other: the card is edited once for both."""


async def rate(session: AsyncSession, customer_id: int, answer_id: int, value: int) -> bool:
    """Store 1 or -1 for an answer; False when it is not an answer to this customer. Changing one's mind is allowed."""
    query = select(AnswerRow).join(TurnRow).where(AnswerRow.id == answer_id, TurnRow.customer_id == customer_id)
    answer = (await session.scalars(query)).one_or_none()
    if answer is None:
        return False
    answer.rating = value
    return True


async def score(
    session: AsyncSession, customer: CustomerRow, escalation_id: int, value: int, now: datetime
) -> EscalationRow | None:
    """Store 1..5 for a closed conversation; None when it is not this customer's. Changing one's mind is allowed."""
    row = await session.get(EscalationRow, escalation_id)
    if row is None or row.customer_id != customer.id or row.closed_at is None or value not in SCORES:
        return None
    row.rating = value
    touch(customer, now, SHOWN_WITHIN)
    return row


async def asked_for_a_word(
    session: AsyncSession, customer_id: int, message_id: int, now: datetime
) -> EscalationRow | None:
    """Return the closed conversation whose request for a rating a message of the bot is; None for any other message.

    The farewell asks for a score and says that more questions may be written: a reply to it is a word once there is
    a score, and before that what any message is.
    """
    query = select(DeliveryRow.key).where(DeliveryRow.customer_id == customer_id, DeliveryRow.message_id == message_id)
    keys = query.where(DeliveryRow.to_topic.is_(False), DeliveryRow.key.like("escalation:%"))
    for key in await session.scalars(keys):
        number, _, name = key.removeprefix("escalation:").partition(":")
        asked = name.partition(":")[0]
        if asked in {"closed", "word"} and number.isdecimal():
            row = await session.get(EscalationRow, int(number))
            if row is None or row.closed_at is None or row.rating_asked_at is None:
                return None
            lately = now - row.closed_at <= WORD_WITHIN
            return row if lately and (asked == "word" or row.rating is not None) else None
    return None


def add_word(customer: CustomerRow, escalation: EscalationRow, text: str, now: datetime) -> None:
    """Store what the customer says about a conversation; a second word comes after the first."""
    before = f"{escalation.rating_text}\n" if escalation.rating_text else ""
    escalation.rating_text = (before + text)[:WORD_LENGTH]
    touch(customer, now, SHOWN_WITHIN)
