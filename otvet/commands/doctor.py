"""``otvet doctor``: what is missing or wrong, in words."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import click


@click.command()
def doctor() -> None:
    """Check settings, Telegram, Redis, database, disk, knowledge and engine; say in words what is wrong."""
