"""Judged answers from a JSONL file: ``{"score": 0.83, "correct": 1, "language": "ru", "sampled": "audit"}`` a line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from evaluation import json_lines
from evaluation.calibration import Label
from evaluation.json_lines import RowsError

AUDIT: Final = "audit"
EXAMPLE: Final = '{"score": 0.83, "correct": 1, "language": "ru", "sampled": "audit"}'


_Word = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True)]


class _Row(BaseModel):
    score: float = Field(ge=0, le=1)
    correct: Literal[0, 1] | None
    """None: somebody looked and could not tell."""
    language: _Word = "all"
    """RU and ru are one."""
    sampled: _Word = ""


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
        RowsError: it cannot be read, or a row is malformed.
    """
    wanted = f"an object like {EXAMPLE}"
    rows = [_row(where, fields, wanted) for where, fields in json_lines.read(path, wanted, may_be_empty=True)]
    audited = [row for row in rows if row.sampled == AUDIT]
    used = audited or rows
    labels = tuple(Label(score=row.score, wrong=row.correct != 1, language=row.language) for row in used)
    return LabelsFile(labels, bool(audited), len(rows) - len(used))


def _row(where: str, fields: dict[str, Any], wanted: str) -> _Row:
    try:
        return _Row.model_validate(fields)
    except ValidationError as error:
        raise RowsError(f"{where}: must be {wanted}.") from error
