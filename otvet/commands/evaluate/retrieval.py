"""``otvet eval retrieval``: the search over a collection of somebody else's texts."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.commands.evaluate.options import CACHE, DATA, JSON, KIND, LANGUAGE, MODEL, build, tell
from otvet.errors import CommandError

if TYPE_CHECKING:
    from knowledge.reranking import Rerank


@click.command("retrieval")
@DATA
@LANGUAGE
@KIND
@MODEL
@click.option(
    "--reranker-model",
    "reranker",
    envvar="RERANKER_MODEL",
    help="Hub id or folder of a cross-encoder; RERANKER_MODEL unless given. It adds a row.",
)
@CACHE
@click.option("--headings", is_flag=True, help="Index each passage under its own heading too: the easy variant.")
@JSON
def retrieval(
    *,
    folder: Path,
    language: str | None,
    kind: str | None,
    model: str | None,
    reranker: str | None,
    vectors: Path | None,
    headings: bool,
    target: str | None,
) -> None:
    """Index a collection and show how well each channel of the search finds, side by side, with intervals."""
    from evaluation.channels import measure_channels, render_channels
    from evaluation.collection import demand_questions, load, warnings
    from evaluation.json_lines import RowsError
    from knowledge.errors import EmbeddingModelError

    try:
        collection = load(folder, own_headings=headings)
        demand_questions(collection, language, kind)
        for line in warnings(collection):
            click.echo(line, err=True)
        rerank = _reranker(reranker)
        index, embedder = build(collection.chunks, model, vectors)
    except (RowsError, EmbeddingModelError) as error:
        raise CommandError(str(error)) from error
    report = measure_channels(collection, index, embedder, rerank=rerank, language=language, kind=kind)
    tell(render_channels(report), report.model_dump_json(indent=2), target)


def _reranker(name: str | None) -> "Rerank | None":
    from knowledge.reranking import CrossEncoderModel, by

    return by(CrossEncoderModel.open(name)) if name else None
