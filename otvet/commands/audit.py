"""``otvet audit``: who did what in the operators' groups, and on the command line."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from otvet.commands.outbox import age_of, session_of

if TYPE_CHECKING:
    from support.settings import Settings

SINCE: Final = "24h"
ITSELF: Final = "(Otvet, or the command line)"


@click.command("audit")
@click.option("--since", metavar="AGE", default=SINCE, show_default=True, help="How far back: 30m, 12h, 3d …")
@click.option("--action", help="Only this action, such as conversation_taken.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one object a line.")
def audit(*, since: str, action: str | None, as_json: bool) -> None:
    """Show who did what, oldest first: taking and closing conversations, bans, roles, deleted messages.

    Nobody's words are shown.
    """
    from otvet.composition import complete, load_settings

    age = age_of(since)
    for line in complete(read(load_settings(quiet=True), age=age, action=action, as_json=as_json)):
        click.echo(line)


async def read(settings: "Settings", *, age: timedelta, action: str | None, as_json: bool) -> list[str]:
    """Return the lines to show.

    Raises:
        CommandError: the database has no tables yet.
    """
    import json

    from sqlalchemy import select

    from support.desk_tables import OperatorRow
    from support.tables import AuditRow

    since = datetime.now(UTC) - age
    query = select(AuditRow).where(AuditRow.at > since).order_by(AuditRow.id)
    if action:
        query = query.where(AuditRow.action == action)
    async with session_of(settings, writing=False) as session:
        rows = list(await session.scalars(query))
        names = {row.user_id: row.name for row in await session.scalars(select(OperatorRow))}
    if as_json:
        return [
            json.dumps({"at": row.at.isoformat(), "actor_id": row.actor_id, "action": row.action, **row.detail})
            for row in rows
        ]
    if not rows:
        return [f"Nothing was done since {since.astimezone():%Y-%m-%d %H:%M}."]
    return [
        f"{row.at.astimezone():%Y-%m-%d %H:%M:%S}  {_who(row.actor_id, names)}  {row.action}  "
        + " ".join(f"{name}={value}" for name, value in row.detail.items())
        for row in rows
    ]


def _who(actor_id: int, names: dict[int, str]) -> str:
    return names.get(actor_id, str(actor_id)) if actor_id else ITSELF
