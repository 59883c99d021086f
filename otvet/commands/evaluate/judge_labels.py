"""``otvet eval judge --fit-from-labels``: the judge's score fitted on operators' verdicts on drafts."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from datetime import UTC, datetime
from itertools import compress
from typing import TYPE_CHECKING

import click

from otvet.commands.evaluate.options import tell
from otvet.errors import CommandError

if TYPE_CHECKING:
    from evaluation.judge_refit import LabelsReport, Refit
    from evaluation.ranked import Mean
    from support.draft_labels import Labels
    from support.jobs import JudgeFit
    from support.settings import Settings

BETTER, NOT_BETTER = 0, 1
_AUDIT = (
    "Calibrated thresholds were of another score and decide nothing now: {threshold:.2f} does, until the audit has "
    "judged answers with this one (otvet eval calibrate)."
)


def run(*, applies: bool, revert: bool, target: str | None) -> int:
    """Compare a fit on the database's labels with the score in force, apply it or take one back; return the exit code.

    Raises:
        CommandError: the options contradict each other, or the database cannot be used.
    """
    from otvet.composition import complete, load_settings

    if applies and revert:
        raise CommandError("--apply and --revert are different things: choose one.")
    settings = load_settings(quiet=True)
    if revert:
        click.echo(complete(_revert(settings)))
        return BETTER
    found, lines, is_better = complete(_compare(settings, applies=applies))
    tell("\n".join(lines), found.model_dump_json(indent=2), target)
    return BETTER if is_better else NOT_BETTER


async def _compare(settings: "Settings", *, applies: bool) -> "tuple[LabelsReport, list[str], bool]":
    from evaluation import judge_refit
    from otvet.composition import demand_schema
    from support import draft_labels, judge_fits
    from support.database import Database
    from workers.judge import VERSION

    await demand_schema(settings)
    database = Database(settings.sql_url)
    try:
        async with database.reading() as session:
            labels = await draft_labels.read(session, VERSION)
            row = await judge_fits.in_force(session)
        # A fit of other features is left alone by the workers: the shipped score is in force.
        row = row if row is not None and row.base == VERSION else None
        own = [row is None or label.at > row.applied_at for label in labels.usable]
        lines = [_counted(labels), *(f"  {number} {why}." for why, number in sorted(labels.left_out.items()))]
        told = {"usable": len(labels.usable), "left_out": labels.left_out}
        if missing := judge_refit.missing(list(compress(labels.usable, own))):
            what = "" if row is None else f" that came after the fit of {row.applied_at:%Y-%m-%d}"
            lines.append(
                f"About {missing} are missing: {judge_refit.FEWEST} are wanted{what}, of them "
                f"{judge_refit.FEWEST_OF_A_KIND} sent as they stood and as many that were not. Nothing is fitted."
            )
            return judge_refit.LabelsReport(missing=missing, fit=None, **told), lines, False
        force = None if row is None else judge_fits.told(row)
        found = judge_refit.refit(labels.usable, own, force, settings.answer_threshold)
        lines += _rendered(found, force)
        if not found.is_better:
            lines.append("The fit is not better beyond chance" + (": nothing is applied." if applies else "."))
        elif applies:
            async with database.writing() as session:
                made = await judge_fits.apply(
                    session,
                    base=VERSION,
                    bias=found.bias,
                    weights=found.weights,
                    labels=found.labels,
                    now=datetime.now(UTC),
                )
                lines.append(f"Applied as version {made.version}: it judges from the next question on.")
            lines.append(_AUDIT.format(threshold=settings.answer_threshold))
        else:
            lines.append("The fit is better: --apply lets it judge from now on.")
        return judge_refit.LabelsReport(missing=0, fit=found, **told), lines, found.is_better
    finally:
        await database.close()


async def _revert(settings: "Settings") -> str:
    from otvet.composition import demand_schema
    from support import judge_fits
    from support.database import Database

    await demand_schema(settings)
    database = Database(settings.sql_url)
    try:
        async with database.writing() as session:
            changed = await judge_fits.revert(session, datetime.now(UTC))
    finally:
        await database.close()
    if changed is None:
        return "No fit is in force: the shipped score judges."
    was, now = changed
    return f"The fit {was} is taken back: {'the shipped score' if now is None else f'the fit {now}'} judges now."


def _counted(labels: "Labels") -> str:
    right = sum(label.right for label in labels.usable)
    total = len(labels.usable) + sum(labels.left_out.values())
    left = "; left out are" if labels.left_out else ""
    return (
        f"{len(labels.usable)} of {total} operators' verdicts on drafts count: {right} sent as they stood, "
        f"{len(labels.usable) - right} changed or discarded{left}"
    )


def _rendered(found: "Refit", force: "JudgeFit | None") -> list[str]:
    from workers.judge import BIAS, shipped_weights

    then = shipped_weights() if force is None else force.weights
    bias = BIAS if force is None else force.bias
    moved = [f"{name} {then[name]:.2f} → {weight:.2f}" for name, weight in found.weights.items()]
    name = "the shipped score" if force is None else f"the fit {force.version}"
    lines = [f"On {found.compared} drafts, 95 % over customers; the fit by cross-validation:"]
    for told, one in ((name, found.before), ("the fit", found.after)):
        lines.append(
            f"  {told}: AUROC {_told(one.auroc)}, Brier score {_told(one.brier)}; at {found.threshold:.2f} "
            f"{one.sent} would be sent, {one.sent_wrong} of them not as operators would"
        )
    return [
        *lines,
        f"  gain: AUROC {_told(found.auroc_gain)}, Brier score {_told(found.brier_gain)}",
        f"  weights: bias {bias:.2f} → {found.bias:.2f}, " + ", ".join(moved),
    ]


def _told(figure: "Mean") -> str:
    return f"{figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f})"
