"""``otvet stats``: the figures of /stats in the terminal, as a page, or as JSON."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from bot.stats_words import StatsWords
    from support.settings import Settings
    from support.watching.report import Figures


@click.command()
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True, help="Today and the days before it.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the page to FILE.", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every share with its counts and 95 % interval.")
def stats(days: int, html: Path | None, *, as_json: bool) -> None:
    """Say how well the bot does: containment, resolution, escalations, what had no answer, load.

    docs/operations.md, «Watching», defines each figure.
    """
    import json

    from otvet.composition import complete, load_settings

    settings = load_settings(quiet=True)
    words, figures = complete(read(settings, days))
    if html is not None:
        from bot.stats_page import page

        try:
            html.write_text(page(words, figures), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{html} cannot be written ({error.strerror}): name another file.") from error
    if as_json:
        click.echo(json.dumps(figures.as_json(), ensure_ascii=False, indent=2))
    elif html is None:
        click.echo(words.summary(figures))


async def read(settings: "Settings", days: int) -> "tuple[StatsWords, Figures]":
    """Return the figures of the last days, and the words for them in the operators' language.

    Raises:
        CommandError: the database has no tables yet, or the desk file or the intents' file cannot be used.
    """
    from bot.stats_words import StatsWords
    from bot.texts import Library
    from bot.unit import Units
    from bot.watching import Watching
    from otvet.composition import demand_schema
    from support import desk_file
    from support.database import Database
    from support.intents.examples import IntentsError, load_intents

    try:
        file, intents = desk_file.load(settings.desk_file), load_intents(settings.intents_file)
    except (desk_file.DeskFileError, IntentsError) as error:
        raise CommandError(str(error)) from error
    await demand_schema(settings)
    texts = Library().of(settings.operators_language)
    words = StatsWords(texts, {intent.name: intent.label(texts.language) for intent in intents})
    database = Database(settings.sql_url)
    try:
        units = Units(database, lambda: None)
        watching = Watching(units, file, words, settings.answer_threshold, settings.threshold_is_set)
        return words, await watching.figures(days)
    finally:
        await database.close()
