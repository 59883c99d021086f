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

    settings = load_settings()
    for line in complete(import_orders_from(file, settings, mapping=_mapping(pairs))):
        click.echo(line)


async def import_orders_from(file: Path, settings: "Settings", *, mapping: dict[str, str]) -> list[str]:
    """Import the file; return the lines to show, the summary last.

    Raises:
        CommandError: the file is missing, is no CSV or lacks a column.
    """
    from support.database import Database
    from support.orders.importing import OrdersFileError, import_orders, read_orders

    try:
        reading = read_orders(file, mapping)
    except (OrdersFileError, OSError) as error:
        raise CommandError(f"{file}: {error}") from error
    database = Database(settings.sql_url)
    try:
        async with database.writing() as session:
            await import_orders(session, reading.orders)
    finally:
        await database.close()
    skipped = [f"{file.name}, line {problem.line}: {problem.reason}" for problem in reading.problems]
    summary = f"orders: {len(reading.orders)} imported" + (f", {len(skipped)} skipped" if skipped else "")
    return [*skipped, summary]


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        if not (equals and theirs.strip() and ours.strip()):
            raise CommandError(f"--map {pair!r} must look like THEIRS=OURS, e.g. 'Order no=order_number'.")
        mapping[theirs.strip()] = ours.strip()
    return mapping
