"""The operators' groups as they are now: followed when their ids change, left out while they are out of order."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from support.operators import OperatorRepository
from support.tables import CustomerRow
from support.transport_tables import MovedChatRow

PAUSES_S: Final = (10.0, 30.0, 60.0, 120.0, 300.0)
"""A group that refuses the bot is tried again after these."""
log = structlog.get_logger()


@dataclass(slots=True)
class _Outage:
    failures: int
    until: float
    reason: str


@dataclass(slots=True)
class Groups:
    """Which groups there are, and which of them work."""

    configured: tuple[int, ...]
    clock: Callable[[], float] = time.monotonic
    _moved: dict[int, int] = field(default_factory=dict)
    _outages: dict[int, _Outage] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[int, ...]:
        """Present ids, in the order of OPERATORS_CHAT_ID."""
        return tuple(dict.fromkeys(self.present(chat_id) for chat_id in self.configured))

    def present(self, chat_id: int) -> int:
        """Return the id that the chat has now."""
        seen = {chat_id}
        while (moved := self._moved.get(chat_id)) is not None and moved not in seen:
            chat_id = moved
            seen.add(chat_id)
        return chat_id

    def working(self) -> tuple[int, ...]:
        """Groups that are not known to be out of order."""
        return tuple(chat_id for chat_id in self.ids if chat_id not in self._outages)

    def rests(self, chat_id: int) -> bool:
        """Whether a group that refused the bot is not to be tried again yet."""
        outage = self._outages.get(chat_id)
        return outage is not None and self.clock() < outage.until

    def fail(self, chat_id: int, reason: str) -> None:
        """Note that a group refuses the bot: it rests, longer from time to time."""
        known = self._outages.get(chat_id)
        failures = known.failures + 1 if known else 1
        pause_s = PAUSES_S[min(failures, len(PAUSES_S)) - 1]
        self._outages[chat_id] = _Outage(failures, self.clock() + pause_s, reason)

    def recover(self, chat_id: int) -> bool:
        """Note that a group took a call; return whether this is news."""
        return self._outages.pop(chat_id, None) is not None

    async def load(self, session: AsyncSession) -> None:
        """Read which chats have moved."""
        self._moved = {row.old_id: row.new_id for row in await session.scalars(select(MovedChatRow))}

    async def move(self, session: AsyncSession, old_id: int, new_id: int, now: datetime) -> None:
        """Follow a group to its new id. Its topics keep theirs until one turns out to be gone."""
        if self._moved.get(old_id) == new_id:
            return
        row = await session.get(MovedChatRow, old_id)
        if row is None:
            session.add(MovedChatRow(old_id=old_id, new_id=new_id, at=now))
        else:
            row.new_id = new_id
        for column in (CustomerRow.topic_chat_id, CustomerRow.former_topic_chat_id, CustomerRow.card_chat_id):
            await session.execute(update(CustomerRow).where(column == old_id).values({column: new_id}))
        await OperatorRepository(session).move(old_id, new_id)
        self._moved[old_id] = new_id
        self._outages.pop(old_id, None)
        log.warning("an operators' group has a new id: put it into OPERATORS_CHAT_ID", old=old_id, new=new_id)
