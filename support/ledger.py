"""The ledger as people read it: what has not ended, what failed, and why. Callers own the transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import CursorResult, Select, Table, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from support.deliveries import IS_OPEN, OPEN_STATES, DeliveryState
from support.tables import AuditRow, CustomerRow, EscalationRow
from support.transport_tables import DeliveryRow, LeaseRow, PauseRow

COMMAND_LINE: Final = 0
"""The actor of what is done on the machine itself."""
BAD_STATES: Final = (DeliveryState.FAILED, DeliveryState.UNKNOWN)
_TABLE = cast("Table", DeliveryRow.__table__)


class LedgerError(Exception):
    """A call cannot be put back or withdrawn; the message says why."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call with what is known about the place that it goes to. The words themselves are not read."""

    id: int
    key: str
    method: str
    priority: int
    state: str
    attempts: int
    created_at: datetime
    not_before: datetime | None
    attempted_at: datetime | None
    finished_at: datetime | None
    error: str | None
    to_topic: bool
    customer_id: int | None
    peer: int | None
    """The chat that it goes to; None for a topic that has no group yet."""
    thread: int | None
    """The customer's topic there, if he has one."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else decides when a call is made."""

    paused: dict[int, float]
    """Seconds for which Telegram wants a chat left alone."""
    senders: tuple[str, ...]
    """Owners of leases; "" is nobody."""


class Ledger:
    """Reads the delivery table for people, and changes it as they ask."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def counts(self) -> dict[str, int]:
        """Return how many calls there are in each state; every state is there."""
        rows = await self._session.execute(select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state))
        return dict.fromkeys(DeliveryState, 0) | {row[0]: row[1] for row in rows}

    async def open(self, limit: int) -> list[Call]:
        """Return what has not ended, oldest first."""
        return await self._read(_calls().where(IS_OPEN).order_by(DeliveryRow.id).limit(limit))

    async def bad(self, since: datetime, limit: int) -> list[Call]:
        """Return what has failed or has an unknown outcome since then, newest first."""
        query = _calls().where(DeliveryRow.state.in_(BAD_STATES), DeliveryRow.finished_at >= since)
        return await self._read(query.order_by(DeliveryRow.id.desc()).limit(limit))

    async def count_bad(self, since: datetime) -> int:
        """Return how many calls have failed or have an unknown outcome since then."""
        query = select(func.count()).where(DeliveryRow.state.in_(BAD_STATES), DeliveryRow.finished_at >= since)
        return await self._session.scalar(query) or 0

    async def call(self, delivery_id: int) -> Call | None:
        """Return one call."""
        found = await self._read(_calls().where(DeliveryRow.id == delivery_id))
        return found[0] if found else None

    async def surroundings(self, now: datetime) -> Surroundings:
        """Return the pauses that have not passed, and who sends."""
        left = {
            row.chat_id: row.retry_after_s - max(0.0, (now - row.told_at).total_seconds())
            for row in await self._session.scalars(select(PauseRow))
        }
        paused = {chat_id: left_s for chat_id, left_s in left.items() if left_s > 0}
        return Surroundings(paused, tuple(await self._session.scalars(select(LeaseRow.owner))))

    async def put_back(self, delivery_id: int, now: datetime) -> None:
        """Let a call that failed, or whose outcome is unknown, be made once more.

        Raises:
            LedgerError: it stands otherwise, or it would talk over a person.
        """
        call = await self._known(delivery_id)
        if call.key.startswith("turn:") and not call.to_topic and await self._has_person(call.customer_id):
            raise LedgerError("A person has this customer's conversation by now: the bot does not talk over him.")
        values = {"state": DeliveryState.PENDING, "attempts": 0, "finished_at": None, "not_before": None}
        await self._change(call, BAD_STATES, values, "delivery_retried", now)

    async def drop(self, delivery_id: int, now: datetime) -> None:
        """Take a call back that has not been made.

        Raises:
            LedgerError: it stands otherwise.
        """
        call = await self._known(delivery_id)
        values = {"state": DeliveryState.WITHDRAWN, "finished_at": now, "error": "dropped by hand"}
        await self._change(call, (DeliveryState.PENDING,), values, "delivery_dropped", now)

    async def _known(self, delivery_id: int) -> Call:
        call = await self.call(delivery_id)
        if call is None:
            raise LedgerError(f"There is no call {delivery_id} in the ledger: otvet outbox lists them.")
        return call

    async def _has_person(self, customer_id: int | None) -> bool:
        query = select(EscalationRow.id).where(EscalationRow.customer_id == customer_id)
        return await self._session.scalar(query.where(EscalationRow.closed_at.is_(None))) is not None

    async def _change(
        self, call: Call, states: tuple[DeliveryState, ...], values: dict[str, Any], action: str, now: datetime
    ) -> None:
        # The state is looked at once more in the change itself: the bot works on the ledger meanwhile.
        statement = update(_TABLE).where(_TABLE.c.id == call.id, _TABLE.c.state.in_(states)).values(values)
        if not cast("CursorResult[Any]", await self._session.execute(statement)).rowcount:
            wanted = " or ".join(states)
            raise LedgerError(f"Call {call.id} is {call.state}: only what is {wanted} can be changed so.")
        self._session.add(AuditRow(at=now, actor_id=COMMAND_LINE, action=action, detail={"delivery_id": call.id}))

    async def _read(self, query: Select[Any]) -> list[Call]:
        rows = (await self._session.execute(query)).mappings()
        return [Call(**{**row, "thread": row["thread"] if row["to_topic"] else None}) for row in rows]


def open_count(counts: dict[str, int]) -> int:
    """How many calls have not ended."""
    return sum(counts[state] for state in OPEN_STATES)


def _calls() -> Select[Any]:
    columns: tuple[Any, ...] = (
        *(DeliveryRow.id, DeliveryRow.key, DeliveryRow.method, DeliveryRow.priority, DeliveryRow.state),
        *(DeliveryRow.attempts, DeliveryRow.created_at, DeliveryRow.not_before, DeliveryRow.attempted_at),
        *(DeliveryRow.finished_at, DeliveryRow.error, DeliveryRow.to_topic, DeliveryRow.customer_id),
        func.coalesce(DeliveryRow.chat_id, CustomerRow.topic_chat_id, DeliveryRow.peer_id).label("peer"),
        CustomerRow.topic_id.label("thread"),
    )
    return select(*columns).outerjoin(CustomerRow, CustomerRow.id == DeliveryRow.customer_id)
