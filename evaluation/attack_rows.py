"""The rows of a collection of attacks."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError


class AttacksError(Exception):
    """The data cannot be used; the message names file and line."""


class Row(BaseModel):
    """A text of the collection."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    kind: str = ""
    attack: int = 1
    lang: str = "en"


def load(path: Path) -> tuple[Row, ...]:
    """Read ``{"text", "kind", "attack", "lang"}`` as JSON Lines.

    Raises:
        AttacksError: the file is missing or empty, or a line cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise AttacksError(f"{path}: cannot be read as UTF-8 text. Name a file of attacks, or its folder.") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(Row.model_validate(json.loads(line)))
        except (ValueError, ValidationError) as error:
            raise AttacksError(f'{path}, line {number}: is no JSON object with "text" and "attack".') from error
    if not rows:
        raise AttacksError(f"{path}: holds no rows.")
    return tuple(rows)


def kind_of(row: Row) -> str:
    """Return the kind without its finer division, and the language."""
    return f"{row.kind.partition(':')[0] or 'other'} {row.lang}"
