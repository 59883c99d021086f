"""What the process that sends does again and again besides answering; nothing of it may end the process."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from support.availability import UNAVAILABLE
from support.leases import Lease

log = structlog.get_logger()


async def keep_looking(
    lease: Lease,
    look: Callable[[], Awaitable[object]],
    what: str,
    *,
    every_s: float,
    after_failure_s: float | None = None,
    passing: tuple[type[Exception], ...] = UNAVAILABLE,
) -> None:
    """Look while this process holds the lease, until cancelled.

    ``what``: names the work in the log; ``passing``: failures that end by themselves, like a database that is away.
    """
    while True:
        pause_s = every_s
        if lease.held:
            try:
                await look()
            except passing as error:
                log.error("this waits: something it needs is away", what=what, error=type(error).__name__)
                pause_s = after_failure_s or every_s
            except Exception:
                # The edge: tried again at the next look.
                log.exception("this could not be done", what=what)
                pause_s = after_failure_s or every_s
        await asyncio.sleep(pause_s)
