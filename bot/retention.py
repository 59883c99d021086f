"""Keeps the retention periods: once an hour the process that sends takes away what is due."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import Select

from bot.erasing import Erasing
from bot.loops import keep_looking
from bot.unit import Units
from support import retention
from support.customers import CustomerRepository
from support.desk_file import Retention
from support.erasure import RETENTION
from support.leases import Lease

EVERY_S: Final = 3600.0
FIRST_S: Final = 60.0
"""A bot that has just started has more to do."""
BREATH_S: Final = 0.05
"""Between two batches: other writers wait for each."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Retaining:
    """Takes away what is due. A killed process goes on where it was: what is due is found in the rows themselves."""

    units: Units
    lease: Lease
    erasing: Erasing
    periods: Retention

    async def run(self) -> None:
        """Look once an hour, until cancelled."""
        await asyncio.sleep(FIRST_S)
        await keep_looking(self.lease, self.look, "retention", every_s=EVERY_S)

    async def look(self) -> Counter[str]:
        """Take away everything that is due; return how many rows of each kind."""
        taken: Counter[str] = Counter()
        for step, before in retention.steps(self.periods, self.units.clock()):
            while ids := await self._find(step.find(before).limit(retention.BATCH)):
                async with self.units.open() as unit:
                    taken[step.name] += await step.take(unit.session, ids)
                await asyncio.sleep(BREATH_S)
        idle = retention.forgotten(self.periods, self.units.clock())
        for customer_id in [] if idle is None else await self._find(idle):
            async with self.units.open() as unit:
                customer = await CustomerRepository(unit.session).by_id(customer_id)
                taken["customers"] += await self.erasing.begin(unit, customer, asked_by=RETENTION) is not None
        if taken:
            log.info("what was too old is gone", **taken)
        return taken

    async def _find(self, query: Select[int]) -> list[int]:
        async with self.units.database.reading() as session:
            return list(await session.scalars(query))
