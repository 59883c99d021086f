"""``otvet outbox``: the ledger of calls to Telegram, with what is stuck and why."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import re
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncSession

    from support.ledger import Call, Ledger
    from support.settings import Settings

UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
SINCE: Final = "24h"


@click.group("outbox", invoke_without_command=True)
@click.option("--failed", is_flag=True, help="What failed or has an unknown outcome, newest first, instead.")
@click.option("--since", metavar="AGE", help=f"How far back --failed looks: 30m, 12h, 3d … [{SINCE}]")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Calls shown at most.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def outbox_group(context: click.Context, *, failed: bool, since: str | None, limit: int, as_json: bool) -> None:
    """Show the calls to Telegram that have not ended, and why. The bot may run meanwhile.

    One line a state, then each call that waits: its id, age, chat or customer's topic, method, priority, tries,
    state and reason. Nobody's words are shown. What failed is listed by --failed.
    """
    if context.invoked_subcommand is not None:
        return
    from otvet.composition import complete, load_settings

    age = age_of(since or SINCE)
    settings = load_settings(quiet=True)
    for line in complete(read(settings, age=age, failed=failed or since is not None, limit=limit, as_json=as_json)):
        click.echo(line)


@outbox_group.command("retry")
@click.argument("delivery_id", metavar="ID", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
def retry(delivery_id: int, *, yes: bool) -> None:
    """Put the failed or unknown call ID back: it is made once more.

    One with an unknown outcome may have arrived already, and is then seen twice. The bot's answer to a customer whose
    conversation a person has by now is not put back.
    """
    call = _ask_ledger(lambda ledger, _: _call(ledger, delivery_id))
    seen = "nobody knows whether it arrived, so it may be seen twice" if call.state == "unknown" else "it failed before"
    _confirm(f"Call {delivery_id} ({_named(call)}) goes out again; {seen}.", yes=yes)
    _ask_ledger(lambda ledger, now: ledger.put_back(delivery_id, now))
    click.echo(f"Call {delivery_id} waits again: a running bot makes it within seconds.")


@outbox_group.command("drop")
@click.argument("delivery_id", metavar="ID", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(delivery_id: int, *, yes: bool) -> None:
    """Withdraw the call ID that still waits: it is never made. This cannot be taken back."""
    call = _ask_ledger(lambda ledger, _: _call(ledger, delivery_id))
    _confirm(f"Call {delivery_id} ({_named(call)}) is never made. This cannot be taken back.", yes=yes)
    _ask_ledger(lambda ledger, now: ledger.drop(delivery_id, now))
    click.echo(f"Call {delivery_id} is withdrawn.")


async def read(settings: "Settings", *, age: timedelta, failed: bool, limit: int, as_json: bool) -> list[str]:
    """Return the lines to show.

    Raises:
        CommandError: the database has no tables yet.
    """
    import json

    from otvet import outbox_report as report
    from support.ledger import Ledger, open_count

    now = datetime.now(UTC)
    async with session_of(settings, writing=False) as session:
        ledger = Ledger(session)
        counts, around = await ledger.counts(), await ledger.surroundings(now)
        if failed:
            calls, there_are = await ledger.bad(now - age, limit), await ledger.count_bad(now - age)
        else:
            calls, there_are = await ledger.open(limit), open_count(counts)
    shown = report.explain(calls, around, now)
    if as_json:
        return [json.dumps(report.as_json(shown, counts, now), ensure_ascii=False, indent=2)]
    lines = report.summary(counts)
    if not shown:
        what = "Nothing failed" if failed else "Nothing waits"
        return [*lines, "", f"{what}{f' since {(now - age).astimezone():%Y-%m-%d %H:%M}' if failed else ''}."]
    lines += ["", *report.table(shown, now)]
    rest = there_are - len(shown)
    return [*lines, f"… and {rest} more: --limit {there_are}"] if rest > 0 else lines


@asynccontextmanager
async def session_of(settings: "Settings", *, writing: bool) -> "AsyncIterator[AsyncSession]":
    """Open the database for one transaction.

    Raises:
        CommandError: it has no tables yet, or those of another version.
    """
    from support import schema
    from support.database import Database

    if not await schema.is_current(settings.sql_url):
        raise CommandError("The database is not at this version's schema: run otvet db upgrade.")
    database = Database(settings.sql_url)
    try:
        async with database.writing() if writing else database.reading() as session:
            yield session
    finally:
        await database.close()


def _ask_ledger(ask: "Callable[[Ledger, datetime], Awaitable[Any]]") -> Any:  # noqa: ANN401  # what was asked for
    """Do something with the ledger in one transaction."""
    from otvet.composition import complete, load_settings
    from support.ledger import Ledger, LedgerError

    settings = load_settings(quiet=True)

    async def work() -> Any:  # noqa: ANN401  # the same
        async with session_of(settings, writing=True) as session:
            return await ask(Ledger(session), datetime.now(UTC))

    try:
        return complete(work())
    except LedgerError as error:
        raise CommandError(str(error)) from error


async def _call(ledger: "Ledger", delivery_id: int) -> "Call":
    from support.ledger import LedgerError

    call = await ledger.call(delivery_id)
    if call is None:
        raise LedgerError(f"There is no call {delivery_id} in the ledger: otvet outbox lists them.")
    return call


def _named(call: "Call") -> str:
    from otvet.outbox_report import where

    return f"{call.method} to {where(call)}, {call.state}"


def _confirm(what: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(f"{what} Add --yes to do it.")
    if not click.confirm(f"{what} Do it?"):
        raise CommandError("Nothing was changed.")


def age_of(text: str) -> timedelta:
    """Read an age such as 30m, 12h or 3d.

    Raises:
        CommandError: it is none.
    """
    found = re.fullmatch(r"([1-9]\d{0,4})([mhd])", text.strip())
    if found is None:
        raise CommandError(f"--since {text!r} must look like 30m, 12h or 3d.")
    return int(found[1]) * UNITS[found[2]]
