"""The desk file's rules in a conversation: what they are held against, and what one that holds does. No commits."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support import hours, rules, traces
from support.desk_file import DeskFile, Rule
from support.tables import EscalationRow, TurnRow

URGENT = 1


async def find(session: AsyncSession, turn: TurnRow, intent: str | None, file: DeskFile, now: datetime) -> Rule | None:
    """Return the rule that calls a person for a turn. ``intent``: None when it is not sure."""
    if not file.rule:
        return None
    counted = any(rule.repeated_question or rule.repeated_abuse for rule in file.rule)
    said = rules.Said(
        text=turn.text,
        intent=intent,
        earlier=await _earlier(session, turn, now) if counted else (),
        is_open=hours.is_open(file.hours, now),
    )
    return rules.first(file.rule, said)


async def apply(session: AsyncSession, escalation_id: int, turn: TurnRow, rule: Rule) -> None:
    """Write into a new escalation what the rule says about it."""
    row = await session.get_one(EscalationRow, escalation_id)
    row.rule, row.subject = rule.name, rule.subject
    row.priority = URGENT if rule.urgent else row.priority
    turn.trace = traces.rule(turn.trace, rule.name)


async def _earlier(session: AsyncSession, turn: TurnRow, now: datetime) -> tuple[str, ...]:
    query = (
        select(TurnRow.text)
        .where(TurnRow.customer_id == turn.customer_id, TurnRow.id < turn.id, TurnRow.text != "")
        .where(TurnRow.opened_at > now - rules.REPEATED_WITHIN)
        .order_by(TurnRow.id)
    )
    return tuple(await session.scalars(query))
