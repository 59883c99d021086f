"""Against guessing: five wrong tries within an hour lock the order dialogue for an hour. Kept in SQL."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, delete, null, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from support.order_tables import OrderGuardRow

MAX_WRONG_TRIES: Final = 5
WINDOW: Final = timedelta(hours=1)
LOCK: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Open:
    """The customer may try."""


@dataclass(frozen=True, slots=True)
class Locked:
    """The customer has to wait."""

    until: datetime


async def check(session: AsyncSession, customer_id: int, now: datetime) -> Locked | Open:
    """Say whether the customer may try."""
    until = await session.scalar(select(OrderGuardRow.locked_until).where(OrderGuardRow.customer_id == customer_id))
    return _state(until, now)


async def record_wrong(session: AsyncSession, customer_id: int, now: datetime) -> Locked | Open:
    """Count a wrong try and say whether the customer may go on. One atomic statement; does not commit."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = OrderGuardRow
    stale = row.window_started_at <= now - WINDOW
    tries = case((stale, 1), else_=row.wrong_tries + 1)
    statement = insert(row).values(customer_id=customer_id, wrong_tries=1, window_started_at=now, locked_until=None)
    upsert = statement.on_conflict_do_update(
        index_elements=[row.customer_id],
        set_={
            "wrong_tries": tries,
            "window_started_at": case((stale, now), else_=row.window_started_at),
            "locked_until": case(
                (row.locked_until > now, row.locked_until),
                (tries >= MAX_WRONG_TRIES, now + LOCK),
                else_=null(),
            ),
        },
    ).returning(row.locked_until)
    return _state(await session.scalar(upsert), now)


async def record_right(session: AsyncSession, customer_id: int) -> None:
    """Forget the wrong tries of somebody who has proved who he is. Does not commit."""
    await session.execute(delete(OrderGuardRow).where(OrderGuardRow.customer_id == customer_id))


def _state(until: datetime | None, now: datetime) -> Locked | Open:
    return Locked(until) if until is not None and until > now else Open()
