"""``otvet eval calibrate``: the threshold that keeps a promise, from answers that people judged."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.commands.evaluate.options import JSON, tell
from otvet.errors import CommandError

if TYPE_CHECKING:
    from evaluation.calibration import Calibration
    from support.answer_audits import Sample
    from support.settings import Settings

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
    simulate: bool,
    target: str | None,
) -> None:
    """Choose for each language the lowest score that may be sent, so that few of the answers are wrong.

    Exit code 0: every language has a threshold; 1: answers are missing; 2: it cannot be done.
    """
    from evaluation import calibration, calibration_text, guarantee, labels_file
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
        except labels_file.LabelsError as error:
            raise CommandError(str(error)) from error
        found = calibration.calibrate(
            read.labels, looks=looks, max_wrong=asked["max_wrong"], confidence=asked["confidence"]
        )
        said = [] if read.is_random else [NOT_RANDOM]
        said += [f"{read.left_out} rows are no random audit and are left out."] if read.left_out else []
        tell("\n".join([*said, calibration_text.render(found)]), found.model_dump_json(indent=2), target)
    else:
        settings = load_settings(quiet=True)
        if revert:
            for line in complete(_revert(settings)):
                click.echo(line)
            return
        found, notes = complete(_from_database(settings, asked, looks, applies=applies))
        tell("\n".join([calibration_text.render(found), *notes]), found.model_dump_json(indent=2), target)
    missing = not found.languages or any(one.chosen is None for one in found.languages)
    raise SystemExit(1 if missing else 0)


async def _from_database(
    settings: "Settings", asked: dict[str, float], looks: int, *, applies: bool
) -> "tuple[Calibration, list[str]]":
    from evaluation.calibration import Label, calibrate
    from support import answer_audits, thresholds
    from support.database import Database

    if applies and settings.threshold_is_set:
        raise CommandError("ANSWER_THRESHOLD is set and wins over calibrated thresholds: empty it first.")
    database = Database(settings.sql_url)
    try:
        async with database.writing() as session:
            force = await thresholds.in_force(session)
            since = {language: (row.version, row.applied_at) for language, row in force.items()}
            found = await answer_audits.samples(session, since)
            labels = [
                Label(score=one.score, wrong=not one.right, language=one.language)
                for sample in found
                for one in sample.judged
            ]
            now = {sample.language: settings.answer_threshold for sample in found}
            for sample in found:
                row = force.get(sample.language)
                if row is not None and row.version == sample.version and not settings.threshold_is_set:
                    now[sample.language] = row.value
            result = calibrate(
                labels,
                max_wrong=asked["max_wrong"],
                confidence=asked["confidence"],
                looks=looks,
                in_force=now,
            )
            notes = [note for sample in found for note in _notes(sample)]
            for one in result.languages:
                row = force.get(one.language)
                if row is None or now[one.language] != row.value:
                    notes.append(
                        f"{one.language}: no calibrated threshold decides; {now[one.language]:.2f} is a default."
                    )
                else:
                    notes.append(
                        f"{one.language}: {row.value:.2f} was calibrated on {row.applied_at:%Y-%m-%d}: {row.wrong} of "
                        f"{row.answers} wrong, at most {row.max_wrong:.1%} at {row.confidence:.0%} confidence."
                    )
            if applies:
                versions = {sample.language: sample.version for sample in found}
                chosen = [
                    thresholds.NewThreshold(
                        language=one.language,
                        version=versions[one.language],
                        value=one.chosen.threshold,
                        answers=one.chosen.answers,
                        wrong=one.chosen.wrong,
                        **asked,
                    )
                    for one in result.languages
                    if one.chosen is not None
                ]
                await thresholds.apply(session, chosen, datetime.now(UTC))
                notes += [f"Applied: {one.language} {one.value:.2f}." for one in chosen] or ["Nothing was applied."]
            return result, notes
    finally:
        await database.close()


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
    from support import thresholds
    from support.database import Database

    database = Database(settings.sql_url)
    try:
        async with database.writing() as session:
            changed = await thresholds.revert(session, datetime.now(UTC))
    finally:
        await database.close()
    default = settings.answer_threshold
    return [
        f"{language}: {was:.2f} is taken back, {default if now is None else now:.2f} decides now."
        for language, (was, now) in changed.items()
    ] or ["No calibrated threshold is in force."]
