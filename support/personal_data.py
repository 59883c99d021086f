"""Everything that is kept about a customer, as one JSON document for himself (GDPR, article 15).

Operators' notes about him are his data; who wrote them is theirs: of their names an initial is left.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.audit_tables import AnswerAuditRow
from support.desk_tables import DraftLabelRow, OperatorRow
from support.order_tables import OrderGuardRow
from support.tables import AnswerRow, CustomerRow, EscalationRow, MessageRow, TurnRow

ABOUT: Final = (
    "Everything that this support bot keeps about you. Times are UTC. Orders are not here: the shop keeps them. / "
    "Всё, что этот бот поддержки хранит о вас. Время — UTC. Заказов здесь нет: их ведёт магазин."
)
Kept = dict[str, Any]


async def document(session: AsyncSession, customer: CustomerRow, now: datetime) -> bytes:
    """Return the document as UTF-8 JSON, indented for people."""
    turns = await _of(session, TurnRow, customer, _turn)
    value = {
        "about": ABOUT,
        "made_at": _time(now),
        "customer": _customer(customer),
        "messages": await _of(session, MessageRow, customer, _message),
        "questions": turns,
        "answers": await _answers(session, customer),
        "drafts_that_operators_decided_about": await _labels(session, customer),
        "answers_drawn_to_be_judged": await _audits(session, customer),
        "conversations_with_operators": await _escalations(session, customer),
        "attempts_to_see_an_order": await _attempts(session, customer),
    }
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


async def _of(
    session: AsyncSession, table: type[TurnRow | MessageRow], customer: CustomerRow, shown: Callable[[Any], Kept]
) -> list[Kept]:
    query = select(table).where(table.customer_id == customer.id).order_by(table.id)
    return [shown(row) for row in await session.scalars(query)]


def _customer(row: CustomerRow) -> Kept:
    return {
        "telegram_id": row.chat_id,
        "name": row.name,
        "username": row.username,
        "language": row.language,
        "phone": row.phone,
        "order_asked_about": row.awaiting_order,
        "orders_proved": row.proven_orders or [],
        "known_since": _time(row.created_at),
        "blocked_the_bot_at": _time(row.blocked_at),
        "banned_at": _time(row.banned_at),
    }


def _message(row: MessageRow) -> Kept:
    return {"at": _time(row.created_at), "who": row.speaker, "kind": row.kind, "text": row.text, "file": _file(row)}


def _file(row: MessageRow) -> str | None:
    """Name Telegram's file id of what was sent."""
    content = row.content or {}
    return next((value for name, value in content.items() if name == row.kind and isinstance(value, str)), None)


def _turn(row: TurnRow) -> Kept:
    return {
        "at": _time(row.opened_at),
        "text": row.text,
        "language": row.language,
        "understood_as": row.intent,
        "outcome": row.outcome,
        "how_it_was_decided": row.trace,
        "draft_of_an_answer": (row.draft or {}).get("text"),
    }


async def _answers(session: AsyncSession, customer: CustomerRow) -> list[Kept]:
    query = select(AnswerRow).join(TurnRow, TurnRow.id == AnswerRow.turn_id).where(TurnRow.customer_id == customer.id)
    return [
        {"at": _time(row.created_at), "text": row.text, "your_rating": row.rating}
        for row in await session.scalars(query.order_by(AnswerRow.id))
    ]


async def _labels(session: AsyncSession, customer: CustomerRow) -> list[Kept]:
    query = select(DraftLabelRow).join(TurnRow, TurnRow.id == DraftLabelRow.turn_id)
    rows = await session.scalars(query.where(TurnRow.customer_id == customer.id).order_by(DraftLabelRow.id))
    return [{"at": _time(row.at), "decision": row.verdict, "draft": row.draft, "sent": row.sent} for row in rows]


async def _audits(session: AsyncSession, customer: CustomerRow) -> list[Kept]:
    theirs = TurnRow.customer_id == customer.id
    query = select(AnswerAuditRow).join(TurnRow, TurnRow.id == AnswerAuditRow.turn_id).where(theirs)
    return [
        {
            "at": _time(row.chosen_at),
            "question": row.question,
            "answer": row.answer,
            "score": row.score,
            "sent_to_you": row.sent,
            "judged_as": row.verdict,
        }
        for row in await session.scalars(query.order_by(AnswerAuditRow.id))
    ]


async def _escalations(session: AsyncSession, customer: CustomerRow) -> list[Kept]:
    query = select(EscalationRow).where(EscalationRow.customer_id == customer.id).order_by(EscalationRow.id)
    rows = list(await session.scalars(query))
    people = select(OperatorRow).where(OperatorRow.user_id.in_({row.assignee_id for row in rows if row.assignee_id}))
    names = {one.user_id: _short(one.name) for one in await session.scalars(people)}
    return [
        {
            "opened_at": _time(row.opened_at),
            "closed_at": _time(row.closed_at),
            "why": row.reason,
            "question": row.question,
            "summary": row.summary,
            "draft_of_an_answer": row.draft,
            "subject": row.subject,
            "urgent": bool(row.priority),
            "operator": names.get(row.assignee_id) if row.assignee_id else None,
            "first_answer_at": _time(row.first_reply_at),
            "closed_because": row.close_reason,
            "your_rating": row.rating,
            "your_words": row.rating_text,
        }
        for row in rows
    ]


async def _attempts(session: AsyncSession, customer: CustomerRow) -> Kept | None:
    row = await session.get(OrderGuardRow, customer.id)
    if row is None:
        return None
    return {"wrong": row.wrong_tries, "since": _time(row.window_started_at), "locked_until": _time(row.locked_until)}


def _short(name: str) -> str:
    first, _, last = name.partition(" ")
    return f"{first} {last[0]}." if last else f"{first[:1]}."


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(timespec="seconds")
