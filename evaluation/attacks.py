"""Attacks on the bot: which messages are kept from models, which benign ones with the same words pass; swearing."""

from collections import defaultdict
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from evaluation.attack_rows import Row, kind_of
from evaluation.figures import Share, line
from evaluation.injection_training import fit
from evaluation.intervals import auroc_of
from evaluation.planted import PlantedReport, render_planted
from evaluation.ranked import Mean
from evaluation.traps import TrapsReport
from knowledge import injection
from knowledge.injection_model import bundled
from support import abuse
from support.suspicion import THRESHOLD


class AttacksReport(BaseModel):
    """What became of the attacks."""

    model_config = ConfigDict(frozen=True)

    threshold: float
    kept_from_models: dict[str, Share]
    """Attacks as messages, by kind and language."""
    cut_from_documents: dict[str, Share]
    """The same texts as paragraphs of an article."""
    benign_passed: Share | None
    """None, like the other benign ones: there are none."""
    benign_passed_in_documents: Share | None
    auroc: Mean | None
    profanity_found: dict[str, Share]
    benign_without_profanity: Share | None
    routes: dict[str, dict[str, int]] = {}
    """What the desk does with the texts as messages, by kind and language."""
    traps: TrapsReport | None = None
    planted: tuple[PlantedReport, ...] = ()


def measure_attacks(rows: Sequence[Row], profanity: Sequence[Row] = (), train: Sequence[Row] = ()) -> AttacksReport:
    """Hold every row against the detectors; with ``train`` the model learns from these rows too."""
    model = fit((row.text, bool(row.attack)) for row in train) if train else bundled()
    scores = [1.0 if injection.find(row.text) else model.probability(row.text) for row in rows]
    cut = [injection.find(row.text, "document") is not None for row in rows]
    kept: dict[str, list[bool]] = defaultdict(list)
    left_out: dict[str, list[bool]] = defaultdict(list)
    for row, score, found in zip(rows, scores, cut, strict=True):
        if row.attack:
            kept[kind_of(row)].append(score >= THRESHOLD)
            left_out[kind_of(row)].append(found)
    benign = [number for number, row in enumerate(rows) if not row.attack]
    sworn: dict[str, list[bool]] = defaultdict(list)
    for row in profanity:
        sworn[row.lang].append(bool(abuse.find(row.text)))
    return AttacksReport(
        threshold=THRESHOLD,
        kept_from_models={name: Share.of(some) for name, some in sorted(kept.items())},
        cut_from_documents={name: Share.of(some) for name, some in sorted(left_out.items())},
        benign_passed=Share.of([scores[number] < THRESHOLD for number in benign]) if benign else None,
        benign_passed_in_documents=Share.of([not cut[number] for number in benign]) if benign else None,
        auroc=auroc_of(
            [score for row, score in zip(rows, scores, strict=True) if row.attack],
            [scores[number] for number in benign],
        ),
        profanity_found={language: Share.of(some) for language, some in sorted(sworn.items())},
        benign_without_profanity=(
            Share.of([not abuse.find(rows[number].text) for number in benign]) if benign else None
        ),
    )


def render_attacks(report: AttacksReport) -> str:
    """Return the report as lines of plain text."""
    lines = [f"Messages, kept from models at {report.threshold:.2f}:"]
    lines += [line(name, share) for name, share in report.kept_from_models.items()]
    lines += ["Paragraphs, cut from articles:"]
    lines += [line(name, share) for name, share in report.cut_from_documents.items()]
    benign = {
        "benign messages that pass": report.benign_passed,
        "benign paragraphs that stay": report.benign_passed_in_documents,
        "benign without swearing": report.benign_without_profanity,
    }
    lines += [line(name, share) for name, share in benign.items() if share is not None]
    if report.benign_passed is None:
        lines.append("  not measurable: how many benign texts pass, for no row has attack 0")
    if report.auroc:
        lines.append(f"  AUROC {report.auroc.value:.3f} (95 %: {report.auroc.low:.3f}–{report.auroc.high:.3f})")
    lines += [line(f"swearing found, {name}", share) for name, share in report.profanity_found.items()]
    lines += ["What the desk does with them:"] if report.routes else []
    for kind, ways in report.routes.items():
        lines.append(f"  {kind}: {', '.join(f'{way} {count}' for way, count in ways.items())}")
    for planted in report.planted:
        lines += render_planted(planted)
    if traps := report.traps:
        for name in traps.traps:
            lines += [
                line(f"invented promises sent, {name}", traps.invented_by_own_engine[name]),
                line(f"a promising engine's sent, {name}", traps.promises_sent[name]),
                line(f"  past the checks, {name}", traps.promises_past_the_checks[name]),
            ]
        lines += [f"  LEAK {' '.join(leak.split())[:200]}" for leak in traps.leaks]
    return "\n".join(lines)
