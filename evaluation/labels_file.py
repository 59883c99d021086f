"""Judged answers from a JSONL file: ``{"score": 0.83, "correct": 1, "language": "ru", "sampled": "audit"}`` a line."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, Field, ValidationError

from evaluation.calibration import Label

AUDIT: Final = "audit"
EXAMPLE: Final = '{"score": 0.83, "correct": 1, "language": "ru", "sampled": "audit"}'


class LabelsError(Exception):
    """The file cannot be used; the message says where and what to do."""


class _Row(BaseModel):
    score: float = Field(ge=0, le=1)
    correct: Literal[0, 1] | None
    """None: somebody looked and could not tell."""
    language: str = "all"
    sampled: str = ""


@dataclass(frozen=True, slots=True)
class LabelsFile:
    """What was read."""

    labels: tuple[Label, ...]
    is_random: bool
    """Whether they are a random audit: rows of one, if there are any, are the only ones that count."""
    left_out: int


def read(path: Path) -> LabelsFile:
    """Read the rows.

    Raises:
        LabelsError: it cannot be read, or a row is malformed.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelsError(f"{path}: cannot be read as UTF-8 text.") from error
    rows = [_row(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    audited = [row for row in rows if row.sampled == AUDIT]
    used = audited or rows
    labels = tuple(Label(score=row.score, wrong=row.correct != 1, language=row.language) for row in used)
    return LabelsFile(labels, bool(audited), len(rows) - len(used))


def _row(path: Path, number: int, line: str) -> _Row:
    try:
        return _Row.model_validate(json.loads(line))
    except (ValueError, ValidationError) as error:
        raise LabelsError(f"{path}, line {number}: must be like {EXAMPLE}.") from error
