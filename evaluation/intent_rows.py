"""Labelled messages for ``otvet eval intents``, as JSON Lines: ``text`` and ``label``, perhaps ``split``."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

UNKNOWN_LABELS: Final = frozenset({"oos", "ood", "out_of_scope", "out-of-scope", "NO_NODES_DETECTED"})
"""What data sets call a message that is none of the labels."""
FILE: Final = "intents.jsonl"
_FOLDS: Final = 5


class IntentRowsError(Exception):
    """The rows cannot be used; the message names file and line and says what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled message; no label: it is none of them."""

    text: str
    label: str | None
    split: str
    group: str


def read_rows(path: Path, *, unknown: str | None = None, by: str | None = None) -> list[Row]:
    """Read a file, or ``intents.jsonl`` of a folder; ``by``: the field that parts the rows into sets of their own.

    Raises:
        IntentRowsError: the file is missing or a line is no labelled message.
    """
    file = path / FILE if path.is_dir() else path
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise IntentRowsError(f"{file}: cannot be read as UTF-8 text. Name a JSON Lines file.") from error
    rows = [_row(f"{file}, line {number}", line, unknown, by) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise IntentRowsError(f"{file}: holds no rows. Each line must be an object with text and label.")
    return rows


def _row(where: str, line: str, unknown: str | None, by: str | None) -> Row:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise IntentRowsError(f"{where}: is not JSON. Each line must be an object with text and label.") from error
    if not isinstance(value, dict) or not isinstance(value.get("text"), str) or value.get("label") is None:
        raise IntentRowsError(f"{where}: lacks text or label. Each line must be an object with both.")
    if by is not None and by not in value:
        raise IntentRowsError(f"{where}: lacks {by}, by which the rows are to be parted.")
    label = str(value["label"])
    none = label == unknown if unknown is not None else label in UNKNOWN_LABELS
    group = str(value[by]) if by is not None else ""
    return Row(value["text"], None if none else label, str(value.get("split", "")), group)


def splits(rows: Sequence[Row], *, crossed: bool) -> list[tuple[list[Row], list[Row]]]:
    """Return pairs of rows to learn from and rows to be asked about.

    The rows of the split ``train`` and the others; without others, or ``crossed``, five folds of all rows.
    """
    train = [row for row in rows if row.split == "train"]
    rest = [row for row in rows if row.split != "train"]
    if train and rest and not crossed:
        return [(train, rest)]
    fold = np.random.default_rng(0).permutation(len(rows)) % _FOLDS
    return [
        (
            [row for row, place in zip(rows, fold, strict=True) if place != number],
            [row for row, place in zip(rows, fold, strict=True) if place == number],
        )
        for number in range(_FOLDS)
    ]


def few(rows: Sequence[Row], shots: int) -> list[Row]:
    """Return at most so many rows of each label, chosen at random once and for all; strangers stay."""
    by_label: Mapping[str, list[Row]] = defaultdict(list)
    kept: list[Row] = []
    for place in np.random.default_rng(0).permutation(len(rows)):
        row = rows[place]
        same = by_label[row.label] if row.label is not None else []
        if len(same) < shots:
            same.append(row)
            kept.append(row)
    return kept
