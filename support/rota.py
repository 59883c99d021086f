"""Whose turn it is: which of those who are there gets a conversation. Callers own the transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from support.desk_file import Assignment
from support.desk_tables import OperatorRow
from support.operators import OperatorRepository
from support.tables import CustomerRow, EscalationRow

REMEMBERED: Final = timedelta(days=1)
"""Who had a customer's conversation so lately knows what it was about."""
NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Load:
    """What an operator has to do, and when he was given something last."""

    operator: OperatorRow
    open: int
    last: datetime


def choose(
    loads: Sequence[Load],
    assignment: Assignment,
    language: str,
    *,
    former: int | None = None,
    without: Collection[int] = (),
) -> OperatorRow | None:
    """Return who gets the next conversation in a language; None when nobody may be given more.

    ``former``: who knows the customer comes first. ``without``: who must not get it.
    """
    free = [
        one
        for one in loads
        if one.operator.user_id not in without
        and one.operator.away_since is None
        and one.open < assignment.most_each
        and speaks(one.operator, language)
    ]
    if assignment.way == "none" or not free:
        return None
    if (known := next((one.operator for one in free if one.operator.user_id == former), None)) is not None:
        return known
    # In turn: whoever waits longest for a conversation; among equals always in the same order.
    by_turn = sorted(free, key=lambda one: (one.last, one.operator.user_id))
    return (min(by_turn, key=lambda one: one.open) if assignment.way == "least_busy" else by_turn[0]).operator


def speaks(operator: OperatorRow, language: str) -> bool:
    """Whether somebody answers in a language; who has named none answers in all."""
    return not operator.languages or language in operator.languages.split(",")


async def loads_in(session: AsyncSession, group: int) -> list[Load]:
    """Return what everybody in a group has to do."""
    counted = (
        select(
            EscalationRow.assignee_id,
            func.count().filter(EscalationRow.closed_at.is_(None)),
            func.max(EscalationRow.assigned_at),
        )
        .where(EscalationRow.assignee_id.is_not(None))
        .group_by(EscalationRow.assignee_id)
    )
    known = {row[0]: (row[1], row[2]) for row in await session.execute(counted)}
    present = await OperatorRepository(session).present(group)
    loads = []
    for operator in present:
        open_ones, last = known.get(operator.user_id, (0, None))
        loads.append(Load(operator, open_ones, last or NEVER))
    return loads


async def open_in(session: AsyncSession, groups: Sequence[int]) -> dict[int, int]:
    """Return how many conversations are open in each group."""
    query = (
        select(CustomerRow.topic_chat_id, func.count())
        .join(EscalationRow, EscalationRow.customer_id == CustomerRow.id)
        .where(EscalationRow.closed_at.is_(None), CustomerRow.topic_chat_id.in_(groups))
        .group_by(CustomerRow.topic_chat_id)
    )
    return {group: count for group, count in await session.execute(query) if group is not None}


async def customers_of(session: AsyncSession, operator_id: int) -> list[int]:
    """Return whose conversations an operator has, by the customers' ids in the order of opening; nothing is locked."""
    query = select(EscalationRow.customer_id).where(
        EscalationRow.assignee_id == operator_id, EscalationRow.closed_at.is_(None)
    )
    return list(await session.scalars(query.order_by(EscalationRow.id)))


async def former_keeper(session: AsyncSession, escalation: EscalationRow, now: datetime) -> int | None:
    """Return the operator who had the customer's last conversation, if that ended lately."""
    query = select(EscalationRow.assignee_id).where(
        EscalationRow.customer_id == escalation.customer_id,
        EscalationRow.id != escalation.id,
        EscalationRow.closed_at > now - REMEMBERED,
    )
    return (await session.scalars(query.order_by(EscalationRow.id.desc()).limit(1))).one_or_none()
