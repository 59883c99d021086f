"""How well is a supported answer told from an unsupported one? Over rows of context, answer and people's judgement.

JSON Lines: ``{"context", "answer", "label"}`` (1 supported, 0 not), besides ``question`` and ``lang``.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from evaluation import json_lines
from evaluation.json_lines import RowsError
from evaluation.ranked import Mean, resamples
from knowledge.language import detect
from knowledge.tokens import terms
from workers.grounding.features import measure
from workers.grounding.model import shipped

_BINS: Final = 10
_BOTH: Final = 2
_WANTED: Final = "an object with the texts context and answer, and label"
_SEED: Final = 5
# Shorter answers are alike by chance.
_TELLING_WORDS: Final = 5


class JudgedError(RowsError):
    """The rows cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer with what people said of it."""

    question: str
    context: str
    answer: str
    language: str
    supported: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """Rows with their features."""

    rows: tuple[Judged, ...]
    names: tuple[str, ...]
    features: NDArray[np.float64]
    """float64[n, n_features]."""
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Judged]) -> "Measured":
        """Measure every row."""
        found = [measure(row.question, row.context, row.answer) for row in rows]
        names = tuple(sorted(found[0]))
        features = np.array([[one[name] for name in names] for one in found], dtype=np.float64)
        return cls(tuple(rows), names, features, np.array([row.supported for row in rows], dtype=np.int64))

    def only(self, kept: Sequence[bool]) -> "Measured":
        """Return some of the rows."""
        mask = np.array(kept, dtype=np.bool_)
        rows = tuple(itertools.compress(self.rows, kept))
        return Measured(rows, self.names, self.features[mask], self.labels[mask])


class JudgeSlice(BaseModel):
    """Figures for one language, or for all."""

    model_config = ConfigDict(frozen=True)

    language: str
    supported: int
    unsupported: int
    auroc: Mean
    peer: Mean
    """Of plain overlap: the share of the answer's stems that stand in the context."""
    others: dict[str, Mean] = {}
    """AUROC of other scores of the same rows, by name."""
    brier: float
    ece: float
    """Expected calibration error over ten bins of equal width."""


class JudgeReport(BaseModel):
    """What an evaluation of the judge found out."""

    model_config = ConfigDict(frozen=True)

    trained_on: str
    model: str = ""
    """The judge model that was asked."""
    unheard: int = 0
    """Rows about which it was not heard: left out of every figure."""
    one_sided: tuple[str, ...] = ()
    """Languages whose rows all have one label: nothing can be told apart there."""
    slices: tuple[JudgeSlice, ...]


def load_judged(path: Path) -> list[Judged]:
    """Read a file, or judge.jsonl (else every .jsonl) of a folder.

    Raises:
        RowsError: a file is missing, a line cannot be read, or one of the two labels never occurs.
    """
    files = [path]
    if path.is_dir():
        named = path / "judge.jsonl"
        files = [named] if named.exists() else sorted(path.glob("*.jsonl"))
    rows = [_row(row, where) for file in files for where, row in json_lines.read(file, _WANTED)]
    if len({row.supported for row in rows}) != _BOTH:
        raise JudgedError(f"{path}: rows with label 1 and rows with label 0 are wanted.")
    return rows


def drawn(rows: Sequence[Judged], number: int | None) -> list[Judged]:
    """Return so many of the rows, drawn at random and always the same; all of them unless there are more.

    Raises:
        JudgedError: only one label is among them.
    """
    if number is None or number >= len(rows):
        return list(rows)
    chosen = np.sort(np.random.default_rng(_SEED).choice(len(rows), size=number, replace=False))
    found = [rows[one] for one in chosen]
    if len({row.supported for row in found}) != _BOTH:
        raise JudgedError(f"{number} rows drawn at random hold one of the two labels only: ask for more.")
    return found


def shipped_log_odds(measured: Measured) -> NDArray[np.float64]:
    """Return what the judge that comes with the product says."""
    model = shipped()
    columns = [measured.names.index(name) for name in model.names]
    return model.log_odds(measured.features[:, columns])


def measure_judge(
    measured: Measured,
    log_odds: NDArray[np.float64],
    trained_on: str,
    others: Mapping[str, NDArray[np.float64]] | None = None,
) -> JudgeReport:
    """Compare scores with people's judgements; ``others``: further scores of the same rows, any scale."""
    languages = np.array([row.language for row in measured.rows])
    names = sorted(set(languages))
    scores = others or {}
    one_sided = [name for name in names if len(set(measured.labels[languages == name].tolist())) < _BOTH]
    told = [name for name in names if name not in one_sided]
    slices = [_slice(name, measured, log_odds, languages == name, scores) for name in told]
    if len(names) > 1:
        slices.append(_slice("all", measured, log_odds, np.ones(len(languages), dtype=np.bool_), scores))
    return JudgeReport(trained_on=trained_on, one_sided=tuple(one_sided), slices=tuple(slices))


def render_judge(report: JudgeReport) -> str:
    """Return the report as lines of plain text."""
    lines = [f"trained on: {report.trained_on}"]
    if report.unheard:
        lines.append(f"{report.model} was not heard about {report.unheard} rows: they are left out of every figure.")
    lines += [f"{name}: not measurable, for all its rows have one label" for name in report.one_sided]
    for part in report.slices:
        lines += [
            f"{part.language}: {part.supported} supported, {part.unsupported} not",
            f"  AUROC {_told(part.auroc)}; plain overlap {_told(part.peer)}; 95 % over contexts",
            *(f"  AUROC {_told(figure)} {told}" for told, figure in part.others.items()),
            f"  Brier score {part.brier:.3f}, calibration error {part.ece:.3f}",
        ]
    return "\n".join(lines)


def _told(figure: Mean) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f})"


def _row(row: dict[str, Any], place: str) -> Judged:
    if not all(isinstance(row.get(name), str) for name in ("context", "answer")):
        raise JudgedError(f"{place}: lacks context or answer. Each line must be {_WANTED}.")
    if row.get("label") not in (0, 1):
        raise JudgedError(f"{place}: label must be 1 (supported) or 0.")
    language = str(row.get("lang") or detect(row["answer"]) or "en")
    return Judged(str(row.get("question") or ""), row["context"], row["answer"], language, bool(row["label"]))


def groups_of(rows: Sequence[Judged]) -> list[int]:
    """Return for each row its group's number: rows share a context or a longer answer, directly or by others."""
    parent = list(range(len(rows)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    first: dict[tuple[str, str], int] = {}
    for i, row in enumerate(rows):
        keys = [("context", row.context)]
        if len(row.answer.split()) >= _TELLING_WORDS:
            keys.append(("answer", row.answer))
        for key in keys:
            parent[root(i)] = root(first.setdefault(key, i))
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(i), len(numbers)) for i in range(len(rows))]


def _slice(
    name: str,
    measured: Measured,
    log_odds: NDArray[np.float64],
    own: NDArray[np.bool_],
    others: Mapping[str, NDArray[np.float64]],
) -> JudgeSlice:
    rows = [row for row, kept in zip(measured.rows, own, strict=True) if kept]
    labels, odds = measured.labels[own], log_odds[own]
    weights = resamples(groups_of(rows))
    probability = 1 / (1 + np.exp(-odds))
    return JudgeSlice(
        language=name,
        supported=int(labels.sum()),
        unsupported=int((1 - labels).sum()),
        auroc=area(odds, labels, weights),
        peer=area(np.array([plain_overlap(row) for row in rows]), labels, weights),
        others={told: area(scores[own], labels, weights) for told, scores in others.items()},
        brier=float(((probability - labels) ** 2).mean()),
        ece=_calibration_error(probability, labels),
    )


def plain_overlap(row: Judged) -> float:
    """Share of the answer's stems that stand in the context, 0..1."""
    stems = set(terms(row.answer))
    return len(stems & set(terms(row.context))) / len(stems) if stems else 0.0


def area(
    scores: NDArray[np.float64],
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    *,
    less: NDArray[np.float64] | None = None,
) -> Mean:
    """AUROC with its interval over the resamples ``weights``; ``less``: of which the same area is taken away."""
    places = [np.unique(one, return_inverse=True)[1] for one in ((scores,) if less is None else (scores, less))]

    def of(place: NDArray[np.int64], times: NDArray[np.float64]) -> float:
        positive = np.bincount(place, weights=times * labels)
        negative = np.bincount(place, weights=times * (1 - labels))
        below = np.cumsum(negative) - negative
        pairs = positive.sum() * negative.sum()
        return float(positive @ (below + negative / 2) / pairs) if pairs else float("nan")

    def told(times: NDArray[np.float64]) -> float:
        first, *second = (of(place, times) for place in places)
        return first - sum(second)

    low, high = np.nanpercentile([told(one) for one in weights], [2.5, 97.5])
    return Mean(value=told(np.ones(len(scores))), low=float(low), high=float(high))


def _calibration_error(probability: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    bins = np.minimum((probability * _BINS).astype(np.int64), _BINS - 1)
    gaps = np.bincount(bins, weights=probability - labels, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(labels))
