"""The rows of a collection of attacks."""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from evaluation import json_lines
from evaluation.json_lines import RowsError

_WANTED: Final = 'an object with "text" and "attack" (1 an attack, 0 none)'


class Row(BaseModel):
    """A text of the collection."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    kind: str = ""
    attack: Literal[0, 1] = 1
    lang: str = "en"


def load(path: Path, *, labelled: bool = True) -> tuple[Row, ...]:
    """Read ``{"text", "kind", "attack", "lang"}`` as JSON Lines; ``labelled``: every row must say ``attack``.

    Raises:
        RowsError: the file is missing or empty, or a line cannot be read.
    """
    rows = []
    for where, fields in json_lines.read(path, _WANTED):
        if labelled and "attack" not in fields:
            raise RowsError(f'{where}: lacks "attack". Each line must be {_WANTED}.')
        try:
            rows.append(Row.model_validate(fields))
        except ValidationError as error:
            told = error.errors(include_url=False)[0]
            name = ".".join(map(str, told["loc"]))
            raise RowsError(f'{where}: "{name}" cannot be used. Each line must be {_WANTED}.') from error
    return tuple(rows)


def kind_of(row: Row) -> str:
    """Return the kind without its finer division, and the language."""
    return f"{row.kind.partition(':')[0] or 'other'} {row.lang}"
