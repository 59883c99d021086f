"""What the running bot's database says about its answers: thresholds, weights of the score, passages that are out."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from support import judge_fits, quarantine
from support.database import Database
from support.jobs import JudgeFit
from support.settings import Settings
from support.thresholds import in_force


class Calibrated(BaseModel):
    """A threshold that was chosen from the random audit; shares are 0..1."""

    model_config = ConfigDict(frozen=True)

    language: str
    version: str
    """Engine, model, prompts and judge that it holds for: about other drafts ANSWER_THRESHOLD decides."""
    threshold: float
    answers: int
    wrong: int
    """Of the judged answers at or above it."""
    max_wrong: float
    confidence: float


@dataclass(frozen=True, slots=True)
class RunningBot:
    """What decides besides the settings."""

    calibrated: tuple[Calibrated, ...] = ()
    """Empty where somebody has set ANSWER_THRESHOLD: that wins."""
    hidden: frozenset[str] = frozenset()
    """Keys of the passages that were called wrong (``Chunk.key``)."""
    fit: JudgeFit | None = None
    """Weights of the judge's score; None: the shipped ones."""
    readable: bool = True
    """False: there is a database, and it could not be read."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """Which threshold a draft is held against, as in ``support.thresholds``."""

    default: float
    """ANSWER_THRESHOLD, 0..1."""
    calibrated: tuple[Calibrated, ...] = ()

    def about(self, language: str, version: str) -> float:
        """Return what a draft's score must reach, 0..1."""
        fitting = (one.threshold for one in self.calibrated if (one.language, one.version) == (language, version))
        return next(fitting, self.default)


def running_bot(settings: Settings) -> RunningBot:
    """Read the bot's database; where there is none yet, nothing is calibrated and nothing is out."""
    file = make_url(settings.sql_url)
    if file.get_backend_name() == "sqlite" and not Path(file.database or "").exists():
        return RunningBot()
    found = asyncio.run(_read(settings.sql_url))
    if found is None:
        return RunningBot(readable=False)
    return replace(found, calibrated=()) if settings.threshold_is_set else found


async def _read(address: str) -> RunningBot | None:
    database = Database(address)
    try:
        async with database.reading() as session:
            rows = await in_force(session)
            hidden = await quarantine.keys(session)
            fit = await judge_fits.current(session)
    except (SQLAlchemyError, OSError):
        return None
    finally:
        await database.close()
    calibrated = tuple(
        Calibrated(
            language=language,
            version=row.version,
            threshold=row.value,
            answers=row.answers,
            wrong=row.wrong,
            max_wrong=row.max_wrong,
            confidence=row.confidence,
        )
        for language, row in sorted(rows.items())
    )
    return RunningBot(calibrated, hidden, fit)
