"""Keeps what search finds as operators and administrators have decided about wrong passages, in every process."""

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from bot.unit import Unit
from knowledge.current import CurrentKnowledge
from support import quarantine
from support.availability import UNAVAILABLE
from support.database import Database

LOOK_S: Final = 1.0
"""So soon another process follows; the one where it was decided follows with the commit."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Hides passages from the knowledge base that answers here."""

    database: Database
    knowledge: CurrentKnowledge

    async def run(self) -> None:
        """Follow what other processes decide, until cancelled."""
        while True:
            try:
                await self.load()
            except UNAVAILABLE as error:
                log.debug("wrong passages cannot be read", error=type(error).__name__)
            await asyncio.sleep(LOOK_S)

    async def load(self) -> None:
        """Hide what the database names, and nothing else."""
        async with self.database.reading() as session:
            out = await quarantine.keys(session)
        await asyncio.to_thread(self.knowledge.hide, out)

    async def changed(self, unit: Unit) -> None:
        """Hide what was decided in this unit of work as soon as it is committed."""
        await unit.session.flush()
        out = await quarantine.keys(unit.session)
        unit.after_commit.append(lambda: self.knowledge.hide(out))
