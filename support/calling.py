"""Calling a person, and hearing nothing more from a customer: what that does to whatever is under way. No commits."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from support import ruling, traces
from support.deliveries import DeliveryRepository
from support.desk_file import Rule
from support.escalations import EscalationReason, EscalationRepository
from support.jobs import job_id
from support.outcomes import Escalated
from support.tables import AuditRow, CustomerRow, TurnRow
from support.turns import TurnRepository, TurnState


async def call(
    session: AsyncSession,
    customer: CustomerRow,
    reason: EscalationReason,
    now: datetime,
    *,
    turn: TurnRow | None = None,
    draft: str | None = None,
    rule: Rule | None = None,
) -> Escalated:
    """Call a person, about the turn and whatever else waits. With an open escalation nothing new is opened.

    When it is an operator who writes, what the bot has decided to say and not yet said is taken back: it never
    talks over a human, who has to answer those questions as well.
    """
    customer.awaiting = customer.awaiting_order = customer.awaiting_since = None
    waiting = [one for one in await TurnRepository(session).waiting_of(customer.id) if one is not turn]
    turns = waiting if turn is None else [turn, *waiting]
    cancelled = [job_id(one.id, one.epoch, one.attempt) for one in turns if one.state == TurnState.GENERATING]
    if reason is EscalationReason.OPERATOR_WROTE:
        unsaid = await DeliveryRepository(session).withdraw_words_about_turns(customer.id, now)
        for one in await TurnRepository(session).by_ids(unsaid - {known.id for known in turns}):
            one.outcome = None
            turns.append(one)
    row, new = await EscalationRepository(session).open(customer.id, reason, now, turns=turns, draft=draft)
    if rule is not None and turn is not None:
        await ruling.apply(session, row.id, turn, rule)
    for one in turns:
        one.trace = traces.outcome(one.trace, "escalated", reason)
    return Escalated(row.id, reason, new, tuple(sorted(one.id for one in turns)), tuple(cancelled))


async def ban(session: AsyncSession, customer: CustomerRow, operator_id: int, now: datetime, *, banned: bool) -> None:
    """Hear nothing more from a customer and end what is open with him, or hear him again."""
    customer.banned_at = now if banned else None
    action = "customer_banned" if banned else "customer_unbanned"
    session.add(AuditRow(at=now, actor_id=operator_id, action=action, detail={"customer_id": customer.id}))
    if banned:
        await DeliveryRepository(session).withdraw_words_about_turns(customer.id, now)
        for turn in await TurnRepository(session).waiting_of(customer.id):
            turn.state, turn.finished_at, turn.outcome = TurnState.SUPERSEDED, now, "banned"
        await EscalationRepository(session).close(customer.id, operator_id, now)
