"""Calibrated thresholds: which one decides about a draft, and how they are applied and taken back.

ANSWER_THRESHOLD, where somebody has set it, wins. A calibrated threshold holds for the version that it was calibrated
with: after a change of model, prompts or judge the default decides again. Callers own the transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.answer_audits import version_of
from support.audit_tables import ThresholdRow
from support.jobs import Draft, Language
from support.operators import audit

COMMAND_LINE: Final = 0
"""The actor of what is done on the machine itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewThreshold:
    """What a calibration chose for a language; shares are 0..1."""

    language: str
    version: str
    value: float
    max_wrong: float
    confidence: float
    answers: int
    wrong: int


async def in_force(session: AsyncSession) -> dict[str, ThresholdRow]:
    """Return the calibrated threshold of each language that has one."""
    query = select(ThresholdRow).where(ThresholdRow.reverted_at.is_(None)).order_by(ThresholdRow.id)
    return {row.language: row for row in await session.scalars(query)}


async def for_draft(session: AsyncSession, draft: Draft, language: Language, default: float) -> float:
    """Return what a draft's score must reach, 0..1. Asked at every draft: what is applied holds without a restart."""
    return await for_version(session, version_of(draft), language, default)


async def for_version(session: AsyncSession, version: str, language: Language, default: float) -> float:
    """Return what the scores of such drafts must reach, 0..1. ``version``: as in ``answer_audits.version_of``."""
    newest = (
        select(ThresholdRow.value, ThresholdRow.version)
        .where(ThresholdRow.language == language, ThresholdRow.reverted_at.is_(None))
        .order_by(ThresholdRow.id.desc())
        .limit(1)
    )
    row = (await session.execute(newest)).one_or_none()
    return row.value if row is not None and row.version == version else default


async def apply(session: AsyncSession, chosen: Sequence[NewThreshold], now: datetime) -> None:
    """Let the thresholds decide from now on."""
    for one in chosen:
        session.add(
            ThresholdRow(
                language=one.language,
                version=one.version,
                value=one.value,
                max_wrong=one.max_wrong,
                confidence=one.confidence,
                answers=one.answers,
                wrong=one.wrong,
                applied_at=now,
            )
        )
        detail = {"language": one.language, "threshold": one.value, "answers": one.answers, "wrong": one.wrong}
        audit(session, now, COMMAND_LINE, "threshold_applied", max_wrong=one.max_wrong, **detail)


async def revert(session: AsyncSession, now: datetime) -> dict[str, tuple[float, float | None]]:
    """Take the threshold of each language back; return what it was and what decides now, None: the default."""
    taken = await in_force(session)
    for row in taken.values():
        row.reverted_at = now
    await session.flush()
    left = await in_force(session)
    changed: dict[str, tuple[float, float | None]] = {}
    for language, row in taken.items():
        now_in_force = left[language].value if language in left else None
        changed[language] = (row.value, now_in_force)
        detail = {"language": language, "threshold": row.value, "decides": now_in_force}
        audit(session, now, COMMAND_LINE, "threshold_reverted", **detail)
    return changed
