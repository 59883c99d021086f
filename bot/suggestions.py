"""Looks up what customers write to a person, in the process that sends: suggestions on cards (support.suggesting)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from bot.loops import keep_looking
from bot.unit import Units
from support import suggesting
from support.jobs import GenerationJob
from support.leases import Lease

LOOK_S: Final = 1.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Takes turns of customers who wait for a person to the queue; results come back as all results do."""

    units: Units
    lease: Lease
    lookup: suggesting.Lookup
    prepare: Callable[[int], Awaitable[None]]
    """Fetches what the turn's search needs of other processes."""
    start_generation: Callable[[GenerationJob], None]

    async def run(self) -> None:
        """Look for suggestions, until cancelled."""
        await keep_looking(self.lease, self.look, "suggestions", every_s=LOOK_S)

    async def look(self) -> None:
        """Search for every turn whose words are complete."""
        async with self.units.database.reading() as session:
            due = await suggesting.due(session, self.units.clock())
        for turn_id in due:
            await self.prepare(turn_id)
            async with self.units.open() as unit:
                job = await self.lookup.ask(unit.session, turn_id, unit.now)
                if job is not None:
                    self._start(job, unit.after_commit)

    def _start(self, job: GenerationJob, after_commit: list[Callable[[], None]]) -> None:
        after_commit.append(lambda: self.start_generation(job))
