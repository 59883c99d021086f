"""Customers' ratings of answers. Callers own the transaction."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.tables import AnswerRow, TurnRow


async def rate(session: AsyncSession, customer_id: int, answer_id: int, value: int) -> bool:
    """Store 1 or -1 for an answer; False when it is not an answer to this customer. Changing one's mind is allowed."""
    query = select(AnswerRow).join(TurnRow).where(AnswerRow.id == answer_id, TurnRow.customer_id == customer_id)
    answer = (await session.scalars(query)).one_or_none()
    if answer is None:
        return False
    answer.rating = value
    return True
