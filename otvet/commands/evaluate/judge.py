"""``otvet eval judge``: does the judge tell supported answers from unsupported ones?"""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path

import click

from otvet.commands.evaluate import judge_labels, judge_rows
from otvet.commands.evaluate.options import JSON, tell
from otvet.errors import CommandError

_PATH = click.Path(path_type=Path, exists=True)


@click.command("judge")
@click.option("--data", type=_PATH, help="Score these rows with the shipped judge: a .jsonl file or its folder.")
@click.option("--folds", type=click.IntRange(min=2), help="With --data: fit on the rows themselves, cross-validated.")
@click.option("--train", "trains", type=_PATH, multiple=True, help="Fit on these rows too; may be repeated.")
@click.option("--test", type=_PATH, help="Measure the fit on these.")
@click.option("--weights", type=click.Path(path_type=Path, dir_okay=False), help="Write the fit's weights here.")
@click.option("--rows", "number", type=click.IntRange(min=2), help="Measure so many rows only, drawn at random.")
@click.option("--judge-url", metavar="URL", help="Ask a model there too; JUDGE_URL unless given.")
@click.option("--judge-model", metavar="NAME", help="The model to ask; JUDGE_API_KEY is its server's key.")
@click.option("--fit-from-labels", "refits", is_flag=True, help="Fit the score on your operators' verdicts on drafts.")
@click.option("--apply", "applies", is_flag=True, help="With it: judge by that fit from now on, if it is better.")
@click.option("--revert", is_flag=True, help="With it: take the fit in force back.")
@JSON
def judge(  # one an option
    *,
    data: Path | None,
    folds: int | None,
    trains: tuple[Path, ...],
    test: Path | None,
    weights: Path | None,
    number: int | None,
    judge_url: str | None,
    judge_model: str | None,
    refits: bool,
    applies: bool,
    revert: bool,
    target: str | None,
) -> None:
    """Measure the grounding score over rows of context, answer and label (1 supported, 0 not).

    With --fit-from-labels the exit code is 0: the fit is better; 1: it is not, or labels are missing; 2: it cannot be
    done.
    """
    over_rows = (data, folds, trains, test, weights, number, judge_url, judge_model)
    if refits and any(over_rows):
        raise CommandError(
            "--fit-from-labels reads the bot's own database: only --apply, --revert and --json go with it."
        )
    if refits:
        raise SystemExit(judge_labels.run(applies=applies, revert=revert, target=target))
    if applies or revert:
        raise CommandError("--apply and --revert belong to --fit-from-labels.")
    if data is None and not (trains and (test or weights)):
        raise CommandError("Name --data FILE, or --train FILE … with --test FILE (or --weights FILE).")
    if data is not None and (test or weights or (trains and not folds)):
        raise CommandError("With --data only --folds is wanted, and with --folds --train for what else to learn from.")
    if judge_url and not judge_model:
        raise CommandError("--judge-url needs --judge-model, the model's name there.")
    asking = judge_rows.Asking(data or test, folds, trains, weights, number, judge_url, judge_model)
    report = judge_rows.measure(asking)
    if report is not None:
        from evaluation.judge import render_judge

        tell(render_judge(report), report.model_dump_json(indent=2), target)
