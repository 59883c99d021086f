"""The queue between bot and workers: names, enqueueing, the results stream. Imports neither SQLAlchemy nor aiogram."""

import json
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis
from rq import Queue
from rq.job import Job
from rq.worker import BaseWorker

from support.jobs import GenerationJob

GENERATE_QUEUE: Final = "generate"
BUILD_QUEUE: Final = "build"
RESULTS_STREAM: Final = "otvet:results"
RESULTS_GROUP: Final = "bot"
BUILD_STREAM: Final = "otvet:build"

GENERATE_FUNCTION: Final = "workers.generation.generate"
BUILD_FUNCTION: Final = "workers.build.build"

# RQ keeps results 500 s and failed jobs a year by default; both hold customers' words.
RESULT_TTL_S: Final = 10
FAILURE_TTL_S: Final = 300
STREAM_MAXLEN: Final = 10_000
# Time for a worker to notice the deadline by itself before RQ's own timeout would.
TIMEOUT_MARGIN_S: Final = 5


class JsonSerializer:
    """RQ's serializer port over JSON (its default is pickle, which runs whatever Redis holds)."""

    @staticmethod
    def dumps(*args: Any, **kwargs: Any) -> bytes:  # noqa: ANN401  # RQ's own signature
        """Serialise to UTF-8 JSON."""
        return json.dumps(*args, **kwargs, ensure_ascii=False).encode()

    @staticmethod
    def loads(text: bytes, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # RQ's own signature
        """Read UTF-8 JSON."""
        return json.loads(text.decode(), *args, **kwargs)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationQueue:
    """Puts questions to the workers. Blocking: call it from a thread."""

    redis: "Redis[bytes]"

    def put(self, job: GenerationJob, *, now: float) -> None:
        """Enqueue; a job that is already there stays as it is. ``now``: Unix time, seconds."""
        queue = Queue(GENERATE_QUEUE, connection=self.redis, serializer=JsonSerializer)
        if Job.exists(job.job_id, connection=self.redis):
            return
        queue.enqueue_call(
            GENERATE_FUNCTION,
            kwargs={"payload": job.model_dump_json()},
            job_id=job.job_id,
            timeout=max(1, int(job.deadline - now)) + TIMEOUT_MARGIN_S,
            result_ttl=RESULT_TTL_S,
            failure_ttl=FAILURE_TTL_S,
        )

    def holds(self, job_id: str) -> bool:
        """Whether Redis still knows the job."""
        return Job.exists(job_id, connection=self.redis)

    def live_workers(self, queue: str = GENERATE_QUEUE) -> int:
        """How many workers with an unexpired heartbeat listen to the queue."""
        workers = BaseWorker.all(queue=Queue(queue, connection=self.redis, serializer=JsonSerializer))
        return len(workers)
