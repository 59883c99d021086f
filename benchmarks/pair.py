"""Two bots behind one webhook: the one that sends is killed in the middle and stays dead."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select

from benchmarks.crossroads import crossroads, free_ports, listens
from benchmarks.crowd import Crowd, Plan, chance, small_world
from benchmarks.stage import READY_S, Stage, stage
from benchmarks.verdict import Verdict, judge
from support.transport_tables import LeaseRow

LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """What became of the messages, and how long nothing was sent after the kill."""

    verdict: Verdict
    silence_s: float


@asynccontextmanager
async def pair(address: str, folder: Path, customers: int, *, limits: bool) -> AsyncIterator[Stage]:
    """Run two bots behind one webhook; both serve when the block begins."""
    public, *ports = free_ports(3)
    url = f"http://127.0.0.1:{public}/hook"
    bots = tuple({"WEBHOOK_URL": url, "WEBHOOK_PORT": str(port)} for port in ports)
    world = small_world(customers, limits=limits)
    async with crossroads(public, ports), stage(world, address, folder, bots=bots) as running:
        async with asyncio.timeout(READY_S):
            while not all([await listens(port) for port in ports]):  # noqa: ASYNC110  # other processes
                await asyncio.sleep(LOOK_S)
        yield running


async def sender_of(running: Stage) -> str:
    """Return the name of the bot that holds the lease."""
    async with running.database.reading() as session:
        owner = (await session.scalars(select(LeaseRow.owner))).one()
    pid = int(owner.rpartition(":")[0].rpartition(":")[2])
    return next(name for name in running.bots if running.fleet[name].pid == pid)


async def kill_the_sender(running: Stage, after_s: float) -> float:
    """Kill -9 the bot that sends, for good; return the seconds until anything was sent again."""
    await asyncio.sleep(after_s)
    running.fleet.down([await sender_of(running)])
    killed, sent = time.monotonic(), running.world.calls["sendMessage"]
    async with asyncio.timeout(READY_S):
        while running.world.calls["sendMessage"] == sent:  # noqa: ASYNC110  # a counter
            await asyncio.sleep(LOOK_S)
    return time.monotonic() - killed


async def outlive_the_sender(address: str, folder: Path, plan: Plan, *, kill_after_s: float, seed: int) -> PairOutcome:
    """Let a crowd talk to two bots, one of which is killed; nothing may be lost or shown twice."""
    async with pair(address, folder, plan.customers, limits=False) as running:
        crowd = Crowd(running.world, plan, chance(seed))
        async with crowd.listening():
            silence_s, _ = await asyncio.gather(kill_the_sender(running, kill_after_s), crowd.play())
            await running.drained(READY_S)
        return PairOutcome(await judge(crowd, running.database), silence_s)
