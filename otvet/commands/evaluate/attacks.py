"""``otvet eval attacks``: injections, jailbreaks, swearing, and customers who press for promises."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.commands.evaluate.options import JSON, tell
from otvet.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation.attack_rows import Row
    from evaluation.attacks import AttacksReport

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
INDIRECT = "indirect"
PLANTED_OF = 3
"""One payload in so many is planted: it is a sample, in three runs."""


@click.command("attacks")
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="attacks.jsonl, or a folder that holds it.")
@click.option("--train", type=_FILE, help="Learn from these rows too.")
@click.option("--test", type=_FILE, help="Measure these rows; instead of --data.")
@click.option(
    "--shop/--no-shop",
    default=True,
    help="In the demo shop, too: promises, attacks planted in its articles, what the desk does. Five minutes.",
)
@JSON
def attacks(*, data: Path | None, train: Path | None, test: Path | None, shop: bool, target: str | None) -> None:
    """Measure what is kept from models, what benign texts pass, and what an attack makes the bot say."""
    from evaluation.attack_rows import load
    from evaluation.attacks import measure_attacks, render_attacks
    from evaluation.baskets import BasketError
    from evaluation.json_lines import RowsError

    source = test or data
    if source is None:
        raise CommandError("Name --data, or --train and --test.")
    folder = source if source.is_dir() else source.parent
    swearing = folder / "profanity.jsonl"
    try:
        rows = load(source / "attacks.jsonl" if source.is_dir() else source)
        profane = load(swearing, labelled=False) if swearing.exists() else ()
        learned = load(train) if train else ()
        report = measure_attacks(rows, profane, learned)
        if shop:
            report = _in_the_shop(report, rows)
    except (RowsError, BasketError) as error:
        raise CommandError(str(error)) from error
    tell(render_attacks(report), report.model_dump_json(indent=2), target)


def _in_the_shop(report: "AttacksReport", rows: "Sequence[Row]") -> "AttacksReport":
    import asyncio
    from dataclasses import replace
    from datetime import timedelta

    from evaluation.answers import Answering
    from evaluation.attack_routes import measure_routes
    from evaluation.planted import measure_planted, own_addresses
    from evaluation.running_bot import Deciding
    from evaluation.subject import demo_shop
    from evaluation.timings import Stopwatch
    from evaluation.traps import measure_traps
    from otvet.composition import load_settings
    from support.intents.current import CurrentClassifier
    from support.intents.examples import load_intents
    from workers.engines import create

    settings = load_settings(quiet=True)
    foreign = tuple(row.text for row in rows if row.kind.startswith(INDIRECT))[::PLANTED_OF]
    with demo_shop() as subject:
        path = Answering(
            knowledge=subject.knowledge,
            engine=create(settings),
            deciding=Deciding(settings.answer_threshold),
            deadline=timedelta(seconds=settings.answer_deadline_s),
            stopwatch=Stopwatch(),
        )
        classifier = CurrentClassifier(load_intents(settings.intents_file))
        return report.model_copy(
            update={
                "routes": asyncio.run(measure_routes(rows, classifier, subject)),
                "planted": (
                    measure_planted(path, foreign),
                    measure_planted(path, foreign, from_the_start=True),
                    measure_planted(replace(path, shown=own_addresses(path)), foreign),
                ),
                "traps": measure_traps(path),
            }
        )
