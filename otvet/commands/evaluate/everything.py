"""``otvet eval all``: the production path over a basket."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import sys
from pathlib import Path

import click

from otvet.errors import CommandError


@click.command("all")
@click.option("--basket", type=click.Path(path_type=Path), help="Your own basket; ours unless given.")
@click.option("--json", "target", metavar="FILE", help="Also write the report as JSON; - is standard output.")
@click.option("--strict", is_flag=True, help="Exit with 1 when an aim is missed.")
def evaluate(basket: Path | None, target: str | None, strict: bool) -> None:
    """Run the production path over the basket and show the figures beside their aims."""
    from evaluation.baskets import BasketError
    from evaluation.run import print_all
    from knowledge.errors import KnowledgeError
    from otvet.composition import load_settings

    try:
        code = print_all(load_settings(quiet=True), basket=basket, json_target=target, strict=strict)
    except (BasketError, KnowledgeError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename or target}: {error.strerror}.") from error
    sys.exit(code)
