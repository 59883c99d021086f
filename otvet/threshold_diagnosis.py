"""The doctor's look at the thresholds: which one decides about answers, and what may be promised."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from otvet.findings import Finding, doubtful, good
from support import answer_audits, schema, thresholds
from support.answer_audits import Sample
from support.audit_tables import ThresholdRow
from support.database import Database
from support.settings import Settings

_LOOK: Final = "otvet eval calibrate"


async def examine_threshold(settings: Settings) -> Sequence[Finding]:
    """Hold what was calibrated against the present version and the newest judged answers."""
    found = []
    if not settings.audit_one_in:
        found.append(
            doubtful(
                "AUDIT_ONE_IN=0: no answer is drawn to be judged, so nobody can say how often the bot is wrong, and no "
                "threshold can be calibrated: set 20."
            )
        )
    try:
        if not await schema.is_current(settings.sql_url):
            return found
        rows, samples = await _read(settings.sql_url)
    except (SQLAlchemyError, OSError, ModuleNotFoundError):
        # The look at the database says so.
        return found
    if not rows:
        told = f"ANSWER_THRESHOLD {settings.answer_threshold:.2f} decides and promises nothing"
        return [*found, good(f"{told}: {_LOOK} says what is missing.")]
    if settings.threshold_is_set:
        calibrated = ", ".join(f"{language} {row.value:.2f}" for language, row in sorted(rows.items()))
        told = (
            f"ANSWER_THRESHOLD={settings.answer_threshold:.2f} is set and wins over what was calibrated ({calibrated})"
        )
        return [*found, doubtful(f"{told}: empty it, or {_LOOK} --revert.")]
    by_language = {sample.language: sample for sample in samples}
    return [*found, *(_finding(row, by_language.get(language), settings) for language, row in sorted(rows.items()))]


def _finding(row: ThresholdRow, sample: Sample | None, settings: Settings) -> Finding:
    from evaluation.calibration import upper_bound  # noqa: PLC0415  # scipy is not needed where nothing is calibrated

    told = f"{row.language}: the threshold {row.value:.2f}, calibrated on {row.applied_at:%Y-%m-%d},"
    if sample is not None and sample.version != row.version:
        return doubtful(
            f"{told} decides no longer: it holds for «{row.version}», and answers are of «{sample.version}». "
            f"ANSWER_THRESHOLD {settings.answer_threshold:.2f} decides; have new answers judged, then {_LOOK}."
        )
    fresh = [one.right for one in sample.judged if one.score >= row.value] if sample else []
    at_least = 1 - upper_bound(sum(fresh), len(fresh), 1 - row.confidence) if fresh else 0.0
    if at_least > row.max_wrong:
        return doubtful(
            f"{told} promises at most {row.max_wrong:.0%} wrong, but of {len(fresh)} answers judged since then "
            f"{len(fresh) - sum(fresh)} are: {_LOOK} --revert."
        )
    return good(
        f"{told} decides: at most {row.max_wrong:.0%} of what is sent is wrong, at {row.confidence:.0%} confidence."
    )


async def _read(address: str) -> tuple[dict[str, ThresholdRow], tuple[Sample, ...]]:
    database = Database(address)
    try:
        async with database.reading() as session:
            rows = await thresholds.in_force(session)
            since = {language: (row.version, row.applied_at) for language, row in rows.items()}
            return rows, await answer_audits.samples(session, since)
    finally:
        await database.close()
