"""Building a release from the command line: waiting, progress, and what is said of it."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from knowledge.releases import BuildReport, Order, ReleaseStore, Stage
    from knowledge.sentences import SentenceEmbedder

LONGEST_WAIT_S = 3600.0


def store_in(folder: Path) -> "ReleaseStore":
    """Return the releases in the folder, which need not exist yet."""
    from knowledge.releases import ReleaseStore

    return ReleaseStore(folder)


def build_release(
    store: "ReleaseStore",
    sources: Path,
    *,
    order: "Order | None" = None,
    quiet: bool = True,
    model: "SentenceEmbedder | None" = None,
) -> "BuildReport":
    """Build a release; wait for another build under way; say why in a sentence when it cannot be.

    Raises:
        CommandError: the folder is missing or holds nothing that can be read.
    """
    from knowledge.errors import EmbeddingModelError, KnowledgeError

    show = _Shown(quiet=quiet)
    if store.is_building():
        click.echo("Another build is under way: waiting until it ends (Ctrl-C gives up).", err=True)
    try:
        return store.build(sources, progress=show, order=order, wait_s=LONGEST_WAIT_S, model=model)
    except EmbeddingModelError as error:
        raise CommandError(str(error)) from error
    except KnowledgeError as error:
        raise CommandError(f"{error} (KNOWLEDGE_DIR is {sources})") from error
    finally:
        show.end()


def describe(report: "BuildReport") -> str:
    """Say what a build made, and what it skipped."""
    from otvet.knowledge_words import report as words

    return words(report)


def in_json(made: "BuildReport") -> str:
    """Return what a build made as JSON."""

    from dataclasses import asdict

    fields: dict[str, Any] = asdict(made)
    fields["difference"] = asdict(made.difference) | {"counts": made.difference.counts()}
    return json.dumps(fields, ensure_ascii=False, indent=1)


class _Shown:
    """Progress on stderr: one line that moves on a terminal, a line a step elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._moves = sys.stderr.isatty()
        self._started = time.monotonic()
        self._drawn = False

    def __call__(self, stage: "Stage") -> None:
        from otvet.knowledge_words import bar
        from otvet.knowledge_words import stage as words

        if self._quiet:
            return
        if self._moves:
            self._drawn = True
            click.echo(f"\r\033[K{bar(stage)}", nl=False, err=True)
        else:
            click.echo(f"{words(stage)} ({time.monotonic() - self._started:.1f} s)", err=True)

    def end(self) -> None:
        """Leave the line empty."""
        if self._drawn:
            click.echo("\r\033[K", nl=False, err=True)
