"""``otvet orders``: the company's orders."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from support.settings import Settings


@click.group("orders")
def orders_group() -> None:
    """Look after the orders that customers may ask about."""


@orders_group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="THEIRS=OURS",
    help="A column named differently in the file, e.g. --map 'Order no=order_number'; repeat as needed.",
)
def import_file(file: Path, pairs: tuple[str, ...]) -> None:
    """Read orders from FILE (CSV, UTF-8), replacing those with the same number.

    Columns: order_number, status, customer_name, phone, email, created_at, eta, carrier, tracking, items, total. Bad
    rows are listed by line and skipped.
    """
    from otvet.composition import complete, load_settings

    settings = load_settings(quiet=True)
    for line in complete(import_orders_from(file, settings, mapping=_mapping(pairs))):
        click.echo(line)


@orders_group.command("find")
@click.argument("number")
def find(number: str) -> None:
    """Look an order up where the bot does, personal data masked: shows whether ORDERS_FIELDS fits.

    Exit code 0: found; 1: not found; 2: the orders cannot be reached.
    """
    import sys

    from otvet.composition import complete, load_settings

    lines = complete(find_order(number, load_settings(quiet=True)))
    click.echo("\n".join(lines) or f"There is no order {number}.")
    sys.exit(0 if lines else 1)


async def find_order(number: str, settings: "Settings") -> list[str]:
    """Return the order's fields, a line each; none when there is no such order.

    Raises:
        CommandError: the orders cannot be reached.
    """
    from dataclasses import asdict

    from support.database import Database
    from support.orders.base import OrderSourceError
    from support.orders.masks import masked
    from support.orders.numbers import normalize
    from support.orders.remote import RemoteOrders
    from support.orders.sources import company_source
    from support.orders.sql import SqlOrders

    database = Database(settings.sql_url)
    company = None
    try:
        company = company_source(settings)
        source = SqlOrders(database.reading) if company is None else RemoteOrders(company)
        order = await source.find(normalize(number))
    except OrderSourceError as error:
        raise CommandError(f"The orders cannot be reached: {error}.") from error
    finally:
        await database.close()
        if company is not None:
            await company.close()
    if order is None:
        return []
    return [f"{name}: {value if value not in {None, ''} else '—'}" for name, value in asdict(masked(order)).items()]


async def import_orders_from(file: Path, settings: "Settings", *, mapping: dict[str, str]) -> list[str]:
    """Import the file; return the lines to show, the summary last. ``mapping``: our column → the file's header.

    Raises:
        CommandError: the file is missing, is no CSV or lacks a column; or the database has no tables yet.
    """
    from support import schema
    from support.database import Database
    from support.orders.importing import OrdersFileError, import_orders, read_orders

    try:
        reading = read_orders(file, mapping)
    except OrdersFileError as error:
        raise CommandError(str(error)) from error
    if not await schema.is_current(settings.sql_url):
        raise CommandError("The database is not at this version's schema: run otvet db upgrade.")
    database = Database(settings.sql_url)
    try:
        async with database.writing() as session:
            counts = await import_orders(session, reading.orders)
    finally:
        await database.close()
    lines = [
        f"{file.name}, line {problem.line}: {problem.reason}{' (skipped)' if problem.skipped else ''}"
        for problem in reading.problems
    ]
    skipped = sum(problem.skipped for problem in reading.problems)
    summary = f"orders: {counts.added} added, {counts.changed} changed, {counts.unchanged} unchanged"
    return [*lines, summary + (f", {skipped} rows skipped" if skipped else "")]


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        if not (equals and theirs.strip() and ours.strip()):
            raise CommandError(f"--map {pair!r} must look like THEIRS=OURS, e.g. 'Order no=order_number'.")
        mapping[ours.strip()] = theirs.strip()
    return mapping
