"""``otvet privacy``: customers' rights from the command line."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from support.settings import Settings


@click.group("privacy")
def privacy_group() -> None:
    """Look after what is kept about customers."""


@privacy_group.command("erase")
@click.argument("customer", metavar="CHAT_ID|@USERNAME")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(customer: str, *, yes: bool) -> None:
    """Erase everything that is kept about a customer, his topic in the operators' group included.

    The running bot does it within seconds; one that does not run does it when it is started. Imported orders stay. What
    remains is a record in the audit table, with a keyed hash of his chat id.
    """
    from otvet.composition import complete, load_settings

    settings = load_settings(quiet=True)
    if not yes:
        click.confirm(
            f"Everything that is kept about {customer} will be erased. This cannot be undone. Go on?", abort=True
        )
    click.echo(complete(begin(settings, customer)))


async def begin(settings: "Settings", handle: str) -> str:
    """Begin to erase a customer; return the line to show.

    Raises:
        CommandError: there is no such customer, or the database has no tables yet.
    """
    from bot import erasing
    from bot.groups import Groups
    from bot.texts import Library
    from bot.unit import Units
    from support import schema
    from support.customers import CustomerRepository
    from support.database import Database
    from support.erasure import COMMAND_LINE

    if not await schema.is_current(settings.sql_url):
        raise CommandError("The database is not at this version's schema: run otvet db upgrade.")
    database = Database(settings.sql_url)
    try:
        async with Units(database, lambda: None).open() as unit:
            customer = await CustomerRepository(unit.session).by_handle(handle)
            if customer is None:
                raise CommandError(f"There is no customer {handle}.")
            groups, texts = Groups(settings.operators_chat_id), Library().of(settings.operators_language)
            begun = await erasing.begin(unit, groups, texts, customer, asked_by=COMMAND_LINE)
    finally:
        await database.close()
    if begun is None:
        raise CommandError(f"{handle} is being erased already.")
    return f"Begun: the bot finishes it within seconds of its running. Confirmation number: {begun.token}"
