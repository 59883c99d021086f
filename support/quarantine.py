"""Passages that an operator called wrong: no search finds them until an administrator has decided. Callers commit.

A passage is known by its key (``Chunk.key``): it stays out in every release that holds the same text under the same
headings, and a corrected text answers at once.
"""

from datetime import datetime
from typing import Final, Literal

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.passages import Chunk
from support.answering import heading
from support.desk_tables import QuarantineRow
from support.tables import AuditRow

KEPT: Final = "kept"
REMOVED: Final = "removed"
Decision = Literal["kept", "removed"]
_OUT: Final = or_(QuarantineRow.decision.is_(None), QuarantineRow.decision == REMOVED)


async def keys(session: AsyncSession) -> frozenset[str]:
    """Return the keys of all passages that answer nobody."""
    return frozenset(await session.scalars(select(QuarantineRow.passage_key).where(_OUT)))


async def count(session: AsyncSession) -> tuple[int, int]:
    """Return how many wait for a decision, and how many were removed for good."""
    undecided = select(func.count()).select_from(QuarantineRow).where(QuarantineRow.decision.is_(None))
    removed = select(func.count()).select_from(QuarantineRow).where(QuarantineRow.decision == REMOVED)
    return await session.scalar(undecided) or 0, await session.scalar(removed) or 0


async def report(session: AsyncSession, chunk: Chunk, operator_id: int, now: datetime) -> tuple[QuarantineRow, bool]:
    """Take a passage out; return its row and whether that is new."""
    query = select(QuarantineRow).where(QuarantineRow.passage_key == chunk.key, _OUT)
    known = (await session.scalars(query.with_for_update())).first()
    if known is not None:
        return known, False
    row = QuarantineRow(
        passage_key=chunk.key,
        source=chunk.source,
        heading=heading(chunk),
        text=chunk.text,
        reported_by=operator_id,
        reported_at=now,
    )
    session.add(row)
    await session.flush()
    detail = {"quarantine_id": row.id, "source": chunk.source, "heading": row.heading}
    session.add(AuditRow(at=now, actor_id=operator_id, action="passage_quarantined", detail=detail))
    return row, True


async def decide(
    session: AsyncSession, quarantine_id: int, decision: Decision, admin_id: int, now: datetime
) -> tuple[QuarantineRow, bool] | None:
    """Decide about a passage; return its row and whether that is new. None: there is no such row."""
    row = await session.get(QuarantineRow, quarantine_id, with_for_update=True)
    if row is None:
        return None
    if row.decision is not None:
        return row, False
    row.decision, row.decided_by, row.decided_at = decision, admin_id, now
    detail = {"quarantine_id": row.id, "source": row.source, "heading": row.heading}
    session.add(AuditRow(at=now, actor_id=admin_id, action=f"passage_{decision}", detail=detail))
    await session.flush()
    return row, True
