"""What follows from a switch on the command line: running bots are told, and the audit says who did it."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import getpass
from typing import TYPE_CHECKING, Any

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from support.settings import Settings

DATABASE_S = 10.0


def announce(settings: "Settings", release: int) -> None:
    """Tell running bots about the switch at once; they follow the pointer by themselves within a second anyway."""
    from redis import Redis
    from redis.exceptions import RedisError

    from otvet.redis_server import is_listening, socket_path
    from support.queue import announce_release

    url = settings.redis_url
    if not url:
        socket = socket_path(settings.data_dir)
        if not is_listening(socket):
            return
        url = f"unix://{socket}"
    try:
        with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as redis:
            announce_release(redis, release)
    except (RedisError, ValueError) as error:
        click.echo(f"Redis could not be told ({type(error).__name__}): the bot looks by itself.", err=True)


def write_down(settings: "Settings", action: str, before: int | None, to: int) -> None:
    """Say in the audit who switched, where a database is there: releases do without one."""
    tell_audit(settings, action, {"from": before, "to": to})


def tell_audit(settings: "Settings", action: str, detail: dict[str, Any]) -> None:
    """Add to the audit, where a database is there; say so when that fails."""

    from otvet.composition import complete

    try:
        complete(_audit(settings, action, detail | {"actor": who()}))
    except (CommandError, TimeoutError) as error:
        reason = str(error) or "the database does not answer."
        click.echo(f"This does not stand in the audit: {reason}", err=True)


async def _audit(settings: "Settings", action: str, detail: dict[str, Any]) -> None:
    import asyncio
    from datetime import UTC, datetime

    from support import schema
    from support.database import Database
    from support.ledger import COMMAND_LINE
    from support.tables import AuditRow

    async with asyncio.timeout(DATABASE_S):
        if not await schema.is_current(settings.sql_url):  # there is none yet, or one that is upgraded first
            return
        database = Database(settings.sql_url)
        try:
            async with database.writing() as session:
                session.add(AuditRow(at=datetime.now(UTC), actor_id=COMMAND_LINE, action=action, detail=detail))
        finally:
            await database.close()


def who() -> str:
    """Return the name of the user of the machine, empty where it has none."""

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
