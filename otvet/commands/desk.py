"""``otvet desk``: the operators' desk file, checked and tried."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from support.desk_file import DeskFile
    from support.settings import Settings

FILE = click.option("--file", type=click.Path(path_type=Path), help="Another file than DESK_FILE.")


@click.group("desk")
def desk_group() -> None:
    """Check what the operators' desk file says and try its rules."""


@desk_group.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
def check(file: Path | None) -> None:
    """Say in words what FILE (else DESK_FILE, else the bundled file) means, and what in it is wrong.

    Exit code 0: fine; 1: something in it can never happen or leads nowhere; 2: it cannot be used.
    """
    from support.desk_check import doubts, in_words
    from support.desk_file import BUNDLED_FILE

    settings, read = _read(file)
    click.echo(f"{(file or settings.desk_file or BUNDLED_FILE).name}:")
    for line in in_words(read, datetime.now(UTC)):
        click.echo(f"  {line}")
    found = list(doubts(read, _intents(settings), settings.operators_chat_id))
    for doubt in found:
        click.echo(f"! {doubt}.")
    sys.exit(1 if found else 0)


@desk_group.command("test")
@click.argument("text")
@FILE
@click.option("--before", multiple=True, metavar="TEXT", help="What the customer asked within the last hour; repeat.")
@click.option("--at", type=click.DateTime(), help="As if it were then, in the desk's time zone.")
def test(text: str, file: Path | None, before: tuple[str, ...], at: datetime | None) -> None:
    """Say which rules the message TEXT would hit. The first of them counts.

    Exit code 0: a rule holds; 1: none does; 2: the file cannot be used.
    """
    from zoneinfo import ZoneInfo

    from support import hours
    from support.desk_check import meaning
    from support.intents.current import CurrentClassifier
    from support.intents.examples import load_intents
    from support.rules import Said, holds

    settings, read = _read(file)
    now = at.replace(tzinfo=ZoneInfo(read.hours.zone)) if at else datetime.now(UTC)
    classified = CurrentClassifier(load_intents(settings.intents_file)).classify(text)
    intent = classified.intent if classified.sure else None
    said = Said(text=text, intent=intent, earlier=before, is_open=hours.is_open(read.hours, now))
    click.echo(f"Intent: {intent or 'not sure'}. The desk is {'open' if said.is_open else 'closed'}.")
    hit = [rule for rule in read.rule if holds(rule, said)]
    for rule in hit:
        click.echo(f"✓ «{rule.name}»: {meaning(rule)}.")
    if not hit:
        click.echo("No rule holds: the bot goes on by itself.")
    sys.exit(0 if hit else 1)


def _read(file: Path | None) -> "tuple[Settings, DeskFile]":
    from otvet.composition import load_settings
    from support.desk_file import DeskFileError, load

    settings = load_settings(quiet=True)
    try:
        return settings, load(file or settings.desk_file)
    except DeskFileError as error:
        raise CommandError(str(error)) from error


def _intents(settings: "Settings") -> frozenset[str]:
    from support.intents.examples import IntentsError, load_intents

    try:
        return frozenset(intent.name for intent in load_intents(settings.intents_file))
    except IntentsError as error:
        raise CommandError(str(error)) from error
