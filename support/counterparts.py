"""Relayed messages and their copies on the other side. Callers own the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.transport_tables import CounterpartRow


@dataclass(frozen=True, slots=True)
class OtherSide:
    """Where the counterpart of a message stands."""

    customer_id: int
    chat_id: int
    message_id: int


class CounterpartRepository:
    """Reads and writes of the counterpart table."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, customer_id: int, source: tuple[int, int], copy: tuple[int, int]) -> None:
        """Remember that a message (chat, id) has this copy; a known copy stays as it is."""
        known = await self._session.scalar(
            select(CounterpartRow.id).where(CounterpartRow.copy_chat_id == copy[0], CounterpartRow.copy_id == copy[1])
        )
        if known is None:
            self._session.add(
                CounterpartRow(
                    customer_id=customer_id,
                    source_chat_id=source[0],
                    source_id=source[1],
                    copy_chat_id=copy[0],
                    copy_id=copy[1],
                )
            )
            await self._session.flush()

    async def copies(self, chat_id: int, message_id: int) -> Sequence[tuple[int, int]]:
        """Return where the message was copied to, (chat, id), oldest first."""
        query = select(CounterpartRow.copy_chat_id, CounterpartRow.copy_id).where(
            CounterpartRow.source_chat_id == chat_id, CounterpartRow.source_id == message_id
        )
        return [(row[0], row[1]) for row in await self._session.execute(query.order_by(CounterpartRow.id))]

    async def other_side(self, chat_id: int, message_id: int) -> OtherSide | None:
        """Return a message's newest copy, or what it is a copy of."""
        rows = (CounterpartRow.source_chat_id == chat_id, CounterpartRow.source_id == message_id)
        copied = await self._session.scalar(select(CounterpartRow).where(*rows).order_by(CounterpartRow.id.desc()))
        if copied is not None:
            return OtherSide(copied.customer_id, copied.copy_chat_id, copied.copy_id)
        rows = (CounterpartRow.copy_chat_id == chat_id, CounterpartRow.copy_id == message_id)
        source = await self._session.scalar(select(CounterpartRow).where(*rows))
        return None if source is None else OtherSide(source.customer_id, source.source_chat_id, source.source_id)

    async def in_chat(self, chat_id: int, message_id: int, other_chat_id: int) -> int | None:
        """Return the message's counterpart in the other chat: its copy, or what it is a copy of."""
        for copy_chat_id, copy_id in await self.copies(chat_id, message_id):
            if copy_chat_id == other_chat_id:
                return copy_id
        query = select(CounterpartRow.source_id).where(
            CounterpartRow.copy_chat_id == chat_id,
            CounterpartRow.copy_id == message_id,
            CounterpartRow.source_chat_id == other_chat_id,
        )
        found: int | None = await self._session.scalar(query)
        return found
