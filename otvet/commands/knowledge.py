"""``otvet kb``: releases of the knowledge base."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError
from otvet.knowledge_builds import build_release, describe, in_json, store_in
from otvet.knowledge_switches import announce, tell_audit, who, write_down

if TYPE_CHECKING:
    from knowledge.differences import Difference
    from knowledge.releases import ReleaseStore
    from support.settings import Settings

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")


@click.group("kb")
def knowledge_group() -> None:
    """Build, compare, switch, search and examine knowledge releases.

    A release is built beside the one that answers, checked, and switched to in one step; three of them stay.
    """


@knowledge_group.command("build")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Build although nothing has changed; switch whatever speaks against it.")
@AS_JSON
def build(folder: Path | None, force: bool, as_json: bool) -> None:
    """Build a release from FOLDER (KNOWLEDGE_DIR unless given) and switch to it.

    FOLDER may also be one file, or a zip of a folder. Markdown, text, HTML, PDF, Word, Excel, CSV and JSON are read.
    What cannot be read is listed by file and line or page, and skipped. A release is built but not switched to when the
    golden questions (golden.csv or golden.jsonl in the folder: question, source) find less than before, or when more
    than half of the articles are gone; the exit code is 1 then.
    """
    from knowledge.releases import Order, Outcome
    from otvet.composition import load_settings
    from otvet.sentence_models import model_for

    settings = load_settings(quiet=True)
    sources = folder or settings.knowledge_dir
    order = Order(built_by=who(), reason="otvet kb build", force=force)
    with model_for(settings) as model:
        made = build_release(store_in(settings.releases_dir), sources, order=order, quiet=as_json, model=model)
    if made.outcome is Outcome.SWITCHED:
        announce(settings, made.release)
    click.echo(in_json(made) if as_json else describe(made))
    if made.outcome is Outcome.HELD:
        sys.exit(1)


@knowledge_group.command("list")
@AS_JSON
def list_releases(as_json: bool) -> None:
    """List the releases that lie on this machine: when, by whom and why each was built, and how large it is.

    → marks the one that answers, ✗ one that was built and not switched to.
    """
    from dataclasses import asdict

    from otvet.knowledge_words import release

    store = _configured_store()
    current = store.current()
    infos = store.infos()
    if not infos:
        raise CommandError("There is no release yet: run otvet kb build.")
    if as_json:
        rows = [asdict(info) | {"current": info.number == current} for info in infos]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1, default=str))
        return
    for info in infos:
        click.echo(release(info, current=info.number == current))


@knowledge_group.command("diff")
@click.argument("old", required=False, type=int)
@click.argument("new", required=False, type=int)
@click.option("--sources", "with_sources", is_flag=True, help="Compare with what lies in KNOWLEDGE_DIR now.")
@click.option("--text", "with_text", is_flag=True, help="Show the changed text too.")
@AS_JSON
def diff(old: int | None, new: int | None, with_sources: bool, with_text: bool, as_json: bool) -> None:
    """Show what has changed from release OLD to release NEW.

    Without numbers: from the release before the current one to the current one. With one: from it to the current one.
    """
    from otvet.composition import load_settings
    from otvet.knowledge_words import difference, difference_json

    settings = load_settings(quiet=True)
    found, title = _compare(settings, old, new, with_sources=with_sources)
    if as_json:
        click.echo(json.dumps(difference_json(found), ensure_ascii=False, indent=1))
        return
    click.echo(f"{title}\n{difference(found, with_text=with_text)}")


@knowledge_group.command("rollback")
@click.option("--to", "number", type=int, help="Release number; the one before the current unless given.")
def rollback(number: int | None) -> None:
    """Switch to an earlier release, or to any other with --to: forward again too.

    The articles in the folder stay as they are: the next build brings their text back.
    """
    from knowledge.errors import KnowledgeError
    from otvet.composition import load_settings

    settings = load_settings(quiet=True)
    store = store_in(settings.releases_dir)
    try:
        before = _current(store)
        chosen = store.info(number) if number is not None else None
        switched_to = store.rollback(number)
    except KnowledgeError as error:
        raise CommandError(str(error)) from error
    announce(settings, switched_to)
    action = "kb_rollback" if before is None or switched_to < before else "kb_forward"
    if chosen is not None and chosen.held:  # its objections are gone by now
        action = "kb_force"
    write_down(settings, action, before, switched_to)
    click.echo(f"Release {switched_to} is the current one.")
    if number is None and before is not None:
        click.echo(f"Back again: otvet kb rollback --to {before}")


@knowledge_group.command("addresses")
@click.option("--show", multiple=True, metavar="ADDRESS", help="Customers may be shown it from now on; repeatable.")
@click.option("--refuse", multiple=True, metavar="ADDRESS", help="No answer ever holds it; repeatable.")
@click.option("--show-all", is_flag=True, help="Confirm everything that waits: read the list first.")
def addresses(show: tuple[str, ...], refuse: tuple[str, ...], show_all: bool) -> None:
    """List the addresses, phones and promotional codes of the articles that answers may hold, and what waits.

    What stood in the first release is the company's own, but for what is only named where money or secrets are asked
    for. What came later waits (?) until somebody confirms it: until then an answer with it goes to an operator.
    """
    from knowledge.address_book import AddressBook
    from otvet.composition import load_settings
    from otvet.knowledge_words import addresses as words

    settings = load_settings(quiet=True)
    book = AddressBook(settings.releases_dir)
    if book.entries() is None:
        raise CommandError("There is no list of addresses yet: run otvet kb build.")
    some = (*show, *(one for one, _ in book.waiting())) if show_all else show
    for chosen, shown in ((some, True), (refuse, False)):
        if chosen:
            book.decide(chosen, show=shown)
            tell_audit(settings, "kb_address", {"addresses": sorted(chosen), "shown": shown})
    entries = book.entries()
    if entries is not None:
        click.echo(words(entries))


@knowledge_group.command("search")
@click.argument("query")
@click.option("--language", type=click.Choice(["ru", "en"]), help="Search articles of one language only.")
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option("--release", "number", type=int, help="Search this release instead of the current one.")
@AS_JSON
def search(query: str, language: str | None, limit: int, number: int | None, as_json: bool) -> None:
    """Show what the current release finds for QUERY, and how sure it is that this suffices for an answer."""
    from dataclasses import asdict

    from knowledge.errors import KnowledgeError
    from otvet.composition import load_settings
    from otvet.sentence_models import questions_for, relevances_for

    settings = load_settings(quiet=True)
    store = store_in(settings.releases_dir)
    try:
        chosen = store.current() if number is None else number
        if chosen is None:
            raise CommandError("There is no release yet: run otvet kb build.")
        info = store.info(chosen)
        revision = info.model_revision if info else None
        with questions_for(settings, revision) as embed, relevances_for(settings) as rerank:
            result = store.open(chosen, embed, rerank).search(query, language=language, limit=limit)
    except KnowledgeError as error:
        raise CommandError(str(error)) from error
    if info is not None and info.model and embed is None:
        click.echo(f"No process serves {info.model}, which the release was built with: searched without it.", err=True)
    if settings.reranker_model and not result.reranked:
        click.echo(
            f"RERANKER_MODEL={settings.reranker_model} had no say: no process serves it, or it is slow.", err=True
        )
    if as_json:
        click.echo(json.dumps(asdict(result), ensure_ascii=False, indent=1))
        return
    for rank, passage in enumerate(result.passages, start=1):
        chunk = passage.chunk
        click.secho(f"{rank}. {' › '.join((chunk.title, *chunk.breadcrumb))}", bold=True)
        click.echo(f"   {chunk.source}, score {passage.scores.blend:.2f}")
        click.echo(f"   {' '.join((chunk.question or chunk.text).split())[:200]}")
    click.echo(f"The release can answer this with probability {result.answerable:.2f}.")


@knowledge_group.command("doctor")
@AS_JSON
def doctor(as_json: bool) -> None:
    """Examine releases, disk, articles and golden questions; say in words what to do.

    Also names articles that say nearly the same, and those that their own heading does not find. Exit code 1 when
    something is wrong.
    """
    from otvet.composition import load_settings
    from otvet.findings import Mark
    from otvet.knowledge_diagnosis import examine

    settings = load_settings(quiet=True)
    findings = examine(store_in(settings.releases_dir), settings.knowledge_dir)
    if as_json:
        rows = [{"mark": finding.mark.name.lower(), "sentence": finding.sentence} for finding in findings]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            click.echo(f"{finding.mark} {finding.sentence}")
    sys.exit(1 if any(finding.mark is Mark.WRONG for finding in findings) else 0)


def _current(store: "ReleaseStore") -> int | None:
    """Return the current release's number, None when its pointer is damaged: a rollback puts that right."""
    from knowledge.errors import KnowledgeError

    try:
        return store.current()
    except KnowledgeError:
        return None


def _compare(settings: "Settings", old: int | None, new: int | None, *, with_sources: bool) -> "tuple[Difference, str]":
    from knowledge.chunks import chunk_documents
    from knowledge.differences import compare
    from knowledge.errors import KnowledgeError
    from knowledge.sources import read_sources

    store = store_in(settings.releases_dir)
    try:
        current = store.current()
        if current is None:
            raise CommandError("There is no release yet: run otvet kb build.")
        if with_sources:
            old = current if old is None else old
            now = chunk_documents(read_sources(settings.knowledge_dir).documents)
            return compare(store.chunks(old), now), f"From release {old} to the articles in {settings.knowledge_dir}:"
        if old is None:
            old = store.older()
            if old is None:
                raise CommandError("There is only one release: otvet kb diff --sources compares it with the articles.")
        new = current if new is None else new
        return compare(store.chunks(old), store.chunks(new)), f"From release {old} to release {new}:"
    except KnowledgeError as error:
        raise CommandError(str(error)) from error


def _configured_store() -> "ReleaseStore":
    from otvet.composition import load_settings

    return store_in(load_settings(quiet=True).releases_dir)
