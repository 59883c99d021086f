"""The queue between bot and workers: names, enqueueing, the streams back. Imports neither SQLAlchemy nor aiogram.

Both streams carry one field, ``payload``: a ``GenerationResult`` or a ``BuildEvent`` as JSON. The bot reads them with
``redis.asyncio``: XREADGROUP with ``RESULTS_GROUP``, XACK after its own commit, XAUTOCLAIM after a crash.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from pydantic import BaseModel
from redis import Redis
from rq import Queue, Retry
from rq.command import send_command
from rq.exceptions import DuplicateJobError
from rq.job import Job, JobStatus
from rq.utils import as_text, decode_redis_hash
from rq.worker_registration import get_keys

from support.builds import BuildRequest, build_job_id
from support.jobs import GenerationJob
from support.readings import Reading, ReadingRequest
from support.worklog import seconds_per_answer

GENERATE_QUEUE: Final = "generate"
GPU_QUEUE: Final = "generate-gpu"
GENERATION_QUEUES: Final = (GPU_QUEUE, GENERATE_QUEUE)
"""Where questions may wait, the preferred queue first: the first one that a live worker listens to gets them."""
BUILD_QUEUE: Final = "build"
EMBED_QUEUE: Final = "embed"
"""No queue of RQ: support.embedding says how it is asked."""
RESULTS_STREAM: Final = "otvet:results"
RESULTS_GROUP: Final = "bot"
BUILD_STREAM: Final = "otvet:build"
PAYLOAD_FIELD: Final = "payload"
READING_KEY: Final = "otvet:reading:"
"""With a request's id behind it: a list that holds the one reading, for a moment."""
RELEASES_CHANNEL: Final = "otvet:release"
"""Pub/sub: the number of the release that answers from now on. Whoever misses it sees the pointer soon after."""

GENERATE_FUNCTION: Final = "workers.generation.generate"
READ_FUNCTION: Final = "workers.reading.read_message"
BUILD_FUNCTION: Final = "workers.build.build"

# RQ keeps results 500 s and failed jobs a year by default; both hold customers' words.
RESULT_TTL_S: Final = 10
FAILURE_TTL_S: Final = 300
STREAM_MAXLEN: Final = 10_000
# Time for a worker to notice the deadline by itself before RQ's own timeout would.
TIMEOUT_MARGIN_S: Final = 5
BUILD_TIMEOUT_S: Final = 3600
# RQ puts a job back whose worker was killed only if it has retries left.
RETRIES: Final = 2


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


# Keys: from, to, the job, RQ's set of queues. A job that a worker has just popped stays with it.
_MOVE: Final = """
if redis.call('EXISTS', KEYS[3]) == 0 or redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[3], 'origin', ARGV[2])
redis.call('SADD', KEYS[4], KEYS[2])
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1
"""


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker with an unexpired heartbeat, as it describes itself."""

    name: str
    state: str
    """RQ's: ``started``, ``idle``, ``busy``."""
    engine: str
    model: str
    prompt_version: str = ""
    reads: bool = False
    """Whether its model can be held to a form."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands that no worker has taken yet."""

    before: int
    """How many jobs are before it."""
    expected_s: float | None
    """Seconds until it will be answered, by what the last answers took; None when that is unknown."""


@dataclass(frozen=True, slots=True)
class _Pace:
    """How fast a queue's workers are: seconds an answer, and how many they write at once."""

    seconds: float | None
    slots: int

    def expected_s(self, before: int) -> float | None:
        """Return when a job will be answered that has so many before it."""
        return None if self.seconds is None or not self.slots else self.seconds * (1 + before / self.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationQueue:
    """Puts questions to the workers. Blocking: call it from a thread.

    A question waits in the first of GENERATION_QUEUES that a live worker listens to.
    """

    redis: Redis

    def put(self, job: GenerationJob, *, now: float, patience_s: float = math.inf) -> bool:
        """Enqueue; a job that is already there stays as it is. ``now``: Unix time, seconds.

        Returns False, and enqueues nothing, when others wait already and the answer would take over ``patience_s``.
        """
        queue = self._queue(self._preferred())
        if patience_s < math.inf and (before := len(queue)):
            expected_s = self._pace(queue.name).expected_s(before)
            if expected_s is not None and expected_s > patience_s:
                return False
        timeout_s = max(1, int(job.deadline - now)) + TIMEOUT_MARGIN_S
        _enqueue(queue, GENERATE_FUNCTION, job.job_id, job, timeout_s=timeout_s)
        return True

    def move_stranded(self) -> int:
        """Let jobs that wait where no worker lives any more wait where one does; return how many. Safe to repeat."""
        listened = [name for name in GENERATION_QUEUES if self.live_workers(name)]
        moved = 0
        for name in GENERATION_QUEUES:
            if not listened or name in listened:
                continue
            source, target = self._queue(name), self._queue(listened[0])
            for job_id in source.get_job_ids():
                keys = [source.key, target.key, str(Job.key_for(job_id)), Queue.redis_queues_keys]
                moved += int(cast("int", self.redis.eval(_MOVE, len(keys), *keys, job_id, target.name)))
        return moved

    def ask(self, request: ReadingRequest, *, now: float) -> None:
        """Have a message read before any answer is written; the reading comes under READING_KEY, or not at all."""
        wait_s = max(1, math.ceil(request.deadline - now))
        self._queue(self._preferred()).enqueue_call(
            READ_FUNCTION,
            kwargs={"payload": request.model_dump_json()},
            job_id=request.id,
            description=request.id,
            timeout=wait_s + TIMEOUT_MARGIN_S,
            ttl=wait_s,
            result_ttl=0,
            failure_ttl=RESULT_TTL_S,
            at_front=True,
        )

    def holds(self, job_id: str) -> bool:
        """Whether the job still waits, is being worked on under an unexpired lease, or ended a moment ago.

        False for a job that a killed worker took with it: it is safe to put the turn's next attempt.
        """
        job = Job.fetch(job_id, self.redis, JsonSerializer) if Job.exists(job_id, connection=self.redis) else None
        if job is None:
            return False
        queue = self._queue(job.origin)
        match job.get_status():
            case JobStatus.QUEUED:
                return queue.get_job_position(job_id) is not None or self._is_leased(queue, job_id)
            case JobStatus.STARTED:
                # Cleaning by a live worker moves a lost job back to the queue and counts as held from then on.
                return self._is_leased(queue, job_id)
            case status:
                # What failed sent no result: the worker broke, or died oftener than RQ tries.
                return status is not JobStatus.FAILED

    def places(self) -> dict[str, Place]:
        """Return where each job stands that waits; those that a worker has taken are not among them."""
        found: dict[str, Place] = {}
        for name in GENERATION_QUEUES:
            if queued := self._queue(name).get_job_ids():
                pace = self._pace(name)
                found |= {job_id: Place(i, pace.expected_s(i)) for i, job_id in enumerate(queued)}
        return found

    def live_workers(self, *queues: str) -> int:
        """How many workers with an unexpired heartbeat listen to the queues; to those for questions unless named."""
        return len(self.workers(*queues))

    def length(self, queue: str) -> int:
        """How many jobs wait in a queue."""
        return len(self._queue(queue))

    def workers(self, *queues: str) -> tuple[WorkerInfo, ...]:
        """Return the live workers of the queues; of those for questions unless named."""
        keys = [key for name in queues or GENERATION_QUEUES for key in sorted(get_keys(self._queue(name)))]
        found = ((key, decode_redis_hash(self.redis.hgetall(key), decode_values=True)) for key in keys)
        return tuple(_worker_info(key, fields) for key, fields in found if fields)

    def cancel(self, job_id: str) -> None:
        """Withdraw a job nobody waits for any more: unqueue it, or tell its worker to stop. Safe to repeat."""
        if not Job.exists(job_id, connection=self.redis):
            return
        job = Job.fetch(job_id, self.redis, JsonSerializer)
        if job.get_status() == JobStatus.STARTED and job.worker_name:
            send_stop(self.redis, job.worker_name, job_id)
        elif job.get_status() == JobStatus.QUEUED:
            job.delete()

    def _queue(self, name: str) -> Queue:
        return Queue(name, connection=self.redis, serializer=JsonSerializer)

    def _preferred(self) -> str:
        *better, last = GENERATION_QUEUES
        return next((name for name in better if self.live_workers(name)), last)

    def _pace(self, name: str) -> "_Pace":
        return _Pace(seconds_per_answer(self.redis, name), self.live_workers(name))

    def _is_leased(self, queue: Queue, job_id: str) -> bool:
        seconds, microseconds = self.redis.time()
        key = queue.started_job_registry.key
        alive = cast("list[bytes]", self.redis.zrangebyscore(key, seconds + microseconds / 1e6, "+inf"))
        return any(as_text(entry).rpartition(":")[0] == job_id for entry in alive)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildQueue:
    """Orders knowledge releases. Blocking: call it from a thread."""

    redis: Redis

    def put(self, request: BuildRequest) -> None:
        """Enqueue; events with the request's id follow on BUILD_STREAM."""
        _enqueue(self._queue, BUILD_FUNCTION, request.job_id, request, timeout_s=BUILD_TIMEOUT_S)

    def state(self, request_id: str) -> Literal["there", "failed", "gone"]:
        """Return where an order stands: waiting or worked on, given up after its retries, or not in Redis at all."""
        job_id = build_job_id(request_id)
        job = Job.fetch(job_id, self.redis, JsonSerializer) if Job.exists(job_id, connection=self.redis) else None
        if job is None:
            return "gone"
        return "failed" if job.get_status() in {JobStatus.FAILED, JobStatus.CANCELED, JobStatus.STOPPED} else "there"

    def withdraw(self, request_id: str) -> None:
        """Take an order back that nobody works on. Safe to repeat."""
        job_id = build_job_id(request_id)
        if Job.exists(job_id, connection=self.redis):
            Job.fetch(job_id, self.redis, JsonSerializer).delete()

    def is_busy(self) -> bool:
        """Whether a build waits or is being worked on."""
        return len(self._queue) > 0 or self._queue.started_job_registry.get_job_count(cleanup=False) > 0

    @property
    def _queue(self) -> Queue:
        return Queue(BUILD_QUEUE, connection=self.redis, serializer=JsonSerializer)


def publish(redis: Redis, stream: str, message: BaseModel) -> None:
    """Append to a stream, which forgets its oldest entries beyond about STREAM_MAXLEN."""
    redis.xadd(stream, {PAYLOAD_FIELD: message.model_dump_json()}, maxlen=STREAM_MAXLEN, approximate=True)


def reply(redis: Redis, request_id: str, reading: Reading) -> None:
    """Hand a reading to whoever waits for it; nobody may, so it is gone after a moment."""
    with redis.pipeline() as pipeline:
        pipeline.rpush(READING_KEY + request_id, reading.model_dump_json())
        pipeline.expire(READING_KEY + request_id, RESULT_TTL_S)
        pipeline.execute()


def announce_release(redis: Redis, number: int) -> None:
    """Tell every process that listens which release answers from now on."""
    redis.publish(RELEASES_CHANNEL, str(number))


def send_stop(redis: Redis, worker_name: str, job_id: str) -> None:
    """Tell a worker to give the job up; it does nothing if it works on another one by now."""
    send_command(redis, worker_name, "stop-job", job_id=job_id)


def _enqueue(queue: Queue, function: str, job_id: str, message: BaseModel, *, timeout_s: int) -> None:
    try:
        queue.enqueue_call(
            function,
            kwargs={"payload": message.model_dump_json()},
            job_id=job_id,
            # RQ's own description repeats the arguments, and workers log it.
            description=job_id,
            timeout=timeout_s,
            result_ttl=RESULT_TTL_S,
            failure_ttl=FAILURE_TTL_S,
            retry=Retry(max=RETRIES),
            unique=True,
        )
    except DuplicateJobError:
        return


def _worker_info(key: str, fields: Mapping[str, str]) -> WorkerInfo:
    return WorkerInfo(
        name=key.rpartition(":")[2],
        state=fields.get("state", ""),
        engine=fields.get("engine", ""),
        model=fields.get("model", ""),
        prompt_version=fields.get("prompt_version", ""),
        reads=fields.get("reads") == "yes",
    )
