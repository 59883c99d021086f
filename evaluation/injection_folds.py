"""What the model of knowledge/injection_model.py is worth on texts that it has not seen: out of fold, with the rules.

``python -m evaluation.injection_folds --folds 6 --attacks attacks.jsonl --everyday messages.jsonl …`` writes nothing.
"""

import argparse
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from evaluation.attack_rows import Row, kind_of
from evaluation.attack_rows import load as load_attacks
from evaluation.figures import Share, line
from evaluation.injection_training import fit, read_everyday
from knowledge import injection
from knowledge.injection_model import InjectionModel
from support.suspicion import THRESHOLD

_SEED: Final = 7
_RUN: Final = 5
"""Words in a row."""
_ALIKE: Final = 0.2
"""Of the shorter text's runs, so many shared make two texts variants of one."""


class FoldsReport(BaseModel):
    """Every text scored by a model that saw neither it nor a variant of it."""

    model_config = ConfigDict(frozen=True)

    folds: int
    right: dict[str, Share]
    """Attacks kept from models and benign texts that pass, by kind and language."""
    everyday_passed: Share | None
    everyday_kept: tuple[str, ...]
    """Everyday messages that are taken for attacks."""


def measure_folds(rows: Sequence[Row], everyday: Mapping[str, Sequence[str]], folds: int) -> FoldsReport:
    """Fit once a fold of the attacks and once a set of everyday messages, which is left out whole; minutes."""
    folded = folds_of([row.text for row in rows], folds)
    right: dict[str, list[bool]] = defaultdict(list)
    messages = [text for texts in everyday.values() for text in texts]
    for fold in range(folds):
        model = fit(_learnable(row for row, where in zip(rows, folded, strict=True) if where != fold), messages)
        for row, where in zip(rows, folded, strict=True):
            if where == fold:
                right[kind_of(row)].append(_kept(model, row.text) == bool(row.attack))
    passed, kept = [], []
    for name, texts in everyday.items():
        held = set(texts)
        model = fit(_learnable(rows), [text for text in messages if text not in held])
        for text in sorted(held):
            suspected = _kept(model, text)
            passed.append(not suspected)
            kept += [f"{name}: {text}"] if suspected else []
    return FoldsReport(
        folds=folds,
        right={kind: Share.of(some) for kind, some in sorted(right.items())},
        everyday_passed=Share.of(passed) if passed else None,
        everyday_kept=tuple(kept),
    )


def render_folds(report: FoldsReport) -> str:
    """Return the report as lines of plain text."""
    lines = [f"Told rightly at {THRESHOLD:.2f}, each by a model that had not seen it ({report.folds} folds):"]
    lines += [line(kind, share) for kind, share in report.right.items()]
    if report.everyday_passed:
        lines += [line("everyday messages that pass", report.everyday_passed)]
        lines += [f"  KEPT {' '.join(text.split())[:160]}" for text in report.everyday_kept]
    return "\n".join(lines)


def _learnable(rows: Iterable[Row]) -> list[tuple[str, bool]]:
    return [(row.text, bool(row.attack)) for row in rows if not row.kind.startswith("indirect")]


def _kept(model: InjectionModel, text: str) -> bool:
    return injection.find(text) is not None or model.probability(text) >= THRESHOLD


def folds_of(texts: Sequence[str], folds: int) -> list[int]:
    """Return the fold of each text; variants of one text are in one fold."""
    runs = [_runs(text) for text in texts]
    group = list(range(len(texts)))
    for left in range(len(texts)):
        for right in range(left):
            shorter = min(len(runs[left]), len(runs[right]))
            if shorter and len(runs[left] & runs[right]) >= _ALIKE * shorter:
                old, new = group[left], group[right]
                group = [new if one == old else one for one in group]
    names = sorted(set(group))
    random.Random(_SEED).shuffle(names)  # noqa: S311  # nothing secret
    place = {name: number % folds for number, name in enumerate(names)}
    return [place[one] for one in group]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)}


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description="Measure, out of fold, what messages to a model are told from others.")
    parser.add_argument("--attacks", type=Path, required=True, help="A file as of otvet eval attacks.")
    parser.add_argument("--everyday", type=Path, nargs="*", default=[], help='Files of {"text"} rows, each a set.')
    parser.add_argument("--folds", type=int, default=6)
    told = parser.parse_args()
    everyday = {str(file): read_everyday(file) for file in told.everyday}
    report = measure_folds(load_attacks(told.attacks), everyday, told.folds)
    sys.stdout.write(render_folds(report) + "\n")


if __name__ == "__main__":
    main()
