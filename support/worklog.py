"""What generation workers note in Redis besides results: jobs begun and not ended, and how long answers take."""

import statistics
from dataclasses import dataclass
from typing import Final, cast

from redis import Redis
from redis.client import Pipeline

MAX_CRASHES: Final = 2
"""A question whose worker died so often is not tried again: a person has it."""
_REMEMBERED: Final = 20
# What was measured longer ago says nothing about the load of now.
_PACE_TTL_S: Final = 900
_BEGUN_TTL_S: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLog:
    """The notes of one queue's workers. Blocking, as the workers are.

    Raises:
        RedisError: from every method.
    """

    redis: Redis
    queue: str

    def begin(self, turn_id: int, epoch: int) -> int:
        """Note that work on a question begins; return how often it began before and its worker died."""
        key = _begun(turn_id, epoch)
        with self._packet() as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, _BEGUN_TTL_S)
            return int(pipeline.execute()[0]) - 1

    def end(self, turn_id: int, epoch: int, *, spent_s: float | None) -> None:
        """Note that the worker has outlived the question. ``spent_s``: what the answer took; None tells nothing."""
        with self._packet() as pipeline:
            pipeline.delete(_begun(turn_id, epoch))
            if spent_s is not None:
                key = _pace(self.queue)
                pipeline.lpush(key, f"{spent_s:.3f}")
                pipeline.ltrim(key, 0, _REMEMBERED - 1)
                pipeline.expire(key, _PACE_TTL_S)
            pipeline.execute()

    def _packet(self) -> Pipeline:
        # No transaction: the commands travel as one, and nobody minds what comes between them.
        return self.redis.pipeline(transaction=False)


def seconds_per_answer(redis: Redis, queue: str) -> float | None:
    """Return the median of what the queue's last answers took, while others were written beside them; None: unknown."""
    spent = cast("list[bytes]", redis.lrange(_pace(queue), 0, -1))
    return statistics.median(map(float, spent)) if spent else None


def _begun(turn_id: int, epoch: int) -> str:
    return f"otvet:begun:{turn_id}-{epoch}"


def _pace(queue: str) -> str:
    return f"otvet:pace:{queue}"
