"""Retention: what is kept about customers goes after a while, in batches, and what the product still needs stays.

Each step looks for rows without a lock and takes them away in a short transaction; it may be cut short anywhere.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, Select, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from support.answer_audits import Judgement
from support.audit_tables import AnswerAuditRow
from support.deliveries import OPEN_STATES as OPEN_CALLS
from support.desk_file import Retention
from support.desk_tables import DraftLabelRow
from support.tables import AnswerRow, CustomerRow, EscalationRow, MessageRow, TurnRow
from support.transport_tables import CounterpartRow, DeliveryRow, InboxRow
from support.turns import OPEN_STATES

BATCH: Final = 300
DIGESTS_KEPT: Final = timedelta(days=60)
"""A digest is found again by its key for as long as the backlog lasts (bot.digest)."""
MOST_CUSTOMERS: Final = 5
"""A look: each may have a topic to delete, and a group takes 20 calls a minute."""
Find = Callable[[datetime], Select[int]]
Take = Callable[[AsyncSession, list[int]], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of rows: which are due at a moment, by id, and how they are taken away."""

    name: str
    find: Find
    take: Take


def steps(retention: Retention, now: datetime) -> list[tuple[Step, datetime]]:
    """Return what is to be done, each with the moment before which rows are due; 0 days: never."""
    due: list[tuple[Step, datetime]] = []
    if retention.updates_days:
        due += [(step, now - timedelta(days=retention.updates_days)) for step in (_UPDATES, _CALLS)]
    if retention.messages_days:
        before = now - timedelta(days=retention.messages_days)
        due += [(step, before) for step in (_MESSAGES, _TURNS, _ANSWERS, _ESCALATIONS, _LABELS, _AUDITS)]
    return due


def forgotten(retention: Retention, now: datetime) -> Select[int] | None:
    """Find customers of whom no word is left and who have not come back: their names go as well. None: never."""
    if not retention.messages_days:
        return None
    before = now - timedelta(days=retention.messages_days)
    wrote = select(MessageRow.customer_id).where(MessageRow.customer_id == CustomerRow.id).exists()
    asked = select(TurnRow.id).where(TurnRow.customer_id == CustomerRow.id, TurnRow.opened_at >= before).exists()
    talks = select(EscalationRow.id).where(EscalationRow.customer_id == CustomerRow.id, ~_is_long_closed(before))
    idle = (CustomerRow.created_at < before, CustomerRow.erased_at.is_(None), ~wrote, ~asked, ~talks.exists())
    # A ban is kept with the person that it keeps out.
    return select(CustomerRow.id).where(*idle, CustomerRow.banned_at.is_(None)).limit(MOST_CUSTOMERS)


def _is_long_closed(before: datetime) -> ColumnElement[bool]:
    return and_(EscalationRow.closed_at.is_not(None), EscalationRow.closed_at < before)


def _talking() -> Select[int]:
    """Customers whose conversation a person has: nothing of it goes before it is closed."""
    return select(EscalationRow.customer_id).where(EscalationRow.closed_at.is_(None))


def _updates(before: datetime) -> Select[int]:
    # The newest row stays, or SQLite would give its id to the next one.
    newest = select(func.max(InboxRow.id)).scalar_subquery()
    return select(InboxRow.id).where(InboxRow.handled_at < before, InboxRow.id < newest).order_by(InboxRow.id)


def _calls(before: datetime) -> Select[int]:
    """Find calls that have ended. Of open conversations they stay: their keys say what was said already."""
    newest = select(func.max(DeliveryRow.id)).scalar_subquery()
    ended = and_(DeliveryRow.state.not_in(OPEN_CALLS), DeliveryRow.finished_at < before, DeliveryRow.id < newest)
    quiet = or_(DeliveryRow.customer_id.is_(None), DeliveryRow.customer_id.not_in(_talking()))
    no_digest = or_(DeliveryRow.key.not_like("digest:%"), DeliveryRow.finished_at < before - DIGESTS_KEPT)
    return select(DeliveryRow.id).where(ended, quiet, no_digest).order_by(DeliveryRow.id)


def _messages(before: datetime) -> Select[int]:
    old = (MessageRow.created_at < before, MessageRow.customer_id.not_in(_talking()))
    return select(MessageRow.id).where(*old).order_by(MessageRow.id)


def _turns(before: datetime) -> Select[int]:
    ended = and_(TurnRow.state.not_in(OPEN_STATES), TurnRow.opened_at < before)
    full = or_(TurnRow.text != "", TurnRow.job.is_not(None))
    return select(TurnRow.id).where(ended, full, TurnRow.customer_id.not_in(_talking())).order_by(TurnRow.id)


def _answers(before: datetime) -> Select[int]:
    return select(AnswerRow.id).where(AnswerRow.created_at < before, AnswerRow.text != "").order_by(AnswerRow.id)


def _escalations(before: datetime) -> Select[int]:
    words = (EscalationRow.draft, EscalationRow.summary, EscalationRow.rating_text, EscalationRow.close_reason)
    full = or_(EscalationRow.question != "", *(column.is_not(None) for column in words))
    return select(EscalationRow.id).where(_is_long_closed(before), full).order_by(EscalationRow.id)


def _labels(before: datetime) -> Select[int]:
    full = or_(DraftLabelRow.draft != "", DraftLabelRow.sent.is_not(None))
    return select(DraftLabelRow.id).where(DraftLabelRow.at < before, full).order_by(DraftLabelRow.id)


def _audits(before: datetime) -> Select[int]:
    full = or_(AnswerAuditRow.question != "", AnswerAuditRow.answer != "")
    return select(AnswerAuditRow.id).where(AnswerAuditRow.chosen_at < before, full).order_by(AnswerAuditRow.id)


def _deleted(table: type[Any]) -> Take:
    async def take(session: AsyncSession, ids: list[int]) -> int:
        result = await session.execute(delete(table).where(table.id.in_(ids)))
        return cast("CursorResult[Any]", result).rowcount

    return take


def _emptied(table: type[Any], **values: Any) -> Take:  # noqa: ANN401  # whatever the columns hold
    async def take(session: AsyncSession, ids: list[int]) -> int:
        result = await session.execute(update(table).where(table.id.in_(ids)).values(values))
        return cast("CursorResult[Any]", result).rowcount

    return take


async def _take_audits(session: AsyncSession, ids: list[int]) -> int:
    """Empty answers that were drawn; what nobody came to is said to be so."""
    unjudged = update(AnswerAuditRow).where(AnswerAuditRow.id.in_(ids), AnswerAuditRow.verdict.is_(None))
    await session.execute(unjudged.values(verdict=Judgement.EXPIRED))
    return await _emptied(AnswerAuditRow, question="", answer="", sources=[])(session, ids)


async def _take_messages(session: AsyncSession, ids: list[int]) -> int:
    """Delete messages, and where their copies are on the other side."""
    rows = await session.execute(select(MessageRow.chat_id, MessageRow.message_id).where(MessageRow.id.in_(ids)))
    places = [(chat_id, message_id) for chat_id, message_id in rows]
    source = tuple_(CounterpartRow.source_chat_id, CounterpartRow.source_id)
    copy = tuple_(CounterpartRow.copy_chat_id, CounterpartRow.copy_id)
    if places:
        await session.execute(delete(CounterpartRow).where(or_(source.in_(places), copy.in_(places))))
    return await _deleted(MessageRow)(session, ids)


_UPDATES: Final = Step("updates", _updates, _deleted(InboxRow))
_CALLS: Final = Step("calls", _calls, _deleted(DeliveryRow))
_MESSAGES: Final = Step("messages", _messages, _take_messages)
_TURNS: Final = Step("turns", _turns, _emptied(TurnRow, text="", job=None, trace={}, draft=None))
_ANSWERS: Final = Step("answers", _answers, _emptied(AnswerRow, text="", draft={}, cache_key=None))
_ESCALATIONS: Final = Step(
    "escalations",
    _escalations,
    _emptied(EscalationRow, question="", draft=None, summary=None, rating_text=None, close_reason=None),
)
_LABELS: Final = Step("labels", _labels, _emptied(DraftLabelRow, draft="", sent=None))
_AUDITS: Final = Step("answer_audits", _audits, _take_audits)
