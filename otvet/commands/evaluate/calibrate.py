"""``otvet eval calibrate``: the threshold that keeps a promise, from answers that people judged."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.commands.evaluate.options import JSON, tell
from otvet.errors import CommandError

if TYPE_CHECKING:
    from evaluation.calibration import Calibration
    from support.answer_audits import Sample
    from support.audit_tables import ThresholdRow
    from support.settings import Settings
    from support.thresholds import NewThreshold

NOT_RANDOM = (
    "These labels are no random audit: what follows would hold if they were one, and promises nothing as it is."
)


@click.command("calibrate")
@click.option(
    "--data",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Judged answers as JSONL; the bot's own audit unless given.",
)
@click.option("--max-wrong", type=click.FloatRange(0.1, 50), default=5.0, help="Percent of what is sent; 5.")
@click.option("--confidence", type=click.FloatRange(50, 99.99), default=95.0, help="Percent; 95.")
@click.option("--looks", type=click.IntRange(1, 1000), default=1, help="How often you will look in all; 1.")
@click.option("--apply", "applies", is_flag=True, help="Let the thresholds decide from now on, without a restart.")
@click.option("--revert", is_flag=True, help="Take the applied thresholds back.")
@click.option("--yes", is_flag=True, help="Apply without being asked.")
@click.option("--simulate", is_flag=True, help="Show what the promise is worth, on 1,000 simulated companies.")
@JSON
def calibrate(
    *,
    file: Path | None,
    max_wrong: float,
    confidence: float,
    looks: int,
    applies: bool,
    revert: bool,
    yes: bool,
    simulate: bool,
    target: str | None,
) -> None:
    """Choose for each language the lowest score that may be sent, so that few of the answers are wrong.

    Exit code 0: every language has a threshold; 1: answers are missing, or those of --data are no random audit, which
    alone promises anything; 2: it cannot be done.
    """
    from evaluation import calibration, calibration_text, guarantee, labels_file
    from evaluation.json_lines import RowsError
    from otvet.composition import complete, load_settings

    if applies + revert + simulate > 1:
        raise CommandError("--apply, --revert and --simulate are different things: choose one.")
    asked = {"max_wrong": max_wrong / 100, "confidence": confidence / 100}
    if simulate:
        table = guarantee.simulate(max_wrong=asked["max_wrong"], confidence=asked["confidence"])
        tell(guarantee.render(table), table.model_dump_json(indent=2), target)
        return
    if file is not None:
        if applies or revert:
            raise CommandError("Only the bot's own random audit can be applied: leave --data out.")
        try:
            read = labels_file.read(file)
        except RowsError as error:
            raise CommandError(str(error)) from error
        found = calibration.calibrate(
            read.labels,
            looks=looks,
            max_wrong=asked["max_wrong"],
            confidence=asked["confidence"],
            is_random=read.is_random,
        )
        said = [] if read.is_random or not read.labels else [NOT_RANDOM]
        said += [f"{read.left_out} rows are no random audit and are left out."] if read.left_out else []
        tell("\n".join([*said, calibration_text.render(found)]), found.model_dump_json(indent=2), target)
    else:
        settings = load_settings(quiet=True)
        if revert:
            for line in complete(_revert(settings)):
                click.echo(line)
            return
        found = _of_the_bot(settings, asked, looks, applies=applies, yes=yes, target=target)
    missing = not found.is_random or not found.languages or any(one.chosen is None for one in found.languages)
    raise SystemExit(1 if missing else 0)


def _of_the_bot(
    settings: "Settings", asked: dict[str, float], looks: int, *, applies: bool, yes: bool, target: str | None
) -> "Calibration":
    """Look at the bot's own audit, say what it allows, and apply it if that is wanted."""
    from evaluation import calibration_text
    from otvet.composition import complete

    if applies and settings.threshold_is_set:
        raise CommandError("ANSWER_THRESHOLD is set and wins over calibrated thresholds: empty it first.")
    look = complete(_look(settings, asked, looks))
    tell("\n".join([calibration_text.render(look.found), *look.notes]), look.found.model_dump_json(indent=2), target)
    if applies and not look.chosen:
        click.echo("Nothing was applied: no language has enough judged answers.", err=True)
    elif applies:
        _agree(look.changes, yes=yes)
        complete(_apply(settings, look.chosen))
        for line in (*look.changes, "Applied, without a restart. otvet eval calibrate --revert takes it back."):
            click.echo(line, err=target == "-")
    return look.found


@dataclass(frozen=True, slots=True)
class _Look:
    """What the bot's own audit allows."""

    found: "Calibration"
    notes: list[str]
    chosen: "list[NewThreshold]"
    changes: list[str]
    """What applying them would change, in sentences."""


async def _look(settings: "Settings", asked: dict[str, float], looks: int) -> _Look:
    from evaluation.calibration import Label, calibrate
    from otvet.composition import demand_schema
    from support import answer_audits, thresholds
    from support.database import Database

    await demand_schema(settings)
    database = Database(settings.sql_url)
    try:
        async with database.reading() as session:
            force = await thresholds.in_force(session)
            samples = await answer_audits.samples(
                session, {language: (row.version, row.applied_at) for language, row in force.items()}
            )
    finally:
        await database.close()
    labels = [
        Label(score=one.score, wrong=not one.right, language=one.language)
        for sample in samples
        for one in sample.judged
    ]
    now = {sample.language: settings.answer_threshold for sample in samples}
    deciding = {
        sample.language: row
        for sample in samples
        if (row := force.get(sample.language)) is not None
        and row.version == sample.version
        and not settings.threshold_is_set
    }
    now |= {language: row.value for language, row in deciding.items()}
    found = calibrate(labels, max_wrong=asked["max_wrong"], confidence=asked["confidence"], looks=looks, in_force=now)
    notes = [note for sample in samples for note in _notes(sample)]
    notes += [_decides(language, value, deciding.get(language)) for language, value in now.items()]
    if not now:
        notes.append(f"ANSWER_THRESHOLD {settings.answer_threshold:.2f} decides until then, and promises nothing.")
    versions = {sample.language: sample.version for sample in samples}
    chosen, changes = [], []
    for one in found.languages:
        if one.chosen is None:
            continue
        best = one.chosen
        chosen.append(
            thresholds.NewThreshold(
                language=one.language,
                version=versions[one.language],
                value=best.threshold,
                answers=best.answers,
                wrong=best.wrong,
                **asked,
            )
        )
        sent, before = best.answers, one.in_force.answers if one.in_force else 0
        changes.append(
            f"{one.language}: answers are sent from {best.threshold:.2f} on instead of {now[one.language]:.2f}; of the "
            f"{one.labels} judged ones that lets {sent} through instead of {before}."
        )
    return _Look(found, notes, chosen, changes)


def _decides(language: str, value: float, row: "ThresholdRow | None") -> str:
    if row is None:
        return f"{language}: no calibrated threshold decides; {value:.2f} is ANSWER_THRESHOLD and promises nothing."
    return (
        f"{language}: {row.value:.2f} was calibrated on {row.applied_at:%Y-%m-%d}: {row.wrong} of {row.answers} wrong, "
        f"at most {row.max_wrong:.1%} at {row.confidence:.0%} confidence."
    )


async def _apply(settings: "Settings", chosen: "list[NewThreshold]") -> None:
    from support import thresholds
    from support.database import Database

    database = Database(settings.sql_url)
    try:
        async with database.writing() as session:
            await thresholds.apply(session, chosen, datetime.now(UTC))
    finally:
        await database.close()


def _agree(changes: list[str], *, yes: bool) -> None:
    """Ask before thresholds change; nothing is held open meanwhile."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("Nothing was changed: --apply asks first. Add --yes where nobody can be asked.")
    for line in changes:
        click.echo(line, err=True)
    if not click.confirm("Let this decide from now on, in every process?", err=True):
        raise CommandError("Nothing was changed.")


def _notes(sample: "Sample") -> list[str]:
    from support.answer_audits import Judgement

    waiting, expired = sample.counts.get("waiting", 0), sample.counts.get(Judgement.EXPIRED, 0)
    unsure = sample.counts.get(Judgement.UNSURE, 0) + sample.counts.get(Judgement.ERASED, 0)
    told = (
        (waiting, "drawn answers wait to be judged"),
        (expired, "drawn answers were never judged and are left out: that weakens the claim"),
        (unsure, "answers could not be judged, or their customer is erased: they count as wrong"),
        (sample.other_versions, "judged answers of former models, prompts or judges are not counted"),
        (sample.used_before, "judged answers are behind the threshold in force already and are not used twice"),
        (max(0, sample.releases - 1), "earlier knowledge releases are behind some of the judged answers"),
    )
    return [f"{sample.language}: {number} {what}." for number, what in told if number]


async def _revert(settings: "Settings") -> list[str]:
    from otvet.composition import demand_schema
    from support import thresholds
    from support.database import Database

    await demand_schema(settings)
    database = Database(settings.sql_url)
    try:
        async with database.writing() as session:
            changed = await thresholds.revert(session, datetime.now(UTC))
    finally:
        await database.close()
    default = settings.answer_threshold
    return [
        f"{language}: {was:.2f} is taken back; "
        + (
            f"ANSWER_THRESHOLD {default:.2f} decides now."
            if now is None
            else f"{now:.2f}, applied before, is the last."
        )
        for language, (was, now) in changed.items()
    ] or ["No calibrated threshold is in force."]
