"""Weights of the judge's score that a company's operators taught: which are in force, applied, taken back.

Each job carries those by which its draft is to be judged, so they hold for the next question without a restart.
Callers own the transaction.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.audit_tables import JudgeFitRow
from support.jobs import JudgeFit
from support.operators import audit
from support.thresholds import COMMAND_LINE


async def in_force(session: AsyncSession) -> JudgeFitRow | None:
    """Return the fit that is in force; None: the shipped score."""
    query = select(JudgeFitRow).where(JudgeFitRow.reverted_at.is_(None)).order_by(JudgeFitRow.id.desc()).limit(1)
    return (await session.scalars(query)).one_or_none()


async def current(session: AsyncSession) -> JudgeFit | None:
    """Return the same as a job carries it."""
    row = await in_force(session)
    return None if row is None else told(row)


def told(row: JudgeFitRow) -> JudgeFit:
    """Return a stored fit as a job carries it."""
    return JudgeFit(version=row.version, base=row.base, bias=row.bias, weights=row.weights)


async def bases(session: AsyncSession) -> dict[str, str]:
    """Return for the version of every fit that ever was the version of the shipped score whose features it weighs."""
    rows = await session.scalars(select(JudgeFitRow))
    return {row.version: row.base for row in rows}


async def apply(
    session: AsyncSession, *, base: str, bias: float, weights: Mapping[str, float], labels: int, now: datetime
) -> JudgeFitRow:
    """Let the weights judge from now on, as a version that no draft had before: what trained them never audits them."""
    made = hashlib.sha256(json.dumps([base, bias, dict(weights), now.isoformat()]).encode()).hexdigest()[:8]
    row = JudgeFitRow(version=made, base=base, bias=bias, weights=dict(weights), labels=labels, applied_at=now)
    session.add(row)
    await session.flush()
    audit(session, now, COMMAND_LINE, "judge_fit_applied", version=made, base=base, labels=labels)
    return row


async def revert(session: AsyncSession, now: datetime) -> tuple[str, str | None] | None:
    """Take the fit in force back; return its version and the one that judges now (None: the shipped score)."""
    taken = await in_force(session)
    if taken is None:
        return None
    taken.reverted_at = now
    await session.flush()
    left = await in_force(session)
    judges = None if left is None else left.version
    audit(session, now, COMMAND_LINE, "judge_fit_reverted", version=taken.version, judges=judges)
    return taken.version, judges
