"""The whole product as processes against a sandbox in this process, so that it can be hurt and looked at."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final

from benchmarks import catalogue
from benchmarks.crowd import groups_in
from benchmarks.processes import REDIS, Fleet
from benchmarks.verdict import waiting
from knowledge.releases import ReleaseStore
from sandbox.server import SandboxServer
from sandbox.telegram.state import World
from sandbox.world import DEMO_TOKEN
from support.database import Database

READY_S: Final = 120.0
LOOK_S: Final = 0.1
BOT, WORKER, EMPTIED, EVERYTHING = "bot", "worker", "redis, emptied", "everything"
VICTIMS: Final = (BOT, BOT, WORKER, REDIS, EMPTIED, EVERYTHING)
"""The bot twice: it has the most to lose."""
DURING_START: Final = 0.25
"""How often the next kill may come while the bot is still starting."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The running product."""

    world: World
    server: SandboxServer
    fleet: Fleet
    database: Database
    bots: tuple[str, ...]
    environment: Mapping[str, str]
    """Of every process, for one that is added later."""

    async def ready(self) -> None:
        """Wait until the bot serves.

        Raises:
            TimeoutError: it does not in time.
        """
        polls = self.world.calls["getUpdates"]
        async with asyncio.timeout(READY_S):
            while self.world.calls["getUpdates"] == polls and not self.world.webhook:  # noqa: ASYNC110  # a counter
                await asyncio.sleep(LOOK_S)

    async def drained(self, patience_s: float) -> float:
        """Wait until nothing is under way any more, or nothing has moved for so long; return the seconds it took."""
        began = moved = time.monotonic()
        before: list[str] = []
        while now := await waiting(self.world, self.database):
            if now != before:
                before, moved = now, time.monotonic()
            elif time.monotonic() - moved > patience_s:
                break
            await asyncio.sleep(LOOK_S)
        return time.monotonic() - began

    async def kill(self, victim: str, down_s: float) -> None:
        """Kill -9 a process, or several, and start them again after a while."""
        names = {BOT: self.bots, WORKER: (WORKER,), REDIS: (REDIS,), EMPTIED: (REDIS,)}.get(victim)
        names = names or (*self.bots, WORKER, REDIS)
        self.fleet.down(names, emptied=victim == EMPTIED)
        await asyncio.sleep(down_s)
        await self.fleet.up(names)

    async def kill_at_random(self, random: Random, times: int, gap_s: float) -> Counter[str]:
        """Kill so many times, ``gap_s`` apart on average, and now and then during a start; return what was killed."""
        killed: Counter[str] = Counter()
        for _ in range(times):
            await asyncio.sleep(random.uniform(0.1, 1.9) * gap_s)
            victim = random.choice(VICTIMS)
            killed[victim] += 1
            await self.kill(victim, random.uniform(0, 0.5))
            if victim in {BOT, EVERYTHING} and random.random() >= DURING_START:
                await self.ready()
        return killed

    def freeze(self, name: str) -> None:
        """Stop a process in the middle of whatever it does, without its noticing."""
        self.fleet[name].kill(signal.SIGSTOP)


@asynccontextmanager
async def stage(
    world: World,
    address: str,
    folder: Path,
    *,
    bots: tuple[dict[str, str], ...] = ({},),
    worker: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Stage]:
    """Run sandbox, Redis, a worker and a bot for each of ``bots``; these and ``worker`` add to environments."""
    catalogue.write(folder / "knowledge")
    await asyncio.to_thread(ReleaseStore(folder / "data" / "releases").build, folder / "knowledge")
    async with SandboxServer(world) as server:
        fleet = Fleet(folder)
        environment = {
            "BOT_TOKEN": DEMO_TOKEN,
            "TELEGRAM_API_URL": server.url,
            "OPERATORS_CHAT_ID": ",".join(map(str, groups_in(world))),
            "DATA_DIR": str(folder / "data"),
            "KNOWLEDGE_DIR": str(folder / "knowledge"),
            "DATABASE_URL": address,
            "REDIS_URL": fleet.redis_url,
            "LOG_LEVEL": "INFO",
        }
        fleet.add_redis()
        fleet.add(WORKER, "worker", environment=environment | dict(worker))
        names = tuple(BOT if len(bots) == 1 else f"{BOT}-{number}" for number, _ in enumerate(bots, start=1))
        for name, more in zip(names, bots, strict=True):
            fleet.add(name, "bot", environment=environment | more)
        database = Database(address)
        try:
            async with fleet.running():
                running = Stage(world, server, fleet, database, names, environment)
                await running.ready()
                yield running
        finally:
            await database.close()
