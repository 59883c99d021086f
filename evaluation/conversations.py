"""Drafting a basket from real conversations: masked questions with what operators answered and customers liked."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from evaluation.baskets import Asked, Route, identity
from evaluation.drafting import balanced, stated
from support.answering import MAX_QUERY
from support.desk_tables import DraftLabelRow
from support.escalations import EscalationReason
from support.jobs import Draft, GenerationJob, Language
from support.masking import is_masked, mask
from support.offers import Verdict
from support.orders.numbers import without_order_numbers
from support.tables import AnswerRow, CustomerRow, EscalationRow, MessageRow, TurnRow
from support.turns import TurnState

_LOOKED_AT: Final = 5_000
"""The newest turns."""
_MOST_NOTE: Final = 600
_LIKED: Final = 1
_FEWEST_WORDS: Final = 2
_ROUTES: Final[dict[str, Route]] = {"greeted": "greeting", "out_of_scope": "out_of_scope"}
_ASKED_FOR: Final[dict[str, Route]] = {
    EscalationReason.CUSTOMER_ASKED: "operator",
    EscalationReason.COMPLAINT: "complaint",
    EscalationReason.RISKY: "complaint",
}


async def from_conversations(session: AsyncSession, limit: int) -> tuple[Asked, ...]:
    """Make items of the newest turns, in turn from every intent; customers who were erased have none.

    Expected are the articles of an answer that the customer or an operator accepted, and the numbers and links of what
    an operator wrote; his words stand in the note.
    """
    query = (
        select(TurnRow)
        .join(CustomerRow, CustomerRow.id == TurnRow.customer_id)
        .where(
            CustomerRow.erased_at.is_(None),
            TurnRow.text != "",
            TurnRow.state.in_((TurnState.ANSWERED, TurnState.ESCALATED)),
        )
        .order_by(TurnRow.id.desc())
        .limit(_LOOKED_AT)
    )
    by_intent: dict[str, list[Asked]] = {}
    seen: set[str] = set()
    for turn in await session.scalars(query):
        text = _masked(turn.text.strip())
        if len(text) > MAX_QUERY or text.casefold() in seen:
            continue
        item = await _drafted(session, turn, text)
        if item is not None:
            seen.add(text.casefold())
            by_intent.setdefault(turn.intent or "", []).append(item)
    return balanced(list(by_intent.values()), limit)


async def _drafted(session: AsyncSession, turn: TurnRow, text: str) -> Asked | None:
    language: Language = "ru" if turn.language == "ru" else "en"
    escalation = await session.scalar(select(EscalationRow).where(EscalationRow.turn_id == turn.id))
    route = _route(turn, escalation)
    item = Asked(id=identity(text), language=language, question=text, route=route, draft=True, origin="conversation")
    if route != "question":
        return item
    if len(text.split()) < _FEWEST_WORDS:
        return None
    replied = await _operators_words(session, turn) if escalation is not None else ""
    said = _masked(replied)
    sources = await _accepted(session, turn)
    if not sources and not said:
        return None
    # Half a phone number is no fact, nor is an order's.
    facts = () if said != replied or is_masked(said) else stated(said)
    return item.model_copy(update={"sources": sources, "facts": facts, "note": said[:_MOST_NOTE]})


def _masked(text: str) -> str:
    return without_order_numbers(mask(text))


def _route(turn: TurnRow, escalation: EscalationRow | None) -> Route:
    if escalation is not None:
        return _ASKED_FOR.get(escalation.reason, "question")
    if (turn.outcome or "").startswith("order_"):
        return "order_status"
    return _ROUTES.get(turn.outcome or "", "question")


async def _accepted(session: AsyncSession, turn: TurnRow) -> tuple[str, ...]:
    """Return the articles that an accepted answer cites: 👍 by the customer, or sent as it was by an operator."""
    answer = await session.scalar(select(AnswerRow).where(AnswerRow.turn_id == turn.id))
    label = await session.scalar(select(DraftLabelRow).where(DraftLabelRow.turn_id == turn.id))
    stored = None
    if answer is not None and answer.rating == _LIKED:
        stored = answer.draft
    elif label is not None and label.verdict == Verdict.SENT:
        stored = turn.draft
    if stored is None or turn.job is None:
        return ()
    draft, job = Draft.model_validate(stored), GenerationJob.model_validate_json(turn.job)
    return tuple(dict.fromkeys(one.source for one in job.passages if one.number in draft.citations))


async def _operators_words(session: AsyncSession, turn: TurnRow) -> str:
    """Return what an operator wrote next, until the customer's next message."""
    newest_first = select(MessageRow.id).where(MessageRow.turn_id == turn.id).order_by(MessageRow.id.desc())
    last = await session.scalar(newest_first.limit(1))
    if last is None:
        return ""
    query = (
        select(MessageRow)
        .where(MessageRow.customer_id == turn.customer_id, MessageRow.id > last)
        .where(MessageRow.speaker.in_(("customer", "operator")))
        .order_by(MessageRow.id)
        .limit(20)
    )
    return "\n".join(_until_customer(list(await session.scalars(query))))


def _until_customer(rows: Sequence[MessageRow]) -> list[str]:
    said: list[str] = []
    for row in rows:
        if row.speaker == "customer" and said:
            break
        if row.speaker == "operator" and row.text.strip():
            said.append(row.text.strip())
    return said
