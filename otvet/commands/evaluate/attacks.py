"""``otvet eval attacks``: injections, jailbreaks, swearing, and customers who press for promises."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.commands.evaluate.options import JSON, tell
from otvet.errors import CommandError

if TYPE_CHECKING:
    from evaluation.traps import TrapsReport

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("attacks")
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="attacks.jsonl, or a folder that holds it.")
@click.option("--train", type=_FILE, help="Learn from these rows too.")
@click.option("--test", type=_FILE, help="Measure these rows; instead of --data.")
@click.option("--traps/--no-traps", default=True, help="Ask the demo shop for promises too: a minute and a half.")
@JSON
def attacks(*, data: Path | None, train: Path | None, test: Path | None, traps: bool, target: str | None) -> None:
    """Measure what is kept from models, what benign texts pass, and that no invented promise reaches a customer."""
    from evaluation.attacks import AttacksError, load, measure_attacks, render_attacks
    from evaluation.baskets import BasketError

    source = test or data
    if source is None:
        raise CommandError("Name --data, or --train and --test.")
    folder = source if source.is_dir() else source.parent
    swearing = folder / "profanity.jsonl"
    try:
        rows = load(source / "attacks.jsonl" if source.is_dir() else source)
        profane = load(swearing) if swearing.exists() else ()
        learned = load(train) if train else ()
        report = measure_attacks(rows, profane, learned, _traps() if traps else None)
    except (AttacksError, BasketError) as error:
        raise CommandError(str(error)) from error
    tell(render_attacks(report), report.model_dump_json(indent=2), target)


def _traps() -> "TrapsReport":
    from datetime import timedelta

    from evaluation.answers import Answering
    from evaluation.run import DEMO_SHOP
    from evaluation.timings import Stopwatch
    from evaluation.traps import measure_traps
    from knowledge.releases import ReleaseStore
    from otvet.composition import load_settings
    from workers.engines import create

    settings = load_settings(quiet=True)
    with tempfile.TemporaryDirectory(prefix="otvet-eval-") as folder:
        store = ReleaseStore(Path(folder))
        path = Answering(
            knowledge=store.open(store.build(DEMO_SHOP / "knowledge").release),
            engine=create(settings),
            threshold=settings.answer_threshold,
            deadline=timedelta(seconds=settings.answer_deadline_s),
            stopwatch=Stopwatch(),
        )
        return measure_traps(path)
