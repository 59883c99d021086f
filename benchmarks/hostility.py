"""Everything that Telegram and the network do wrong, at once and all the time, at fixed rates."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from sandbox.telegram.faults import Fault, Kind
from sandbox.telegram.state import World

CALLS: Final[tuple[tuple[Kind, float], ...]] = (
    ("error", 0.01),
    ("error_after", 0.005),
    ("reset", 0.01),
    ("reset_after", 0.005),
    ("hang", 0.003),
    ("hang_after", 0.003),
    ("slow", 0.01),
    ("garbage", 0.003),
    ("garbage_after", 0.003),
)
"""Of a hundred calls about five go wrong; the _after kinds have had their effect."""
TOO_MANY: Final = 0.01
"""How often a call is answered 429, on top of what the flood limits refuse."""
RETRY_AFTER_S: Final = 2
POLLS: Final[tuple[tuple[Kind, float], ...]] = (("error", 0.02), ("reset_after", 0.02), ("garbage", 0.01))
HANG_S: Final = 2.0
UPDATES_EVERY_S: Final = 5.0
DUPLICATES, REORDERED = 5, 4
"""So many updates come twice, and so many in another order, every UPDATES_EVERY_S."""


@asynccontextmanager
async def hostile(world: World) -> AsyncIterator[None]:
    """Let everything go wrong for the length of a block."""
    for kind, probability in CALLS:
        world.faults.add(_fault("*", kind, probability))
    world.faults.add(Fault("*", times=None, probability=TOO_MANY, retry_after=RETRY_AFTER_S))
    for kind, probability in POLLS:
        world.faults.add(_fault("getUpdates", kind, probability))
    mixing = asyncio.create_task(_mix(world))
    try:
        yield
    finally:
        mixing.cancel()
        with suppress(asyncio.CancelledError):
            await mixing
        world.faults.clear()
        world.updates.duplicate(0)
        world.updates.release()


def _fault(method: str, kind: Kind, probability: float) -> Fault:
    code = 502 if kind in {"error", "error_after"} else None
    return Fault(method, kind, times=None, probability=probability, error_code=code, hang_s=HANG_S)


async def _mix(world: World) -> None:
    while True:
        world.updates.duplicate(DUPLICATES)
        world.updates.reorder(REORDERED)
        await asyncio.sleep(UPDATES_EVERY_S)
