"""``otvet eval no-answer``: when the search says that nothing answers."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path

import click

from otvet.commands.evaluate.options import CACHE, DATA, JSON, KIND, LANGUAGE, MODEL, build, tell
from otvet.errors import CommandError


@click.command("no-answer")
@DATA
@LANGUAGE
@KIND
@MODEL
@CACHE
@click.option(
    "--known-sources", metavar="A,B", default="", help="Index only these; the others' questions lack an answer."
)
@JSON
def no_answer(
    *,
    folder: Path,
    language: str | None,
    kind: str | None,
    model: str | None,
    vectors: Path | None,
    known_sources: str,
    target: str | None,
) -> None:
    """Show how well the no-answer model tells questions with an answer from those without.

    Without --known-sources each question is asked twice, the second time with the articles that answer it hidden.
    """
    from evaluation.abstention import known, measure_abstention, render_abstention
    from evaluation.collection import demand_questions, load
    from evaluation.json_lines import RowsError
    from knowledge.errors import EmbeddingModelError
    from knowledge.training import train

    try:
        collection = known(load(folder), [name.strip() for name in known_sources.split(",") if name.strip()])
        demand_questions(collection, language, kind)
        index, embedder = build(collection.chunks, model, vectors)
    except (RowsError, EmbeddingModelError) as error:
        raise CommandError(str(error)) from error
    trained = train(index, embedder)
    report = measure_abstention(collection, index, trained, embedder, language=language, kind=kind)
    tell(render_abstention(report), report.model_dump_json(indent=2), target)
