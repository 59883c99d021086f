"""Who has a conversation: taken, given back, handed over or given out by turns. Callers own the transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from support.board import AT_ONCE, SETTLE, touch
from support.desk_tables import OperatorRow
from support.escalations import end_edit
from support.operators import OperatorRepository, Role, audit, come_back
from support.tables import CustomerRow, EscalationRow


@dataclass(frozen=True, slots=True)
class Taken:
    """It is his now; ``new``: it was not before."""

    new: bool


@dataclass(frozen=True, slots=True)
class Others:
    """A colleague has it."""

    name: str


def give(
    session: AsyncSession,
    customer: CustomerRow,
    escalation: EscalationRow,
    operator_id: int | None,
    now: datetime,
    *,
    by: int,
    action: str,
    shown_within: timedelta = AT_ONCE,
) -> None:
    """Say who has a conversation from now on, None for nobody, and write down who said so."""
    detail = {"escalation_id": escalation.id, "customer_id": customer.id}
    audit(session, now, by, action, **detail, **({"operator_id": operator_id} if operator_id else {}))
    escalation.assignee_id, escalation.assigned_at = operator_id, now if operator_id else None
    escalation.reminded = 0
    if escalation.editing_by != operator_id:
        end_edit(escalation)
    if shown_within == AT_ONCE:
        # Said by command or button: the card shows it, which who answers alone would not cost an edit for.
        customer.card_shown = None
    touch(customer, now, shown_within)


async def keeper_of(session: AsyncSession, escalation: EscalationRow) -> OperatorRow | None:
    """Return who has a conversation and is there to go on with it; nobody has one whose operator is away or gone."""
    if escalation.assignee_id is None:
        return None
    keeper = await OperatorRepository(session).get(escalation.assignee_id)
    return keeper if keeper is not None and keeper.left_at is None and keeper.away_since is None else None


async def claim(
    session: AsyncSession, customer: CustomerRow, escalation: EscalationRow, operator: OperatorRow, now: datetime
) -> None:
    """Give a conversation that nobody has to who has just answered; the card says so when it is edited next."""
    if escalation.assignee_id != operator.user_id and await keeper_of(session, escalation) is None:
        user_id, action = operator.user_id, "conversation_taken"
        give(session, customer, escalation, user_id, now, by=user_id, action=action, shown_within=SETTLE)


async def take(
    session: AsyncSession,
    customer: CustomerRow,
    escalation: EscalationRow,
    operator: OperatorRow,
    now: datetime,
    *,
    role: Role = Role.OPERATOR,
) -> Taken | Others:
    """Take a conversation that nobody has; a senior takes a colleague's as well. Who takes one is there."""
    if escalation.assignee_id == operator.user_id:
        return Taken(new=False)
    keeper = await keeper_of(session, escalation)
    if keeper is not None and role < Role.SENIOR:
        return Others(keeper.name)
    come_back(session, operator, now)
    give(session, customer, escalation, operator.user_id, now, by=operator.user_id, action="conversation_taken")
    return Taken(new=True)
