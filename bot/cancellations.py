"""Jobs that nobody waits for any more are withdrawn from the workers."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError

from support.queue import GenerationQueue

log = structlog.get_logger()


@dataclass(slots=True)
class Cancellations:
    """Withdraws jobs in the background; one that cannot be withdrawn ends by itself and its result is refused."""

    queue: GenerationQueue
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def soon(self, job_ids: Iterable[str]) -> None:
        """Withdraw the jobs; call it after the commit that made them needless."""
        for job_id in job_ids:
            task = asyncio.create_task(self._cancel(job_id))
            # The event loop itself holds its tasks only weakly.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Finish what is in hand."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _cancel(self, job_id: str) -> None:
        try:
            await asyncio.to_thread(self.queue.cancel, job_id)
        except (RedisError, NoSuchJobError) as error:
            log.debug("a job could not be withdrawn", job_id=job_id, error=type(error).__name__)
