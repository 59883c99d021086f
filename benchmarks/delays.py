"""How long a decided answer waits in our own queue: from the commit of the decision to its call's arrival."""

import asyncio
from pathlib import Path
from typing import Final

from sqlalchemy import select

from benchmarks import catalogue
from benchmarks.crowd import Crowd, Customer, Plan, chance, small_world
from benchmarks.stage import Stage, stage
from support.transport_tables import DeliveryRow

CHATS: Final = 50
RATE_PER_S: Final = 10.0
DRAIN_S: Final = 90.0
CALLERS: Final = 30
"""So many call an operator at once: a topic, a card and a note each, with 20 calls a minute."""


async def queueing(address: str, folder: Path, seconds: float, seed: int) -> list[float]:
    """Ask RATE_PER_S questions a second in CHATS chats, so that no limit binds; return milliseconds."""
    world = small_world(CHATS, limits=True)
    async with stage(world, address, folder) as running:
        crowd = Crowd(world, Plan(CHATS, 0), chance(seed))
        await _ask_steadily(crowd, crowd.customers, seconds)
        await running.drained(DRAIN_S)
        return await _delays(running, {customer.id for customer in crowd.customers})


async def beside_a_full_group(address: str, folder: Path, seconds: float, seed: int) -> tuple[list[float], int]:
    """Ask the same while the group is at its limit; return milliseconds, and how many calls the group still owed."""
    world = small_world(CHATS + CALLERS, limits=True)
    async with stage(world, address, folder) as running:
        crowd = Crowd(world, Plan(CHATS + CALLERS, 0), chance(seed))
        callers, asking = crowd.customers[:CALLERS], crowd.customers[CALLERS:]
        for caller in callers:
            crowd.say(caller, "/operator")
        await asyncio.sleep(3)
        await _ask_steadily(crowd, asking, seconds)
        await asyncio.sleep(3)
        return await _delays(running, {customer.id for customer in asking}), await _owed(running)


async def _ask_steadily(crowd: Crowd, customers: list[Customer], seconds: float) -> None:
    for number in range(int(seconds * RATE_PER_S)):
        customer = customers[number % len(customers)]
        crowd.say(customer, catalogue.question(number // len(customers) + 1))
        await asyncio.sleep(1 / RATE_PER_S)


async def _delays(running: Stage, chats: set[int]) -> list[float]:
    arrived: dict[tuple[int, str], float] = {}
    for call in running.world.journal.after(0):
        if call["chat_id"] in chats and call["text"]:
            arrived.setdefault((call["chat_id"], call["text"]), call["at"])
    async with running.database.reading() as session:
        rows = list(await session.scalars(select(DeliveryRow).where(DeliveryRow.key.like("turn:%:Answered"))))
    calls = [(arrived.get((row.chat_id or 0, row.payload["text"])), row.created_at.timestamp()) for row in rows]
    return [1000 * (at - created) for at, created in calls if at is not None]


async def _owed(running: Stage) -> int:
    async with running.database.reading() as session:
        waiting = select(DeliveryRow).where(DeliveryRow.to_topic, DeliveryRow.state == "pending")
        return len(list(await session.scalars(waiting)))
