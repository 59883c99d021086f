"""Examples of intents that administrators have added; callers own the transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.desk_tables import IntentExampleRow
from support.masking import mask
from support.orders.numbers import without_order_numbers
from support.tables import AuditRow, TurnRow

MAX_LENGTH: Final = 600
"""Characters; the classifier reads no more of a message."""
Version = tuple[tuple[int, str], ...]


def example_of(turn: TurnRow) -> str:
    """Return what would be stored of a turn: its words without what is personal, digits of order numbers as 0."""
    return without_order_numbers(mask(turn.text[:MAX_LENGTH])).strip()


async def intent_of(session: AsyncSession, turn_id: int) -> str | None:
    """Return the intent that an administrator has made a turn an example of."""
    return await session.scalar(select(IntentExampleRow.intent).where(IntentExampleRow.turn_id == turn_id))


async def last_turn(session: AsyncSession, customer_id: int) -> TurnRow | None:
    """Return the last turn of a customer that has words."""
    said = select(TurnRow).where(TurnRow.customer_id == customer_id, TurnRow.text != "")
    return await session.scalar(said.order_by(TurnRow.id.desc()).limit(1))


async def put(session: AsyncSession, turn: TurnRow, intent: str, admin_id: int, now: datetime) -> IntentExampleRow:
    """Add a turn as an example, or correct which intent it is an example of."""
    row = await session.scalar(select(IntentExampleRow).where(IntentExampleRow.turn_id == turn.id))
    if row is not None and row.intent == intent:
        return row
    if row is None:
        row = IntentExampleRow(turn_id=turn.id)
        session.add(row)
    row.intent, row.text, row.added_by, row.added_at = intent, example_of(turn), admin_id, now
    await session.flush()
    _audit(session, "intent_example_added", row, admin_id, now)
    return row


async def remove(session: AsyncSession, example_id: int, admin_id: int, now: datetime) -> int | None:
    """Take an example back and return its turn; None: it is not there any more."""
    row = await session.get(IntentExampleRow, example_id)
    if row is None:
        return None
    _audit(session, "intent_example_removed", row, admin_id, now)
    await session.delete(row)
    await session.flush()
    return row.turn_id


async def version(session: AsyncSession) -> Version:
    """Return what differs when the examples do: which turns, as examples of what. SQLite gives ids out anew."""
    found = await session.execute(
        select(IntentExampleRow.turn_id, IntentExampleRow.intent).order_by(IntentExampleRow.id)
    )
    return tuple((turn_id, intent) for turn_id, intent in found)


async def every(session: AsyncSession) -> Sequence[IntentExampleRow]:
    """Return all examples, oldest first."""
    return (await session.scalars(select(IntentExampleRow).order_by(IntentExampleRow.id))).all()


def _audit(session: AsyncSession, action: str, row: IntentExampleRow, admin_id: int, now: datetime) -> None:
    detail = {"intent": row.intent, "turn_id": row.turn_id}
    session.add(AuditRow(at=now, actor_id=admin_id, action=action, detail=detail))
