"""Telegram's 429s, kept in the database: a restart must not call inside a retry_after. Callers own the transaction."""

import math
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from support.transport_tables import PauseRow


class PauseRepository:
    """Reads and writes of the pause table."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, chat_id: int, retry_after_s: float, now: datetime) -> None:
        """Remember that the chat must be left alone; the newest word counts."""
        row = await self._session.get(PauseRow, chat_id)
        if row is None:
            self._session.add(PauseRow(chat_id=chat_id, told_at=now, retry_after_s=math.ceil(retry_after_s)))
        else:
            row.told_at, row.retry_after_s = now, math.ceil(retry_after_s)
        await self._session.flush()

    async def remaining(self, now: datetime) -> dict[int, float]:
        """Return the seconds that each paused chat must still be left alone; what has passed is dropped.

        With a clock that was set back, a pause begins again: too late is safe, too early is not.
        """
        left: dict[int, float] = {}
        for row in list(await self._session.scalars(select(PauseRow))):
            passed_s = max(0.0, (now - row.told_at).total_seconds())
            if passed_s < row.retry_after_s:
                left[row.chat_id] = row.retry_after_s - passed_s
            else:
                await self._session.execute(delete(PauseRow).where(PauseRow.chat_id == row.chat_id))
        return left
