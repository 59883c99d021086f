"""The answer audit: one answer in so many is drawn at random, and a person says whether it is right.

Drawn are answers that the score decides about, sent or held back: the threshold is chosen from them, and whether one is
drawn depends on nothing but a secret and the turn's number. What fails a check or touches a risk goes to a person at
any threshold and is not among them. Callers own the transaction.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from support import citations
from support.audit_tables import AnswerAuditRow
from support.jobs import Draft, GenerationJob
from support.masking import mask
from support.operators import audit
from support.secret import Secret
from support.tables import TurnRow
from support.turns import turn_language

RECENT: Final = 30
"""Answers by which the present version is told: one that a judge model was not heard about is of another one."""
log = structlog.get_logger()


class Judgement(StrEnum):
    """What became of an answer that was drawn."""

    RIGHT = "right"
    WRONG = "wrong"
    UNSURE = "unsure"
    """Somebody looked and could not tell: counts as wrong."""
    ERASED = "erased"
    """The customer had himself erased before: may have to do with the answer, so it counts as wrong."""
    EXPIRED = "expired"
    """Nobody came to it within the retention period: left out, and counted."""


BY_PEOPLE: Final = (Judgement.RIGHT, Judgement.WRONG, Judgement.UNSURE)
COUNTED: Final = (*BY_PEOPLE, Judgement.ERASED)


@dataclass(frozen=True, slots=True)
class Draw:
    """Draws answers: one in ``one_in``; 0: none."""

    one_in: int
    secret: Secret

    def takes(self, turn_id: int) -> bool:
        """Whether a turn's answer is drawn: always the same for the same turn."""
        if self.one_in == 0:
            return False
        try:
            return self.secret.draw(f"answer-audit:{turn_id}") < 1 / self.one_in
        except OSError as error:
            # No answer waits for its audit.
            log.error("answers cannot be drawn: DATA_DIR is not writable", error=type(error).__name__)
            return False

    async def consider(
        self,
        session: AsyncSession,
        turn: TurnRow,
        draft: Draft,
        now: datetime,
        *,
        threshold: float,
        release: int | None,
    ) -> None:
        """Keep an answer for the audit if it is drawn; once a turn."""
        known = select(AnswerAuditRow.id).where(AnswerAuditRow.turn_id == turn.id)
        if turn.job is None or not self.takes(turn.id) or await session.scalar(known) is not None:
            return
        job = GenerationJob.model_validate_json(turn.job)
        text, sources = citations.shown(draft, job.passages)
        row = AnswerAuditRow(
            turn_id=turn.id,
            language=turn_language(turn),
            score=draft.verdict.score,
            threshold=threshold,
            sent=draft.verdict.score >= threshold,
            version=version_of(draft),
            release=release,
            one_in=self.one_in,
            question=_asked(job),
            answer=mask(text, known=[passage.text for passage in job.passages]),
            sources=[source.heading for source in sources],
            chosen_at=now,
        )
        session.add(row)


def version_of(draft: Draft) -> str:
    """Return what made a draft and its score: engine, model, prompts with the judge model, the judge's function."""
    return " ".join((draft.engine, draft.model, draft.prompt_version, draft.verdict.version)).strip()


def version_of_stored(draft: dict[str, Any]) -> str:
    """Return the same of a draft as the database has it; empty where it does not say."""
    verdict = draft.get("verdict") or {}
    names = (*(draft.get(name, "") for name in ("engine", "model", "prompt_version")), verdict.get("version", ""))
    return " ".join(names).strip()


def _asked(job: GenerationJob) -> str:
    """Return the question, with how a follow-up was completed."""
    if all(part in job.question for part in job.parts):
        return job.question
    return mask(f"{job.question}\n→ {' '.join(job.parts)}")


async def waiting(session: AsyncSession) -> AnswerAuditRow | None:
    """Return the answer that has waited longest to be judged: nobody picks among them."""
    query = select(AnswerAuditRow).where(AnswerAuditRow.verdict.is_(None)).order_by(AnswerAuditRow.id).limit(1)
    return (await session.scalars(query)).one_or_none()


async def count_waiting(session: AsyncSession) -> int:
    """Return how many answers wait to be judged."""
    return await session.scalar(select(func.count()).where(AnswerAuditRow.verdict.is_(None))) or 0


def judge(session: AsyncSession, row: AnswerAuditRow, judgement: Judgement, operator_id: int, now: datetime) -> bool:
    """Write down what a person says, the first time or instead of what was said before; False: nothing is new."""
    if row.verdict == judgement:
        return False
    detail = {"answer_audit_id": row.id, "turn_id": row.turn_id, "verdict": judgement, "before": row.verdict}
    audit(session, now, operator_id, "answer_judged", **detail)
    row.verdict, row.judged_by, row.judged_at = judgement, operator_id, now
    return True


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer that counts: its score, and whether it was called right."""

    score: float
    right: bool
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the audit knows about the answers of one language and the present version."""

    language: str
    version: str
    judged: tuple[Judged, ...]
    counts: dict[str, int]
    """By judgement, and "waiting"."""
    other_versions: int
    """Judged answers of former models, prompts or judges: not counted."""
    used_before: int
    """Judged before the threshold in force was applied, which rests on them: not counted again."""
    releases: int
    """How many knowledge releases the answers come from."""


async def samples(session: AsyncSession, since: dict[str, tuple[str, datetime]]) -> tuple[Sample, ...]:
    """Return the audit's labels by language.

    ``since``: for a language the version and the moment of the threshold in force, whose labels are not used twice.
    """
    languages = await session.scalars(select(AnswerAuditRow.language).distinct().order_by(AnswerAuditRow.language))
    return tuple([await _sample(session, language, since.get(language)) for language in languages])


async def _sample(session: AsyncSession, language: str, since: tuple[str, datetime] | None) -> Sample:
    query = select(AnswerAuditRow).where(AnswerAuditRow.language == language).order_by(AnswerAuditRow.id)
    rows = list(await session.scalars(query))
    version = _present(rows)
    of_version = [row for row in rows if row.version == version]
    used = [row for row in of_version if _is_used(row, since)]
    fresh = [row for row in of_version if not _is_used(row, since)]
    counted = [row for row in fresh if row.verdict in COUNTED]
    return Sample(
        language=language,
        version=version,
        judged=tuple(Judged(row.score, row.verdict == Judgement.RIGHT, language) for row in counted),
        counts=dict(Counter(row.verdict or "waiting" for row in fresh)),
        other_versions=sum(row.verdict in COUNTED for row in rows if row.version != version),
        used_before=len(used),
        releases=len({row.release for row in counted}),
    )


def _present(rows: Sequence[AnswerAuditRow]) -> str:
    return Counter(row.version for row in rows[-RECENT:]).most_common(1)[0][0]


def _is_used(row: AnswerAuditRow, since: tuple[str, datetime] | None) -> bool:
    return since is not None and row.version == since[0] and row.judged_at is not None and row.judged_at <= since[1]
