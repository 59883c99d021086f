"""``otvet db``: the schema."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import click


@click.group("db")
def database_group() -> None:
    """Look after the database."""


@database_group.command("upgrade")
def upgrade() -> None:
    """Create the tables or bring them to this version; safe to repeat."""
    from otvet.composition import complete, load_settings
    from support import schema

    settings = load_settings(quiet=True)
    complete(schema.upgrade(settings.sql_url))
    click.echo("The database is up to date.")
