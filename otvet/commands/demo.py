"""``otvet demo``: everything on one machine, without a token."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import sys

import click

DEFAULT_PORT = 8181


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="When it is busy, the next free one is taken.",
)
def demo(port: int) -> None:
    """Try the bot without a token: a local Telegram in the browser, a demo shop, the bot and its workers.

    LLM_URL and LLM_MODEL make it answer through any OpenAI-compatible server. AUDIT_ONE_IN=1 asks operators about every
    answer, to try the audit; otherwise one in 20 is drawn.
    """
    import asyncio

    from otvet.demo import run_demo

    sys.exit(asyncio.run(run_demo(port)))


@click.command(hidden=True)
@click.option("--port", type=int, required=True)
def sandbox(port: int) -> None:
    """Run the demo's local Telegram (a process of otvet demo)."""
    import asyncio

    from otvet.composition import load_settings
    from otvet.local_telegram import serve

    asyncio.run(serve(load_settings(), port))
