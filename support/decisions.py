"""What the bot decided about a message and why: for the sandbox's page and for operators."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.database import Database
from support.tables import MessageRow, TurnRow
from support.transport_tables import DeliveryRow


async def decision_for(database: Database, chat_id: int, message_id: int) -> dict[str, Any] | None:
    """Return the decision behind a message, whoever sent it; None when no turn stands behind it."""
    async with database.reading() as session:
        turn = await _turn_behind(session, chat_id, message_id)
        if turn is None:
            return None
        timings = {}
        if turn.closed_at is not None:
            timings["collected"] = (turn.closed_at - turn.opened_at).total_seconds() * 1000
            if turn.finished_at is not None:
                timings["decided"] = (turn.finished_at - turn.closed_at).total_seconds() * 1000
        return {
            "turn_id": turn.id,
            "state": turn.state,
            "text": turn.text,
            "language": turn.language,
            "intent": turn.trace.get("intent"),
            "search": turn.trace.get("search"),
            "draft": turn.trace.get("draft"),
            "outcome": turn.trace.get("outcome", turn.state),
            "reason": turn.trace.get("reason"),
            "timings_ms": timings,
            "steps": [],
        }


async def _turn_behind(session: AsyncSession, chat_id: int, message_id: int) -> TurnRow | None:
    written = select(MessageRow.turn_id).where(MessageRow.chat_id == chat_id, MessageRow.message_id == message_id)
    sent = select(DeliveryRow.turn_id).where(DeliveryRow.chat_id == chat_id, DeliveryRow.message_id == message_id)
    turn_id = await session.scalar(written) or await session.scalar(sent)
    return await session.get(TurnRow, turn_id) if turn_id else None
