"""``otvet eval all``: the production path over a basket."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from evaluation.subject import Subject
    from support.settings import Settings

DEMO = "demo"
CURRENT = "current"


@click.command("all")
@click.option(
    "--basket", type=click.Path(path_type=Path), help="Your own questions, a folder or file; ours unless given."
)
@click.option(
    "--knowledge",
    metavar="FOLDER|current|demo",
    help="What answers: articles (a release is built aside), the release that answers now (the default with a basket "
    "of your own), or the demo shop (otherwise). Of articles and release, passages that were called wrong and "
    "addresses that nobody has confirmed are left out as in the running bot.",
)
@click.option("--orders", type=click.Path(path_type=Path), help="A list of orders for order_dialogues.jsonl.")
@click.option("--with-drafts", is_flag=True, help="Measure items, too, that nobody has looked at yet.")
@click.option(
    "--default-threshold",
    "as_default",
    is_flag=True,
    help="Measure at ANSWER_THRESHOLD even where a calibrated threshold decides in the bot.",
)
@click.option("--json", "target", metavar="FILE", help="Also write the report as JSON; - is standard output.")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Also write the report as a page to show.")
@click.option("--lang", "language", type=click.Choice(["ru", "en"]), help="Of the page; else OPERATORS_LANGUAGE.")
@click.option(
    "--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Compare with a report that --json wrote."
)
@click.option("--strict", is_flag=True, help="Exit with 1 when an aim is missed.")
def evaluate(
    *,
    basket: Path | None,
    knowledge: str | None,
    orders: Path | None,
    with_drafts: bool,
    as_default: bool,
    target: str | None,
    page: Path | None,
    language: str | None,
    baseline: Path | None,
    strict: bool,
) -> None:
    """Run the production path over a basket and show the figures with their intervals, and what to fix first.

    Each language is measured at the threshold that decides in the running bot: a calibrated one where it is in force,
    else ANSWER_THRESHOLD. The demo shop is always measured at ANSWER_THRESHOLD.

    Exit code 0: measured; 1: significantly worse than --baseline or, with --strict, an aim missed; 2: it cannot be
    measured.
    """
    from evaluation.baskets import BasketError
    from evaluation.comparison import BaselineError
    from evaluation.page import write_page
    from evaluation.run import Asking, exit_status, print_all
    from evaluation.running_bot import RunningBot, running_bot
    from knowledge.errors import KnowledgeError
    from otvet.composition import load_settings
    from support.intents.examples import IntentsError
    from support.orders.importing import OrdersFileError

    settings = load_settings(quiet=True)
    named = knowledge or _usual(basket)
    running = RunningBot() if named == DEMO else running_bot(settings)
    if not running.readable:
        click.echo(
            "The bot's database cannot be read, or is not at this version's schema: run otvet db upgrade. Measured as "
            "if it had never been there.",
            err=True,
        )
    asking = Asking(
        basket=basket,
        with_drafts=with_drafts,
        baseline=baseline,
        json_target=target,
        command=" ".join(_command()),
        calibrated=running.calibrated,
        fit=running.fit,
        as_default=as_default,
    )
    try:
        with _subject(settings, named, orders, running.hidden) as subject:
            report = print_all(settings, asking, subject)
        if page is not None:
            write_page(report, page, language or settings.operators_language)
    except (BasketError, BaselineError, KnowledgeError, IntentsError, OrdersFileError, ValueError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename or target}: {error.strerror}.") from error
    sys.exit(exit_status(report, strict=strict))


def _usual(basket: Path | None) -> str:
    """Our own baskets ask about the demo shop, any other about the company's articles."""
    from evaluation.baskets import OWN_BASKET

    ours = basket is None or basket.resolve().is_relative_to(OWN_BASKET.parent)
    return DEMO if ours else CURRENT


@contextmanager
def _subject(settings: "Settings", named: str, orders: Path | None, hidden: frozenset[str]) -> "Iterator[Subject]":
    """Open what is measured; ``hidden``: passages that the running bot does not show."""
    from evaluation.subject import Subject, demo_shop, folder
    from knowledge.releases import ReleaseStore
    from otvet.sentence_models import model_for, questions_for, relevances_for

    store = ReleaseStore(settings.releases_dir)
    number = store.current() if named == CURRENT else None
    with relevances_for(settings) as rerank:
        if named == DEMO:
            with demo_shop(orders) as shop:
                yield shop
        elif number is not None:
            info = store.info(number)
            with questions_for(settings, info.model_revision or None if info else None) as embed:
                if info is not None and info.model and embed is None:
                    click.echo(f"No process serves {info.model}: searched without it.", err=True)
                yield Subject.of("current release", store, orders, embed, rerank, hidden=hidden)
        else:
            sources = settings.knowledge_dir if named == CURRENT else Path(named)
            if not sources.exists():
                raise CommandError(
                    f"{sources}: no such folder of articles. Build a release (otvet kb build), or name what answers: "
                    "--knowledge FOLDER; --knowledge demo is the demo shop."
                )
            with model_for(settings) as model:
                built = folder(
                    sources, orders=orders, model=model, rerank=rerank, hidden=hidden, releases=settings.releases_dir
                )
                with built as subject:
                    yield subject


def _command() -> list[str]:
    """Return the command line as typed, without the path of the program."""
    return [Path(sys.argv[0]).name.replace("__main__.py", "otvet"), *sys.argv[1:]]
