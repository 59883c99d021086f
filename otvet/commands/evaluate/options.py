"""What the commands of ``otvet eval`` share: options over a collection, its index, and how a report is shown."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from knowledge.index import Index
    from knowledge.passages import Chunk
    from knowledge.sentences import SentenceEmbedder

DATA = click.option(
    "--data",
    "folder",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with kb.jsonl and questions.jsonl.",
)
LANGUAGE = click.option("--lang", "language", help="Only questions in this language.")
KIND = click.option("--kind", help="Only questions of this kind.")
MODEL = click.option(
    "--embedding-model",
    "model",
    envvar="EMBEDDING_MODEL",
    help="Hub id, folder or offline; EMBEDDING_MODEL unless given. Nothing: the embedder trained on the texts.",
)
CACHE = click.option(
    "--vectors",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the vectors in this folder.",
)
JSON = click.option("--json", "target", metavar="FILE", help="Also write the report as JSON; - is standard output.")


def build(
    chunks: "tuple[Chunk, ...]", model: str | None, vectors: Path | None
) -> "tuple[Index, SentenceEmbedder | None]":
    """Index the chunks; return the index and the sentence model, if one is named."""
    from knowledge.index import Index
    from knowledge.sentences import SentenceModel
    from knowledge.vectors import VectorCache

    embedder = SentenceModel.open(model) if model else None
    return Index.build(chunks, embedder, None if vectors is None else VectorCache(vectors)), embedder


def tell(table: str, json: str, target: str | None) -> None:
    """Show the table; with JSON on standard output it goes to standard error."""
    click.echo(table, err=target == "-")
    if target == "-":
        click.echo(json)
    elif target is not None:
        try:
            Path(target).write_text(json + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{target}: {error.strerror}.") from error
