"""``otvet doctor``: what is missing or wrong, in words."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import sys

import click


@click.command()
def doctor() -> None:
    """Check settings, Telegram, Redis, database, disk, knowledge, engine, desk and orders; say in words what is wrong.

    Exit code 1 when something is wrong, 2 when the settings cannot be read.
    """
    import asyncio

    from otvet.composition import load_settings
    from otvet.diagnosis import examine
    from otvet.findings import Mark

    settings = load_settings(quiet=True)
    click.echo(f"{Mark.GOOD} The settings can be read.")
    findings = asyncio.run(examine(settings))
    for finding in findings:
        click.echo(f"{finding.mark} {finding.sentence}")
    problems = sum(finding.mark == Mark.WRONG for finding in findings)
    click.echo(f"\n{problems} to put right." if problems else "\nAll is well.")
    sys.exit(1 if problems else 0)
