"""Which threshold decides about each language's drafts of now: as ``support.thresholds`` has it for the newest one."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.answer_audits import version_of_stored
from support.jobs import Language
from support.tables import AnswerRow, TurnRow
from support.thresholds import for_version

LANGUAGES: Final[tuple[Language, ...]] = ("ru", "en")


async def deciding(session: AsyncSession, since: datetime, default: float, *, is_set: bool) -> dict[str, float]:
    """Return what decides by language, 0..1; of a language without drafts since then nothing.

    ``is_set``: somebody has set ANSWER_THRESHOLD (``default``), which wins.
    """
    found: dict[str, float] = {}
    for language in LANGUAGES:
        version = await _newest_version(session, since, language)
        if version is not None:
            found[language] = default if is_set else await for_version(session, version, language, default)
    return found


async def _newest_version(session: AsyncSession, since: datetime, language: Language) -> str | None:
    """Return what made the newest draft of a language, sent or held back; None: there is none."""
    sent = select(TurnRow.opened_at, AnswerRow.draft).join(TurnRow, TurnRow.id == AnswerRow.turn_id)
    sent = sent.where(AnswerRow.created_at >= since, TurnRow.language == language).order_by(AnswerRow.created_at.desc())
    held = select(TurnRow.opened_at, TurnRow.draft).where(TurnRow.opened_at >= since, TurnRow.language == language)
    held = held.where(TurnRow.draft["verdict"]["score"].as_float().is_not(None)).order_by(TurnRow.opened_at.desc())
    rows = [(await session.execute(query.limit(1))).one_or_none() for query in (sent, held)]
    drafts = [(row[0], row[1]) for row in rows if row is not None]
    return version_of_stored(max(drafts, key=lambda one: one[0])[1] or {}) if drafts else None
