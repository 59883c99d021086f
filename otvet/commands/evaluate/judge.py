"""``otvet eval judge``: does the judge tell supported answers from unsupported ones?"""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path

import click

from otvet.commands.evaluate.options import JSON, tell
from otvet.errors import CommandError

_PATH = click.Path(path_type=Path, exists=True)


@click.command("judge")
@click.option("--data", type=_PATH, help="Score these rows with the shipped judge: a .jsonl file or its folder.")
@click.option("--folds", type=click.IntRange(min=2), help="With --data: fit on the rows themselves, cross-validated.")
@click.option("--train", "trains", type=_PATH, multiple=True, help="Fit on these rows too; may be repeated.")
@click.option("--test", type=_PATH, help="Measure the fit on these.")
@click.option("--weights", type=click.Path(path_type=Path, dir_okay=False), help="Write the fit's weights here.")
@JSON
def judge(  # one an option
    *,
    data: Path | None,
    folds: int | None,
    trains: tuple[Path, ...],
    test: Path | None,
    weights: Path | None,
    target: str | None,
) -> None:
    """Measure the grounding score over rows of context, answer and label (1 supported, 0 not)."""
    from evaluation import judge as judging
    from evaluation import judge_fit

    if data is None and not (trains and (test or weights)):
        raise CommandError("Name --data FILE, or --train FILE … with --test FILE (or --weights FILE).")
    if data is not None and (test or weights or (trains and not folds)):
        raise CommandError("With --data only --folds is wanted, and with --folds --train for what else to learn from.")
    try:
        if data is not None:
            asked = judging.Measured.of(judging.load_judged(data))
            if folds:
                others = [judging.Measured.of(judging.load_judged(one)) for one in trains]
                odds = judge_fit.cross_validated(asked, folds, others)
            else:
                odds = judging.shipped_log_odds(asked)
            told = ", ".join([f"the other {folds - 1} of {folds} parts", *map(str, trains)]) if folds else "shipped"
        else:
            model = judge_fit.fit([judging.Measured.of(judging.load_judged(one)) for one in trains])
            if weights is not None:
                names = [one.parent.name if one.stem == "judge" else one.stem for one in trains]
                command = "otvet eval judge " + " ".join(f"--train {name}" for name in names) + " --weights FILE"
                weights.write_text(model.dump({"command": command}), encoding="utf-8")
            if test is None:
                return
            asked = judging.Measured.of(judging.load_judged(test))
            odds, told = model.log_odds(judge_fit.columns(asked, model.names)), ", ".join(map(str, trains))
    except judging.JudgedError as error:
        raise CommandError(str(error)) from error
    report = judging.measure_judge(asked, odds, told)
    tell(judging.render_judge(report), report.model_dump_json(indent=2), target)
