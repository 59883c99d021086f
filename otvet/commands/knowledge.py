"""``otvet kb``: releases of the knowledge base."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from knowledge.releases import BuildReport, ReleaseStore


@click.group("kb")
def knowledge_group() -> None:
    """Build, list, switch and search knowledge releases."""


@knowledge_group.command("build")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def build(folder: Path | None) -> None:
    """Build a release from FOLDER (KNOWLEDGE_DIR unless given) and switch to it.

    FOLDER may also be one file, or a zip of a folder. Markdown, text, HTML, PDF, Word, Excel, CSV and JSON are read.
    What cannot be read is listed by file and line or page, and skipped.
    """
    from otvet.composition import load_settings

    settings = load_settings(quiet=True)
    report = build_release(store_in(settings.releases_dir), folder or settings.knowledge_dir)
    click.echo(describe(report))


@knowledge_group.command("list")
def list_releases() -> None:
    """List the releases that lie on this machine; the current one is marked."""
    store = _configured_store()
    current = store.current()
    infos = store.infos()
    if not infos:
        raise CommandError("There is no release yet: run otvet kb build.")
    for info in infos:
        mark = "→" if info.number == current else " "
        size = f"{info.articles} articles, {info.chunks} chunks"
        click.echo(f"{mark} {info.number:>4}  {info.built_at:%Y-%m-%d %H:%M} UTC  {size}")


@knowledge_group.command("rollback")
@click.option("--to", "number", type=int, help="Release number; the one before the current unless given.")
def rollback(number: int | None) -> None:
    """Switch back to an earlier release."""
    from knowledge.errors import KnowledgeError

    try:
        switched_to = _configured_store().rollback(number)
    except KnowledgeError as error:
        raise CommandError(str(error)) from error
    click.echo(f"Release {switched_to} is the current one.")


@knowledge_group.command("search")
@click.argument("query")
@click.option("--language", type=click.Choice(["ru", "en"]), help="Search articles of one language only.")
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True)
def search(query: str, language: str | None, limit: int) -> None:
    """Show what the current release finds for QUERY."""
    from knowledge.errors import KnowledgeError

    store = _configured_store()
    try:
        current = store.current()
        if current is None:
            raise CommandError("There is no release yet: run otvet kb build.")
        release = store.open(current)
    except KnowledgeError as error:
        raise CommandError(str(error)) from error
    result = release.search(query, language=language, limit=limit)
    for rank, passage in enumerate(result.passages, start=1):
        chunk = passage.chunk
        click.secho(f"{rank}. {' › '.join((chunk.title, *chunk.breadcrumb))}", bold=True)
        click.echo(f"   {chunk.source}, score {passage.scores.blend:.2f}")
        click.echo(f"   {' '.join((chunk.question or chunk.text).split())[:200]}")
    click.echo(f"The release can answer this with probability {result.answerable:.2f}.")


def store_in(folder: Path) -> "ReleaseStore":
    """Return the releases in the folder, which need not exist yet."""
    from knowledge.releases import ReleaseStore

    return ReleaseStore(folder)


def build_release(store: "ReleaseStore", sources: Path) -> "BuildReport":
    """Build a release; say why in a sentence when it cannot be.

    Raises:
        CommandError: the folder is missing or holds nothing that can be read.
    """
    from knowledge.errors import KnowledgeError

    try:
        return store.build(sources)
    except KnowledgeError as error:
        raise CommandError(f"{error} (KNOWLEDGE_DIR is {sources})") from error


def describe(report: "BuildReport") -> str:
    """Say what a build made, and what it skipped."""
    size = f"{report.articles} articles, {report.chunks} chunks"
    first = f"knowledge: {size}, release {report.release} ({report.seconds:.1f} s)"
    return "\n".join([first, *(f"  ! {error.place}: {error.reason}" for error in report.errors)])


def _configured_store() -> "ReleaseStore":
    from otvet.composition import load_settings

    return store_in(load_settings(quiet=True).releases_dir)
