"""Reads JSON Lines that people hand over: UTF-8 with or without a BOM, one object a line, blank lines skipped."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

_SHOWN: Final = 5


class RowsError(Exception):
    """The rows cannot be used; the message names file and line and says what to do."""


def read(path: Path, wanted: str, *, may_be_empty: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """Return each row with where it stands («file, line 3»); ``wanted`` says what a row is like.

    Raises:
        RowsError: the file is missing, no UTF-8 text or empty, or a line is no JSON object.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RowsError(f"{path}: cannot be read ({error.strerror}). Name a file in JSON Lines: {wanted}.") from error
    except UnicodeDecodeError as error:
        raise RowsError(f"{path}: cannot be read as UTF-8 text. Save it as UTF-8.") from error
    rows = []
    # Not splitlines: a text may hold U+2028 or U+0085 as it is.
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            where = f"{path}, line {number}"
            rows.append((where, _object(line, where, wanted)))
    if not rows and not may_be_empty:
        raise RowsError(f"{path}: holds no rows. Each line must be {wanted}.")
    return rows


def some(names: Iterable[str]) -> str:
    """Return the first of the names, and how many more there are."""
    told = sorted(names)
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return ", ".join(told[:_SHOWN]) + more


def _object(line: str, where: str, wanted: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RowsError(f"{where}: is not JSON. Each line must be {wanted}.") from error
    if not isinstance(row, dict):
        raise RowsError(f"{where}: is no object. Each line must be {wanted}.")
    return row
