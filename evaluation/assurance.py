"""What may be promised about wrong answers, and how many audited answers are missing where nothing may."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from evaluation.calibration import fewest
from support import judge_fits
from support.database import Database
from support.jobs import JudgeFit
from support.settings import Settings
from support.thresholds import in_force

LEVEL: Final = 0.05
T = TypeVar("T")
LIMITS: Final = (0.05, 0.02, 0.01)


class Calibrated(BaseModel):
    """A threshold that was chosen from the random audit; shares are 0..1."""

    model_config = ConfigDict(frozen=True)

    language: str
    threshold: float
    answers: int
    wrong: int
    """Of the judged answers at or above it."""
    max_wrong: float
    confidence: float


class Assurance(BaseModel):
    """How the thresholds came to be. Only answers that were drawn at random and judged by a person count."""

    model_config = ConfigDict(frozen=True)

    threshold: float
    """Of this report, and of the bot for a language without a calibrated one."""
    calibrated: tuple[Calibrated, ...]
    """What decides in the running bot; empty: the threshold is a default or a guess, and nothing is promised."""
    missing: dict[str, int]
    """Largest share of wrong answers, in per cent → how many audited answers without a mistake it takes."""


def assurance(threshold: float, calibrated: tuple[Calibrated, ...] = ()) -> Assurance:
    """Say where the threshold stands."""
    missing = {f"{limit:.0%}"[:-1]: fewest(limit, LEVEL) for limit in LIMITS}
    return Assurance(threshold=threshold, calibrated=calibrated, missing=missing)


def calibrated(settings: Settings) -> tuple[Calibrated, ...]:
    """Return the calibrated thresholds that the bot's database holds; none where there is no such database yet."""
    rows = None if settings.threshold_is_set else _read(settings, in_force)
    return tuple(
        Calibrated(
            language=language,
            threshold=row.value,
            answers=row.answers,
            wrong=row.wrong,
            max_wrong=row.max_wrong,
            confidence=row.confidence,
        )
        for language, row in sorted((rows or {}).items())
    )


def fit_in_force(settings: Settings) -> JudgeFit | None:
    """Return the weights by which the bot's answers are judged; None: the shipped ones, or no such database yet."""
    return _read(settings, judge_fits.current)


def _read(settings: Settings, read: Callable[[AsyncSession], Awaitable[T]]) -> T | None:
    file = make_url(settings.sql_url)
    if file.get_backend_name() == "sqlite" and not Path(file.database or "").exists():
        return None

    async def reading() -> T | None:
        database = Database(settings.sql_url)
        try:
            async with database.reading() as session:
                return await read(session)
        except (SQLAlchemyError, OSError):
            return None
        finally:
            await database.close()

    return asyncio.run(reading())
