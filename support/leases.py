"""The lease of the one process that sends.

Its holder raises a counter every two seconds; whoever sees the counter stand still for six takes over and raises the
fence, after which nothing that the former holder begins is accepted. No two clocks are ever compared, so a jump of
one does no harm. A process of this machine that is dead is not waited for.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import structlog
from sqlalchemy import CursorResult, Update, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from support.database import Database
from support.transport_tables import LeaseRow

BEAT_S: Final = 2.0
PATIENCE_S: Final = 6.0
SLACK_S: Final = 1.0
"""The holder gives up so much before anybody could take over."""
log = structlog.get_logger()


def this_process() -> str:
    """Name this process for others of the same machine: host, pid, and when it began (a pid is used again)."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether the owner was a process of this machine that is gone; False when that cannot be known."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdecimal() or not Path("/proc/self/stat").exists():
        return False
    return _began(int(rest)) != owner.rpartition(":")[2]


def _began(pid: int) -> str:
    """Return the process's start in clock ticks since boot (proc(5), stat, field 22), "" when there is no such one."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    return ""


class Lease:
    """Held by at most one process at a time; ``fence`` tells its tenures apart."""

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        owner: str = "",
        beat_s: float = BEAT_S,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self.name = name
        self._owner = owner or this_process()
        self._beat_s = beat_s
        self._patience_s = patience_s
        self._clock = clock
        self._valid_until = float("-inf")
        self._seen: tuple[int, int] | None = None
        self._seen_at = 0.0
        self.fence = 0

    @property
    def held(self) -> bool:
        """Whether this process may begin to send."""
        return self._clock() < self._valid_until

    async def run(self) -> None:
        """Hold the lease, or wait for it, until cancelled; released by ``release``."""
        while True:
            try:
                await self.beat()
            except (DBAPIError, OSError, TimeoutError) as error:
                log.error("the lease cannot be renewed", lease=self.name, error=type(error).__name__)
            await asyncio.sleep(self._beat_s if self.held else min(self._beat_s, 0.5))

    async def beat(self) -> bool:
        """Renew the lease, or take it over if nobody renews it; return whether it is held."""
        began, had = self._clock(), self.fence
        async with self._database.writing() as session:
            fence = await self._renew(session) or await self._take(session)
        # Only what was committed counts.
        self.fence = fence
        self._valid_until = began + self._patience_s - SLACK_S if fence else float("-inf")
        if fence != had:
            log.info("this process sends now" if fence else "another process sends", lease=self.name, fence=fence)
        return self.held

    async def release(self) -> None:
        """Let another process have it at once."""
        if not self.fence:
            return
        async with self._database.writing() as session:
            await session.execute(self._mine().values(owner="", beat=LeaseRow.beat + 1))
        self.fence, self._valid_until = 0, float("-inf")

    def _mine(self) -> Update:
        return update(LeaseRow).where(
            LeaseRow.name == self.name, LeaseRow.owner == self._owner, LeaseRow.fence == self.fence
        )

    async def _renew(self, session: AsyncSession) -> int:
        if not self.fence:
            return 0
        return self.fence if await _changed(session, self._mine().values(beat=LeaseRow.beat + 1)) else 0

    async def _take(self, session: AsyncSession) -> int:
        # Two processes may begin over an empty table at the same moment: one row, and one of them has it.
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        fresh = insert(LeaseRow).values(name=self.name, owner="", fence=0, beat=0)
        await session.execute(fresh.on_conflict_do_nothing(index_elements=["name"]))
        row = await session.get_one(LeaseRow, self.name, with_for_update=True, populate_existing=True)
        if not self._is_abandoned(row):
            return 0
        row.owner, row.fence, row.beat = self._owner, row.fence + 1, row.beat + 1
        await session.flush()
        return row.fence

    def _is_abandoned(self, row: LeaseRow) -> bool:
        if row.owner in {"", self._owner} or is_dead(row.owner):
            return True
        if self._seen != (row.fence, row.beat):
            self._seen, self._seen_at = (row.fence, row.beat), self._clock()
        return self._clock() - self._seen_at >= self._patience_s


async def _changed(session: AsyncSession, statement: Update) -> bool:
    return cast("CursorResult[Any]", await session.execute(statement)).rowcount > 0
