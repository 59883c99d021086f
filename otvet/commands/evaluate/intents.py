"""``otvet eval intents``: the classifier of intents over labelled messages."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import json
from collections import Counter
from pathlib import Path

import click

from otvet.commands.evaluate.options import JSON, tell
from otvet.errors import CommandError

_NONE = "none"
_PATH = click.Path(path_type=Path, exists=True)


@click.command("intents")
@click.option("--data", type=_PATH, help="JSON Lines with text, label and split, or a folder with intents.jsonl.")
@click.option("--train", type=_PATH, help="Learn from these rows …")
@click.option("--test", type=_PATH, help="… and ask about these.")
@click.option("--shots", type=click.IntRange(min=1), help="Learn from at most so many rows of each label.")
@click.option("--cross", is_flag=True, help="Five folds of all rows, whatever their split.")
@click.option("--by", metavar="FIELD", help="Measure the rows of each value of this field by themselves.")
@click.option("--unknown", metavar="LABEL", help="The label of messages that are none of the others; found by itself.")
@click.option("--peer/--no-peer", default=True, help="Measure TF-IDF + logistic regression beside ours.")
@click.option(
    "--embedding-model",
    "model",
    envvar="EMBEDDING_MODEL",
    help="Hub id, folder, offline or none; EMBEDDING_MODEL unless given, else offline where it is installed.",
)
@JSON
def intents(
    *,
    data: Path | None,
    train: Path | None,
    test: Path | None,
    shots: int | None,
    cross: bool,
    by: str | None,
    unknown: str | None,
    peer: bool,
    model: str | None,
    target: str | None,
) -> None:
    """Show how well intents are told apart, and messages that are none of them, with 95 % intervals."""
    from evaluation.intent_rows import few, read_rows, repeats, splits, unlearned
    from evaluation.intents import measure_intents, render_intents
    from evaluation.json_lines import RowsError, some
    from knowledge.errors import EmbeddingModelError
    from knowledge.sentences import OFFLINE, SentenceModel, is_installed

    if (data is None) == (train is None) or (train is None) != (test is None):
        raise CommandError("Name either --data, or --train together with --test.")
    try:
        model = model or (OFFLINE if is_installed(OFFLINE) else _NONE)
        embedder = None if model == _NONE else SentenceModel.open(model)
        rows = read_rows(data or train or Path(), unknown=unknown, by=by)
        others = read_rows(test, unknown=unknown, by=by) if test else []
    except (RowsError, EmbeddingModelError) as error:
        raise CommandError(str(error)) from error
    if unknown is not None and all(row.label is not None for row in (*rows, *others)):
        raise CommandError(f"--unknown {unknown}: no row has this label. Name one that messages of none have.")
    if embedder is not None:
        click.echo(
            f"· Sentence vectors of {embedder.name} for {len(rows) + len(others)} messages: minutes if many.", err=True
        )
    reports, repeated, strange = [], 0, Counter[str]()
    for group in sorted({row.group for row in rows}):
        own = [row for row in rows if row.group == group]
        pairs = [(own, [row for row in others if row.group == group])] if test else splits(own, crossed=cross)
        if shots is not None:
            pairs = [(few(learned, shots), asked) for learned, asked in pairs]
        if any(len({row.label for row in learned} - {None}) < 2 or not asked for learned, asked in pairs):  # noqa: PLR2004
            raise CommandError(f"{group or 'The rows'}: at least two labels to learn and one row to ask are needed.")
        repeated += sum(repeats(learned, asked) for learned, asked in pairs)
        strange += unlearned(pairs)
        reports.append(measure_intents(pairs, group=group, embedder=embedder, peer=peer))
    if repeated:
        number = sum(report.asked for report in reports)
        click.echo(f"! {repeated} of {number} rows asked stand among those learned, too: a training figure.", err=True)
    if strange:
        click.echo(
            f"! Labels that no row learned from has: {some(strange)}; their {strange.total()} rows count as strangers.",
            err=True,
        )
    tell(render_intents(reports), json.dumps([report.model_dump() for report in reports], indent=2), target)
