"""What a report says of the threshold."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from evaluation.assurance import assurance, calibrated
from support import thresholds
from support.database import Database
from support.settings import Settings


async def apply(address: str) -> None:
    chosen = thresholds.NewThreshold(
        language="ru", version="v", value=0.83, max_wrong=0.05, confidence=0.95, answers=120, wrong=1
    )
    database = Database(address)
    async with database.writing() as session:
        await thresholds.apply(session, [chosen], datetime.now(UTC))
    await database.close()


def test_without_a_database_nothing_is_promised_and_none_is_made(tmp_path: Path) -> None:
    found = assurance(0.75, calibrated(Settings(data_dir=tmp_path, database_url="")))

    assert found.calibrated == ()
    assert found.missing == {"5": 59, "2": 149, "1": 299}
    assert list(tmp_path.iterdir()) == []


def test_a_calibrated_threshold_is_told_unless_somebody_has_set_another(database_url: str) -> None:
    asyncio.run(apply(database_url))

    [one] = calibrated(Settings(database_url=database_url))
    assert (one.language, one.threshold, one.answers, one.wrong) == ("ru", 0.83, 120, 1)
    assert calibrated(Settings(database_url=database_url, answer_threshold=0.9)) == ()
