"""``otvet eval draft``: a basket to begin with, for people to edit."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from evaluation.baskets import Asked
    from support.settings import Settings


@click.command("draft")
@click.option(
    "--from",
    "origin",
    type=click.Choice(["knowledge", "conversations"]),
    required=True,
    help="Articles (KNOWLEDGE_DIR), or what customers asked and operators answered (DATABASE_URL).",
)
@click.option("--out", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="A new folder.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Questions at most.")
def draft(*, origin: str, folder: Path, limit: int) -> None:
    """Write a basket of drafts, balanced over articles or intents; nothing is overwritten.

    Edit each line in customers' words, put right what it expects, and take out "draft": otvet eval all leaves drafts
    out. Customers' words are masked; the file is yours to keep and to delete, no erasure of a customer reaches it.
    """
    from evaluation.baskets import BasketError
    from evaluation.drafting import write
    from knowledge.errors import KnowledgeError
    from otvet.composition import complete, load_settings

    settings = load_settings(quiet=True)
    try:
        items = _of_articles(settings, limit) if origin == "knowledge" else complete(_of_conversations(settings, limit))
        file = write(folder, items)
    except (BasketError, KnowledgeError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror}.") from error
    click.echo(f"{file}: {len(items)} drafts.")
    click.echo(
        'Look at each, put right what it expects, take out "draft", then: otvet eval all --basket ' + str(folder)
    )


def _of_articles(settings: "Settings", limit: int) -> "tuple[Asked, ...]":
    from evaluation.drafting import from_knowledge
    from knowledge.chunks import chunk_documents
    from knowledge.sources import read_sources

    return from_knowledge(chunk_documents(read_sources(settings.knowledge_dir).documents), limit)


async def _of_conversations(settings: "Settings", limit: int) -> "tuple[Asked, ...]":
    from evaluation.conversations import from_conversations
    from support import schema
    from support.database import Database

    if not await schema.is_current(settings.sql_url):
        raise CommandError("The database has no tables of this version yet: run otvet db upgrade.")
    database = Database(settings.sql_url)
    try:
        async with database.reading() as session:
            return await from_conversations(session, limit)
    finally:
        await database.close()
