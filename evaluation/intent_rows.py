"""Labelled messages for ``otvet eval intents``, as JSON Lines: ``text`` and ``label``, perhaps ``split``."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from evaluation import json_lines
from evaluation.json_lines import RowsError

UNKNOWN_LABELS: Final = frozenset({"oos", "ood", "out_of_scope", "out-of-scope", "NO_NODES_DETECTED"})
"""What data sets call a message that is none of the labels."""
FILE: Final = "intents.jsonl"
_FOLDS: Final = 5
_WANTED: Final = "an object with text and label"


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
        RowsError: the file is missing or a line is no labelled message.
    """
    file = path / FILE if path.is_dir() else path
    return [_row(where, fields, unknown, by) for where, fields in json_lines.read(file, _WANTED)]


def _row(where: str, value: dict[str, Any], unknown: str | None, by: str | None) -> Row:
    if not isinstance(value.get("text"), str) or value.get("label") is None:
        raise RowsError(f"{where}: lacks text or label. Each line must be {_WANTED}.")
    if by is not None and by not in value:
        raise RowsError(f"{where}: lacks {by}, by which the rows are to be parted.")
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


def repeats(learned: Sequence[Row], asked: Sequence[Row]) -> int:
    """Return how many of the rows asked have words that were learned."""
    known = {row.text.strip().casefold() for row in learned}
    return sum(row.text.strip().casefold() in known for row in asked)


def unlearned(pairs: Sequence[tuple[Sequence[Row], Sequence[Row]]]) -> Counter[str]:
    """Count the rows asked whose label nobody learned, by label."""
    names = {row.label for learned, _ in pairs for row in learned}
    return Counter(row.label for _, asked in pairs for row in asked if row.label is not None and row.label not in names)
