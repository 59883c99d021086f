"""Who waits for an operator now, how long in opening hours, and who has to be reminded of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.board import State, due_at, standing
from support.desk_file import DeskFile
from support.desk_tables import OperatorRow
from support.hours import add_open_minutes, is_open, open_minutes_between
from support.tables import CustomerRow, EscalationRow

NOBODY_REMINDED: Final = 0
ASSIGNEE_REMINDED: Final = 1
EVERYBODY_REMINDED: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """A customer whose turn it is not: he waits for an operator's words."""

    escalation_id: int
    customer_id: int
    name: str
    topic_chat_id: int | None
    topic_id: int | None
    state: State
    since: datetime
    minutes: float
    """Of opening hours."""
    urgent: bool
    assignee: OperatorRow | None
    """Who has the conversation and is there."""
    reminded: int
    remind_assignee: bool
    """Whether that is due now."""
    remind_everybody: bool


async def waiting_list(session: AsyncSession, file: DeskFile, now: datetime) -> list[Waiter]:
    """Return who waits: the urgent ones first, then those who are overdue, then by how long."""
    query = select(EscalationRow, CustomerRow).join(CustomerRow, CustomerRow.id == EscalationRow.customer_id)
    query = query.where(EscalationRow.closed_at.is_(None), EscalationRow.waiting_since.is_not(None))
    rows = (await session.execute(query)).all()
    assignees = await _assignees(session, [escalation for escalation, _ in rows])
    opened = is_open(file.hours, now)
    waiters = [_waiter(escalation, customer, assignees, file, now, opened=opened) for escalation, customer in rows]
    shown = [waiter for waiter in waiters if waiter is not None]
    return sorted(shown, key=lambda one: (not one.urgent, one.state is not State.OVERDUE, one.since, one.escalation_id))


async def _assignees(session: AsyncSession, escalations: list[EscalationRow]) -> dict[int, OperatorRow]:
    """Return the operators who have these conversations and are there."""
    ids = {escalation.assignee_id for escalation in escalations if escalation.assignee_id is not None}
    if not ids:
        return {}
    query = select(OperatorRow).where(OperatorRow.user_id.in_(ids))
    present = query.where(OperatorRow.away_since.is_(None), OperatorRow.left_at.is_(None))
    return {operator.user_id: operator for operator in await session.scalars(present)}


def _waiter(
    escalation: EscalationRow,
    customer: CustomerRow,
    assignees: Mapping[int, OperatorRow],
    file: DeskFile,
    now: datetime,
    *,
    opened: bool,
) -> Waiter | None:
    state = standing(escalation, file, now).state
    state = State.NEW if state is State.FRESH else state
    # A word added to an answered conversation is not shown as waiting at once, as on the card.
    if state is State.ANSWERED or escalation.waiting_since is None:
        return None
    assignee = assignees.get(escalation.assignee_id or 0)
    due = _remind_at(escalation, assignee, file)
    overdue = opened and state is State.OVERDUE and due is not None and due <= now
    return Waiter(
        escalation_id=escalation.id,
        customer_id=customer.id,
        name=customer.name,
        topic_chat_id=customer.topic_chat_id,
        topic_id=customer.topic_id,
        state=state,
        since=escalation.waiting_since,
        minutes=open_minutes_between(file.hours, escalation.waiting_since, now),
        urgent=bool(escalation.priority),
        assignee=assignee,
        reminded=escalation.reminded,
        remind_assignee=overdue and assignee is not None and escalation.reminded == NOBODY_REMINDED,
        remind_everybody=overdue and _everybody(escalation, assignee, due, file, now),
    )


def _remind_at(escalation: EscalationRow, assignee: OperatorRow | None, file: DeskFile) -> datetime | None:
    """Return when an answer becomes a reason to remind; who has just got the conversation has the whole time for it."""
    due = due_at(escalation, file)
    if due is None or assignee is None or escalation.assigned_at is None or escalation.waiting_since is None:
        return due
    if escalation.assigned_at <= escalation.waiting_since:
        return due
    first = escalation.first_reply_at is None
    return add_open_minutes(
        file.hours, escalation.assigned_at, file.sla.first_reply_min if first else file.sla.next_reply_min
    )


def _everybody(
    escalation: EscalationRow, assignee: OperatorRow | None, due: datetime | None, file: DeskFile, now: datetime
) -> bool:
    """Whether all have to be reminded: at once when nobody has the conversation, else when the assignee kept silent."""
    if escalation.reminded >= EVERYBODY_REMINDED:
        return False
    if assignee is None or due is None:
        return due is not None
    all_at = add_open_minutes(file.hours, due, file.sla.remind_all_after_min)
    return escalation.reminded == ASSIGNEE_REMINDED and all_at is not None and all_at <= now
