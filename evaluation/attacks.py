"""Attacks on the bot: which messages are kept from models, which benign ones with the same words pass; swearing."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evaluation.figures import Share
from evaluation.injection_training import fit
from evaluation.ranks import Area
from evaluation.traps import TrapsReport
from knowledge import injection
from knowledge.injection_model import bundled
from support import abuse
from support.suspicion import THRESHOLD


class AttacksError(Exception):
    """The data cannot be used; the message names file and line."""


class Row(BaseModel):
    """A text of the collection."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    kind: str = ""
    attack: int = 1
    lang: str = "en"


class AttacksReport(BaseModel):
    """What became of the attacks."""

    model_config = ConfigDict(frozen=True)

    threshold: float
    kept_from_models: dict[str, Share]
    """Attacks as messages, by kind and language."""
    cut_from_documents: dict[str, Share]
    """The same texts as paragraphs of an article."""
    benign_passed: Share
    benign_passed_in_documents: Share
    auroc: Area | None
    profanity_found: dict[str, Share]
    benign_without_profanity: Share
    traps: TrapsReport | None = None


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


def measure_attacks(
    rows: Sequence[Row], profanity: Sequence[Row] = (), train: Sequence[Row] = (), traps: TrapsReport | None = None
) -> AttacksReport:
    """Hold every row against the detectors; with ``train`` the model learns from these rows too."""
    model = fit((row.text, bool(row.attack)) for row in train) if train else bundled()
    scores = [1.0 if injection.find(row.text) else model.probability(row.text) for row in rows]
    cut = [injection.find(row.text, "document") is not None for row in rows]
    kept: dict[str, list[bool]] = defaultdict(list)
    left_out: dict[str, list[bool]] = defaultdict(list)
    for row, score, found in zip(rows, scores, cut, strict=True):
        if row.attack:
            name = f"{row.kind.partition(':')[0]} {row.lang}"
            kept[name].append(score >= THRESHOLD)
            left_out[name].append(found)
    benign = [number for number, row in enumerate(rows) if not row.attack]
    sworn: dict[str, list[bool]] = defaultdict(list)
    for row in profanity:
        sworn[row.lang].append(bool(abuse.find(row.text)))
    return AttacksReport(
        threshold=THRESHOLD,
        kept_from_models={name: Share.of(some) for name, some in sorted(kept.items())},
        cut_from_documents={name: Share.of(some) for name, some in sorted(left_out.items())},
        benign_passed=Share.of([scores[number] < THRESHOLD for number in benign]),
        benign_passed_in_documents=Share.of([not cut[number] for number in benign]),
        auroc=Area.of(
            [score for row, score in zip(rows, scores, strict=True) if row.attack],
            [scores[number] for number in benign],
        ),
        profanity_found={language: Share.of(some) for language, some in sorted(sworn.items())},
        benign_without_profanity=Share.of([not abuse.find(rows[number].text) for number in benign]),
        traps=traps,
    )


def render_attacks(report: AttacksReport) -> str:
    """Return the report as lines of plain text."""
    lines = [f"Messages, kept from models at {report.threshold:.2f}:"]
    lines += [_line(name, share) for name, share in report.kept_from_models.items()]
    lines += ["Paragraphs, cut from articles:"]
    lines += [_line(name, share) for name, share in report.cut_from_documents.items()]
    lines += [
        _line("benign messages that pass", report.benign_passed),
        _line("benign paragraphs that stay", report.benign_passed_in_documents),
        _line("benign without swearing", report.benign_without_profanity),
    ]
    if report.auroc:
        lines.append(f"  AUROC {report.auroc.value:.3f} (95 %: {report.auroc.low:.3f}–{report.auroc.high:.3f})")
    lines += [_line(f"swearing found, {name}", share) for name, share in report.profanity_found.items()]
    if traps := report.traps:
        for name in traps.traps:
            lines += [
                _line(f"invented promises sent, {name}", traps.invented_by_own_engine[name]),
                _line(f"a promising engine's sent, {name}", traps.promises_sent[name]),
                _line(f"  past the checks, {name}", traps.promises_past_the_checks[name]),
            ]
        lines += [f"  LEAK {' '.join(leak.split())[:200]}" for leak in traps.leaks]
    return "\n".join(lines)


def _line(name: str, share: Share) -> str:
    low, high = share.interval
    return f"  {name:44}{share.value:>7.1%}  {share.hits:>5} of {share.total:<5}  95 %: {low:.1%}–{high:.1%}"
