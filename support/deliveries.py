"""Deliveries: every call to the channel that must happen, under a key that names its effect.

pending → attempting → delivered | failed | unknown, or pending → withdrawn. Callers own the transaction.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, Table, and_, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from support.transport_tables import DeliveryRow, LeaseRow

MAX_ATTEMPTS_WHEN_UNKNOWN: Final = 2
BUDGET_MEMORY: Final = 2000
"""Calls looked at for what was sent lately: more than the limits allow in the longest window."""
LONGEST_WAIT: Final = timedelta(seconds=15)
"""More than any call is put off by: one that is due later was enqueued before the clock was set back."""
CARDS: Final = ("escalation:", "card:")
"""Begin the keys of cards, among the calls to a topic."""
_TABLE = cast("Table", DeliveryRow.__table__)


class DeliveryState(StrEnum):
    """Where a call stands."""

    PENDING = "pending"
    ATTEMPTING = "attempting"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The connection died after the request, and repeating it could show it twice."""
    WITHDRAWN = "withdrawn"
    """Not wanted any more before it was made: a newer edit, or a person took the conversation over."""


OPEN_STATES: Final = (DeliveryState.PENDING, DeliveryState.ATTEMPTING)
IS_OPEN: Final = text("delivery.state IN ('pending', 'attempting')")
"""In the words of the partial index: SQLite cannot see into bound parameters, and would read the whole ledger."""


class Priority(IntEnum):
    """What goes first when the channel's limits bind."""

    ANSWER = 0
    CARD = 1
    RELAY = 2
    EDIT = 3
    ACTION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A call to make: a method of the channel with its parameters, to a chat or to a customer's topic."""

    key: str
    method: str
    payload: dict[str, Any] = field(repr=False)
    priority: Priority
    chat_id: int | None = None
    customer_id: int | None = None
    to_topic: bool = False
    turn_id: int | None = None
    not_before: datetime | None = None
    source: tuple[int, tuple[int, ...]] | None = None
    """The messages that it passes on: their chat and ids, in the order of the call's result."""
    about: tuple[int, int] | None = None
    """The message (chat, id) whose counterpart it replies to or changes."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A call as it stands when it is made: an album may have grown since it was read."""

    payload: dict[str, Any] = field(repr=False)
    source_ids: tuple[int, ...]
    attempts: int


def begins_with(prefix: str) -> ColumnElement[bool]:
    """Select the calls whose key begins so, by the index of keys, which a bound pattern would not use on SQLite."""
    return and_(DeliveryRow.key >= prefix, DeliveryRow.key < prefix[:-1] + chr(ord(prefix[-1]) + 1))


def may_be_repeated(row: DeliveryRow) -> bool:
    """Whether losing a call is worse than making it twice: answers, cards and people's words, however patient."""
    return row.priority <= Priority.RELAY or row.source_chat_id is not None


class DeliveryRepository:
    """Reads and writes of the delivery table."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, delivery: Delivery, now: datetime) -> None:
        """Enqueue a call; one that is already there under the same key stays as it is."""
        insert = sqlite.insert if self._session.get_bind().dialect.name == "sqlite" else postgresql.insert
        source_chat_id, source_ids = delivery.source or (None, None)
        about_chat_id, about_id = delivery.about or (None, None)
        values = {
            "key": delivery.key,
            "customer_id": delivery.customer_id,
            "to_topic": delivery.to_topic,
            "chat_id": delivery.chat_id,
            "method": delivery.method,
            "payload": delivery.payload,
            "priority": int(delivery.priority),
            "state": DeliveryState.PENDING,
            "attempts": 0,
            "turn_id": delivery.turn_id,
            "created_at": now,
            "not_before": delivery.not_before,
            "source_chat_id": source_chat_id,
            "source_ids": None if source_ids is None else list(source_ids),
            "about_chat_id": about_chat_id,
            "about_id": about_id,
        }
        await self._session.execute(insert(_TABLE).values(values).on_conflict_do_nothing(index_elements=["key"]))

    async def by_key(self, key: str) -> DeliveryRow | None:
        """Return the call with this key, locked until the transaction ends."""
        query = select(DeliveryRow).where(DeliveryRow.key == key).with_for_update()
        return (await self._session.scalars(query)).one_or_none()

    async def peek(self, key: str) -> DeliveryRow | None:
        """Return the call with this key as it stands, for a session that only reads."""
        return (await self._session.scalars(select(DeliveryRow).where(DeliveryRow.key == key))).one_or_none()

    async def is_being_passed_on(self, customer_id: int, chat_id: int, message_id: int) -> bool:
        """Whether a call that has not ended passes this message on."""
        query = select(DeliveryRow.source_ids).where(
            DeliveryRow.customer_id == customer_id,
            DeliveryRow.state.in_(OPEN_STATES),
            DeliveryRow.source_chat_id == chat_id,
        )
        return any(message_id in (ids or ()) for ids in await self._session.scalars(query))

    async def take_back(self, customer_id: int, chat_id: int, message_id: int, now: datetime) -> bool:
        """Withdraw what would pass a message on, or its part of an album; False: it is going out at this moment."""
        query = select(DeliveryRow).where(
            DeliveryRow.customer_id == customer_id,
            DeliveryRow.state.in_(OPEN_STATES),
            DeliveryRow.source_chat_id == chat_id,
        )
        rows = [
            one for one in await self._session.scalars(query.with_for_update()) if message_id in (one.source_ids or ())
        ]
        if any(row.state == DeliveryState.ATTEMPTING for row in rows):
            return False
        for row in rows:
            ids = row.source_ids or []
            if len(ids) == 1:
                row.state, row.error, row.finished_at = DeliveryState.WITHDRAWN, "its writer took it back", now
                continue
            kept = [(one, item) for one, item in zip(ids, row.payload["media"], strict=True) if one != message_id]
            row.source_ids = [one for one, _ in kept]
            row.payload = {**row.payload, "media": [item for _, item in kept]}
        await self._session.flush()
        return True

    async def open_after(self, last_id: int, limit: int = 500) -> list[DeliveryRow]:
        """Return pending calls enqueued after the one with last_id, oldest first."""
        query = (
            select(DeliveryRow)
            .where(IS_OPEN, DeliveryRow.state == DeliveryState.PENDING, DeliveryRow.id > last_id)
            .order_by(DeliveryRow.id)
            .limit(limit)
        )
        return list(await self._session.scalars(query))

    async def recent(self, since: datetime) -> list[tuple[int, datetime]]:
        """Return (chat, time) of the calls attempted since then."""
        query = (
            select(DeliveryRow.peer_id, DeliveryRow.attempted_at)
            .where(DeliveryRow.attempted_at.is_not(None))
            .order_by(DeliveryRow.id.desc())
            .limit(BUDGET_MEMORY)
        )
        rows = await self._session.execute(query)
        return [(chat_id, at) for chat_id, at in rows if chat_id is not None and at is not None and at > since]

    async def recover(self, now: datetime) -> tuple[int, list[DeliveryRow]]:
        """Deal with calls that a killed process left in the middle; return how many go out again, and which do not.

        Answers, cards and relayed words are repeated once: losing one is worse than showing it twice.
        """
        stuck = list(
            await self._session.scalars(select(DeliveryRow).where(DeliveryRow.state == DeliveryState.ATTEMPTING))
        )
        again, ended = 0, []
        for row in stuck:
            if may_be_repeated(row) and row.attempts < MAX_ATTEMPTS_WHEN_UNKNOWN:
                row.state, row.error = DeliveryState.PENDING, "the process died during the call"
                again += 1
            else:
                row.state, row.finished_at = DeliveryState.UNKNOWN, now
                ended.append(row)
        await self._session.flush()
        return again, ended

    async def begin(self, delivery_id: int, *, lease: str, fence: int, peer_id: int, now: datetime) -> Begun | None:
        """Mark a pending call as being made; None when it is not pending, or somebody else has the lease."""
        mine = select(LeaseRow.name).where(LeaseRow.name == lease, LeaseRow.fence == fence)
        # Shared on PostgreSQL: whoever takes the lease over sees every call that was begun under it.
        held = mine.with_for_update(read=True).exists()
        not_before = _TABLE.c.not_before
        statement = (
            update(_TABLE)
            .where(_TABLE.c.id == delivery_id, _TABLE.c.state == DeliveryState.PENDING, held)
            .where(or_(not_before.is_(None), not_before <= now, not_before > now + LONGEST_WAIT))
            .values(state=DeliveryState.ATTEMPTING, attempts=_TABLE.c.attempts + 1, peer_id=peer_id, attempted_at=now)
            .returning(_TABLE.c.payload, _TABLE.c.source_ids, _TABLE.c.attempts)
        )
        row = (await self._session.execute(statement)).one_or_none()
        return None if row is None else Begun(row[0], tuple(row[1] or ()), row[2])

    async def withdraw(self, delivery_id: int, reason: str, now: datetime) -> None:
        """Take back a call that is not wanted any more, unless it was begun meanwhile."""
        await self._session.execute(
            update(_TABLE)
            .where(_TABLE.c.id == delivery_id, _TABLE.c.state == DeliveryState.PENDING)
            .values(state=DeliveryState.WITHDRAWN, error=reason, finished_at=now)
        )

    async def finish(
        self,
        delivery_id: int,
        attempt: int,
        state: DeliveryState,
        now: datetime,
        *,
        message_id: int | None = None,
        error: str | None = None,
    ) -> bool:
        """Record how an attempt ended; False when that is recorded already, or another one has begun since."""
        values = {"state": state, "message_id": message_id, "error": error, "finished_at": now}
        return await self._end(delivery_id, attempt, values)

    async def postpone(
        self, delivery_id: int, attempt: int, error: str, *, had_no_effect: bool, payload: dict[str, Any] | None = None
    ) -> bool:
        """Put a call back, perhaps in a plainer form; only one that may have had an effect counts as an attempt.

        False as in ``finish``.
        """
        left = attempt - 1 if had_no_effect else attempt
        values: dict[str, Any] = {"state": DeliveryState.PENDING, "error": error, "attempts": left}
        if payload is not None:
            values["payload"] = payload
        return await self._end(delivery_id, attempt, values)

    async def _end(self, delivery_id: int, attempt: int, values: dict[str, Any]) -> bool:
        # By the attempt: a commit whose answer got lost is done again, and whoever lost the lease comes late.
        statement = (
            update(_TABLE)
            .where(_TABLE.c.id == delivery_id, _TABLE.c.attempts == attempt, _TABLE.c.state.in_(OPEN_STATES))
            .values(values)
        )
        return cast("CursorResult[Any]", await self._session.execute(statement)).rowcount > 0

    async def withdraw_cards(self, customer_id: int, now: datetime) -> None:
        """Take back the cards of a customer that have not gone out: a newer one says more."""
        await self._session.execute(
            update(_TABLE)
            .where(self._is_card(customer_id), _TABLE.c.state == DeliveryState.PENDING)
            .values(state=DeliveryState.WITHDRAWN, finished_at=now, error="a newer card follows")
        )

    async def is_newest_card(self, row: DeliveryRow) -> bool:
        """Whether no card that was enqueued after this one of the same customer has arrived."""
        if row.customer_id is None:
            return True
        later = (_TABLE.c.id > row.id, _TABLE.c.state == DeliveryState.DELIVERED)
        found = select(_TABLE.c.id).where(self._is_card(row.customer_id), *later).limit(1)
        return await self._session.scalar(found) is None

    def _is_card(self, customer_id: int) -> ColumnElement[bool]:
        return and_(
            _TABLE.c.customer_id == customer_id,
            _TABLE.c.to_topic.is_(True),
            or_(*(_TABLE.c.key.startswith(begins) for begins in CARDS)),
        )

    async def withdraw_words_about_turns(self, customer_id: int, now: datetime) -> set[int]:
        """Take back what the bot has not yet said to the customer; return the turns that something was said about."""
        statement = (
            update(_TABLE)
            .where(_TABLE.c.customer_id == customer_id, _TABLE.c.state == DeliveryState.PENDING)
            .where(_TABLE.c.to_topic.is_(False), _TABLE.c.key.like("turn:%"))
            .values(state=DeliveryState.WITHDRAWN, finished_at=now, error="a person has the conversation")
            .returning(_TABLE.c.method, _TABLE.c.turn_id)
        )
        rows = (await self._session.execute(statement)).all()
        return {turn_id for method, turn_id in rows if method == "SendMessage" and turn_id is not None}
