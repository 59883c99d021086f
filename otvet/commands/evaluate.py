"""``otvet eval``: measure the product, or its search over a collection of somebody else's texts."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from knowledge.index import Index
    from knowledge.passages import Chunk
    from knowledge.reranking import Rerank
    from knowledge.sentences import SentenceEmbedder


@click.group("eval")
def evaluate_group() -> None:
    """Measure search, routing and answers over the basket of test questions."""


@evaluate_group.command("all")
@click.option("--basket", type=click.Path(path_type=Path), help="Your own basket; ours unless given.")
@click.option("--json", "target", metavar="FILE", help="Also write the report as JSON; - is standard output.")
@click.option("--strict", is_flag=True, help="Exit with 1 when an aim is missed.")
def evaluate(basket: Path | None, target: str | None, strict: bool) -> None:
    """Run the production path over the basket and show the figures beside their aims."""
    from evaluation.baskets import BasketError
    from evaluation.run import print_all
    from knowledge.errors import KnowledgeError
    from otvet.composition import load_settings

    try:
        code = print_all(load_settings(quiet=True), basket=basket, json_target=target, strict=strict)
    except (BasketError, KnowledgeError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename or target}: {error.strerror}.") from error
    sys.exit(code)


_DATA = click.option(
    "--data",
    "folder",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with kb.jsonl and questions.jsonl.",
)
_LANGUAGE = click.option("--lang", "language", help="Only questions in this language.")
_KIND = click.option("--kind", help="Only questions of this kind.")
_MODEL = click.option(
    "--embedding-model",
    "model",
    envvar="EMBEDDING_MODEL",
    help="Hub id, folder or offline; EMBEDDING_MODEL unless given. Nothing: the embedder trained on the texts.",
)
_CACHE = click.option(
    "--vectors",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the vectors in this folder.",
)
_JSON = click.option("--json", "target", metavar="FILE", help="Also write the report as JSON; - is standard output.")


@evaluate_group.command("retrieval")
@_DATA
@_LANGUAGE
@_KIND
@_MODEL
@click.option(
    "--reranker-model",
    "reranker",
    envvar="RERANKER_MODEL",
    help="Hub id or folder of a cross-encoder; RERANKER_MODEL unless given. It adds a row.",
)
@_CACHE
@click.option("--headings", is_flag=True, help="Index each passage under its own heading too: the easy variant.")
@_JSON
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
    from evaluation.collection import CollectionError, load
    from knowledge.errors import EmbeddingModelError

    try:
        collection = load(folder, own_headings=headings)
        rerank = _reranker(reranker)
        index, embedder = _build(collection.chunks, model, vectors)
    except (CollectionError, EmbeddingModelError) as error:
        raise CommandError(str(error)) from error
    report = measure_channels(collection, index, embedder, rerank=rerank, language=language, kind=kind)
    _tell(render_channels(report), report.model_dump_json(indent=2), target)


@evaluate_group.command("no-answer")
@_DATA
@_LANGUAGE
@_KIND
@_MODEL
@_CACHE
@click.option(
    "--known-sources", metavar="A,B", default="", help="Index only these; the others' questions lack an answer."
)
@_JSON
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
    from evaluation.collection import CollectionError, load
    from knowledge.errors import EmbeddingModelError
    from knowledge.training import train

    try:
        collection = known(load(folder), [name for name in known_sources.split(",") if name])
        if not collection.chunks:
            raise CommandError(f"No passage comes from {known_sources}: name sources that kb.jsonl knows.")
        index, embedder = _build(collection.chunks, model, vectors)
    except (CollectionError, EmbeddingModelError) as error:
        raise CommandError(str(error)) from error
    trained = train(index, embedder)
    report = measure_abstention(collection, index, trained, embedder, language=language, kind=kind)
    _tell(render_abstention(report), report.model_dump_json(indent=2), target)


def _build(
    chunks: "tuple[Chunk, ...]", model: str | None, vectors: Path | None
) -> "tuple[Index, SentenceEmbedder | None]":
    from knowledge.index import Index
    from knowledge.sentences import SentenceModel
    from knowledge.vectors import VectorCache

    embedder = SentenceModel.open(model) if model else None
    return Index.build(chunks, embedder, None if vectors is None else VectorCache(vectors)), embedder


def _reranker(name: str | None) -> "Rerank | None":
    from knowledge.reranking import CrossEncoderModel, by

    return by(CrossEncoderModel.open(name)) if name else None


def _tell(table: str, json: str, target: str | None) -> None:
    """Show the table; with JSON on standard output it goes to standard error."""
    click.echo(table, err=target == "-")
    if target == "-":
        click.echo(json)
    elif target is not None:
        try:
            Path(target).write_text(json + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{target}: {error.strerror}.") from error
