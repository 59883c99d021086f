"""Erasing a customer: his row is cut off from him at once, everything else goes in small steps that may be cut short.

What is left are shells without a word, a name or an id of Telegram's: turns, answers and escalations that statistics
count. Rows are not deleted where a late result or a reused id could meet the wrong customer. Callers own the
transaction; every step may be repeated.
"""

import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, Delete, Update, and_, delete, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from support import suggesting
from support.answer_audits import Judgement
from support.audit_tables import AnswerAuditRow
from support.deliveries import OPEN_STATES, DeliveryState, begins_with
from support.desk_tables import DraftLabelRow, HeldWordsRow, IntentExampleRow
from support.escalations import EscalationRepository
from support.jobs import job_id
from support.masking import forget_masked
from support.order_tables import OrderGuardRow
from support.privacy_tables import ErasedBanRow, ErasureRow
from support.tables import AnswerRow, AuditRow, CustomerRow, EscalationRow, MessageRow, TurnRow
from support.transport_tables import CounterpartRow, DeliveryRow, InboxRow, PauseRow
from support.turns import TurnRepository, TurnState

HIMSELF: Final = 0
COMMAND_LINE: Final = -1
RETENTION: Final = -2
ASKED: Final = {HIMSELF: "customer", COMMAND_LINE: "command line", RETENTION: "retention"}
ACTION: Final = "customer_erased"
KEY: Final = "erase:"
BATCH: Final = 200
ERASED: Final = "erased:"
_BOARD: Final = "board:"
"""What bot.board calls its edits, which belong to no customer in the ledger."""
_AUDIT: Final = "answer-audit:"
"""The same of bot.answer_audit."""
_SHORTEST_NAME: Final = 2
_CLOCKS_DIFFER: Final = timedelta(days=1)
"""A clock that was set back since he came puts no call about him before that."""
_NAME_LENGTH: Final = 300


@dataclass(frozen=True, slots=True)
class Begun:
    """A customer who is cut off: what is to be told, taken away and called off."""

    token: str
    chat_id: int
    cancelled: tuple[str, ...]
    """Jobs that nobody waits for any more."""
    topics: tuple[tuple[int, int], ...]
    was_open: bool
    """Whether a person had the conversation."""


async def begin(session: AsyncSession, customer: CustomerRow, *, asked_by: int, now: datetime) -> Begun | None:
    """Cut a customer off from his row and end what is open with him; None when that was done before.

    Whatever he writes from now on begins a conversation with somebody whom nobody knows.
    """
    if customer.erased_at is not None:
        return None
    cancelled: list[str] = []
    for turn in await TurnRepository(session).waiting_of(customer.id):
        if turn.state == TurnState.GENERATING:
            cancelled.append(job_id(turn.id, turn.epoch, turn.attempt))
        turn.state, turn.finished_at, turn.outcome, turn.epoch = TurnState.SUPERSEDED, now, "erased", turn.epoch + 1
    cancelled += await suggesting.withdraw(session, customer.id, now)
    escalation = await EscalationRepository(session).open_of(customer.id)
    if escalation is not None:
        escalation.closed_at, escalation.close_reason, escalation.reopens_until = now, None, None
    pending = [DeliveryRow.state == DeliveryState.PENDING, _of_ledger(customer.id, customer.chat_id)]
    withdrawn = {"state": DeliveryState.WITHDRAWN, "finished_at": now, "error": None}
    await session.execute(update(DeliveryRow).where(*pending).values(withdrawn))
    pairs = ((customer.topic_chat_id, customer.topic_id), (customer.former_topic_chat_id, customer.former_topic_id))
    topics = tuple((group, thread) for group, thread in pairs if group is not None and thread is not None)
    row = ErasureRow(
        token=secrets.token_hex(8),
        customer_id=customer.id,
        chat_id=customer.chat_id,
        name="\n".join((customer.name, customer.username or ""))[:_NAME_LENGTH],
        topics=[list(topic) for topic in topics],
        asked_by=asked_by,
        asked_at=now,
    )
    session.add(row)
    begun = Begun(row.token, customer.chat_id, tuple(cancelled), topics, escalation is not None)
    _cut_off(customer, now)
    await session.flush()
    forget_masked()
    return begun


def _cut_off(customer: CustomerRow, now: datetime) -> None:
    # No chat has the id of a customer with a minus: private chats are positive, and groups are no customers.
    customer.chat_id, customer.name, customer.username, customer.phone = -customer.id, "", None, None
    customer.proven_orders = None
    customer.awaiting = customer.awaiting_order = customer.awaiting_since = None
    customer.topic_chat_id = customer.topic_id = customer.topic_shown = None
    customer.former_topic_chat_id = customer.former_topic_id = None
    customer.card_chat_id = customer.card_id = customer.card_shown = customer.board_due_at = None
    customer.blocked_at, customer.erased_at = None, now


async def sweep(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:
    """Erase the next batch of every table, and count it in the erasure; 0: nothing is left."""
    counts = dict(erasure.counts)
    done = 0
    for table, step in _STEPS:
        number = await step(session, erasure, now)
        if number:
            counts[table] = counts.get(table, 0) + number
            done += number
    erasure.counts = counts
    return done


async def is_busy(session: AsyncSession, erasure: ErasureRow) -> bool:
    """Whether a call about him is being made, or what is to be said and taken away has not ended."""
    under_way = and_(DeliveryRow.state == DeliveryState.ATTEMPTING, _of_ledger(erasure.customer_id, erasure.chat_id))
    asked = and_(DeliveryRow.state.in_(OPEN_STATES), DeliveryRow.key.like(f"{KEY}{erasure.token}:%"))
    return await session.scalar(select(DeliveryRow.id).where(or_(under_way, asked)).limit(1)) is not None


async def prove(session: AsyncSession, erasure: ErasureRow, digest: str, now: datetime) -> None:
    """Write the proof without the data, let a ban outlive the person, and forget who it was."""
    customer = await session.get_one(CustomerRow, erasure.customer_id)
    await session.execute(delete(ErasedBanRow).where(ErasedBanRow.digest == digest))
    if customer.banned_at is not None:
        session.add(ErasedBanRow(digest=digest, banned_at=customer.banned_at))
        customer.banned_at = None
    detail = {
        "token": erasure.token,
        "asked_by": ASKED.get(erasure.asked_by, "administrator"),
        "asked_at": erasure.asked_at.isoformat(timespec="seconds"),
        "chat_hmac_sha256": digest,
        "counts": erasure.counts,
    }
    session.add(AuditRow(at=now, actor_id=max(erasure.asked_by, 0), action=ACTION, detail=detail))
    erasure.chat_id, erasure.name, erasure.topics = 0, "", []
    await session.flush()


async def has_bans(session: AsyncSession) -> bool:
    """Whether anybody was banned and then erased."""
    return await session.scalar(select(ErasedBanRow.digest).limit(1)) is not None


async def restore_ban(session: AsyncSession, customer: CustomerRow, digest: str) -> None:
    """Ban a new customer who was banned before he was erased."""
    row = await session.get(ErasedBanRow, digest)
    if row is not None:
        customer.banned_at = row.banned_at


def _of_ledger(customer_id: int, chat_id: int) -> ColumnElement[bool]:
    """Calls about the customer: those of his, those to his chat that belong to nobody, the board's edits."""
    # Where it went is where it was to go: only groups get another id.
    nobodys = and_(DeliveryRow.customer_id.is_(None), DeliveryRow.chat_id == chat_id)
    board = or_(*(begins_with(f"{name}{customer_id}:") for name in (_BOARD, _AUDIT)))
    told = DeliveryRow.key.like(f"{KEY}%")
    return or_(DeliveryRow.customer_id == customer_id, and_(nobodys, ~told), board)


async def _change(session: AsyncSession, statement: Update | Delete) -> int:
    return cast(
        "CursorResult[Any]", await session.execute(statement.execution_options(synchronize_session=False))
    ).rowcount


async def _deliveries(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:
    pending = [DeliveryRow.state == DeliveryState.PENDING, _of_ledger(erasure.customer_id, erasure.chat_id)]
    withdrawn = {"state": DeliveryState.WITHDRAWN, "finished_at": now}
    await _change(session, update(DeliveryRow).where(*pending).values(withdrawn))
    told = and_(DeliveryRow.key.like(f"{KEY}{erasure.token}:%"), DeliveryRow.chat_id == erasure.chat_id)
    query = (
        select(DeliveryRow)
        .where(or_(_of_ledger(erasure.customer_id, erasure.chat_id), told))
        .where(DeliveryRow.state.not_in(OPEN_STATES), DeliveryRow.key.not_like(f"{ERASED}%"))
        .limit(BATCH)
    )
    rows = list(await session.scalars(query))
    for row in rows:
        _empty(row)
    return len(rows)


def _empty(row: DeliveryRow) -> None:
    """Leave a call's shell: its id must not be given to another one that the outbox takes for it."""
    row.key, row.payload, row.error = f"{ERASED}{row.id}", {}, None
    row.chat_id = row.peer_id = row.message_id = row.source_chat_id = row.source_ids = None
    row.about_chat_id = row.about_id = None


async def _others_calls(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:  # noqa: ARG001  # a step
    """Empty what was told to others about him since he came: administrators, the digest."""
    names = [name for name in erasure.name.split("\n") if len(name) >= _SHORTEST_NAME]
    customer = await session.get_one(CustomerRow, erasure.customer_id)
    looked_to, emptied = (customer.created_at - _CLOCKS_DIFFER, 0), 0
    place = tuple_(DeliveryRow.created_at, DeliveryRow.id)
    while True:
        # Columns, not rows: what is nobody's is looked through while other writers wait.
        query = (
            select(DeliveryRow.id, DeliveryRow.payload, DeliveryRow.created_at)
            .where(DeliveryRow.customer_id.is_(None), place > looked_to)
            .where(DeliveryRow.state.not_in(OPEN_STATES), DeliveryRow.key.not_like(f"{ERASED}%"))
            .order_by(DeliveryRow.created_at, DeliveryRow.id)
            .limit(BATCH)
        )
        rows = (await session.execute(query)).all()
        theirs = []
        for delivery_id, payload, _ in rows:
            words = json.dumps(payload, ensure_ascii=False)
            if any(name in words for name in (*names, str(erasure.chat_id))):
                theirs.append(delivery_id)
        if theirs:
            emptied += await _change(session, update(DeliveryRow).where(DeliveryRow.id.in_(theirs)).values(payload={}))
        if len(rows) < BATCH:
            return emptied
        looked_to = (rows[-1].created_at, rows[-1].id)


async def _labels(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:  # noqa: ARG001  # a step
    theirs = DraftLabelRow.turn_id.in_(_turns(erasure))
    full = or_(DraftLabelRow.draft != "", DraftLabelRow.sent.is_not(None))
    return await _change(session, update(DraftLabelRow).where(theirs, full).values(draft="", sent=None))


async def _answer_audits(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:
    """Keep what was said about an answer; one that waits is lost to the audit, and counts."""
    theirs = AnswerAuditRow.turn_id.in_(_turns(erasure))
    full = or_(AnswerAuditRow.question != "", AnswerAuditRow.answer != "")
    lost = update(AnswerAuditRow).where(theirs, AnswerAuditRow.verdict.is_(None))
    await _change(session, lost.values(verdict=Judgement.ERASED, judged_at=now))
    return await _change(session, update(AnswerAuditRow).where(theirs, full).values(question="", answer="", sources=[]))


async def _examples(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:  # noqa: ARG001  # a step
    return await _change(session, delete(IntentExampleRow).where(IntentExampleRow.turn_id.in_(_turns(erasure))))


async def _answers(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:  # noqa: ARG001  # a step
    theirs = AnswerRow.turn_id.in_(_turns(erasure))
    return await _change(
        session, update(AnswerRow).where(theirs, AnswerRow.text != "").values(text="", draft={}, cache_key=None)
    )


async def _escalations(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:  # noqa: ARG001  # a step
    words = (EscalationRow.draft, EscalationRow.summary, EscalationRow.rating_text, EscalationRow.close_reason)
    full = or_(EscalationRow.question != "", *(column.is_not(None) for column in words))
    empty = {"question": "", "draft": None, "summary": None, "rating_text": None, "close_reason": None}
    theirs = EscalationRow.customer_id == erasure.customer_id
    return await _change(session, update(EscalationRow).where(theirs, full).values(empty))


async def _turns_words(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:  # noqa: ARG001  # a step
    theirs = TurnRow.customer_id == erasure.customer_id
    full = or_(TurnRow.text != "", TurnRow.job.is_not(None))
    return await _change(session, update(TurnRow).where(theirs, full).values(text="", job=None, trace={}, draft=None))


def _deleted(row: type[Any], key: Any) -> "Step":  # noqa: ANN401  # a column
    async def step(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:  # noqa: ARG001  # a step
        ids = select(key).where(row.customer_id == erasure.customer_id).limit(BATCH)
        return await _change(session, delete(row).where(key.in_(ids)))

    return step


async def _pauses(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:  # noqa: ARG001  # a step
    return await _change(session, delete(PauseRow).where(PauseRow.chat_id == erasure.chat_id))


async def _updates(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:  # noqa: ARG001  # a step
    """Forget whose updates they were; the rows stay, for Telegram may send one again."""
    handled = InboxRow.handled_at.is_not(None)
    own = update(InboxRow).where(InboxRow.lane == erasure.chat_id, handled)
    number = await _change(session, own.values(lane=0, payload="", error=None))
    # What could not be handled keeps its words: an operator's in his topic, or a press of somebody else's about him.
    names = [f'"message_thread_id": {thread},' for _, thread in erasure.topics] + [f": {erasure.chat_id},"]
    query = select(InboxRow).where(handled, InboxRow.payload != "")
    for row in await session.scalars(query):
        if any(name in row.payload for name in names):
            row.payload = ""
            number += 1
    return number


async def _audit(session: AsyncSession, erasure: ErasureRow, now: datetime) -> int:  # noqa: ARG001  # a step
    """Keep who did what; forget about whom."""
    escalations = select(EscalationRow.id).where(EscalationRow.customer_id == erasure.customer_id)
    ids = {
        "customer_id": {erasure.customer_id},
        "chat_id": {erasure.chat_id},
        "escalation_id": set(await session.scalars(escalations)),
        "turn_id": set(await session.scalars(_turns(erasure))),
    }
    looked_to, emptied = 0, 0
    while True:
        query = select(AuditRow.id, AuditRow.detail).where(AuditRow.id > looked_to, AuditRow.action != ACTION)
        rows = (await session.execute(query.order_by(AuditRow.id).limit(BATCH))).all()
        theirs = [
            row_id
            for row_id, detail in rows
            if detail and any(detail.get(name) in those for name, those in ids.items())
        ]
        if theirs:
            emptied += await _change(session, update(AuditRow).where(AuditRow.id.in_(theirs)).values(detail={}))
        if len(rows) < BATCH:
            return emptied
        looked_to = rows[-1].id


def _turns(erasure: ErasureRow) -> Any:  # noqa: ANN401  # a select of ids
    return select(TurnRow.id).where(TurnRow.customer_id == erasure.customer_id)


Step = Callable[[AsyncSession, ErasureRow, datetime], Awaitable[int]]
_STEPS: Final[Sequence[tuple[str, Step]]] = (
    ("delivery", _deliveries),
    ("delivery", _others_calls),
    ("draft_label", _labels),
    ("answer_audit", _answer_audits),
    ("intent_example", _examples),
    ("answer", _answers),
    ("audit", _audit),
    ("escalation", _escalations),
    ("held_words", _deleted(HeldWordsRow, HeldWordsRow.id)),
    ("counterpart", _deleted(CounterpartRow, CounterpartRow.id)),
    ("message", _deleted(MessageRow, MessageRow.id)),
    ("turn", _turns_words),
    ("order_guard", _deleted(OrderGuardRow, OrderGuardRow.customer_id)),
    ("pause", _pauses),
    ("inbox", _updates),
)
