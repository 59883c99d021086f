"""RQ's SimpleWorker with short leases: a killed worker's job comes back, and its absence shows, within seconds.

RQ's own lease is the job's timeout and a minute, its idle heartbeat seven minutes, its lock on cleaning fifteen: far
too long for a customer who waits. https://github.com/rq/rq (2.12), rq/worker/base.py.
"""

import math
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout
from rq.job import Job
from rq.timeouts import BaseDeathPenalty
from rq.worker_registration import register

from support.queue import JsonSerializer

LEASE_S: Final = 6
BEAT_S: Final = 2
# A worker that showed itself whole so lately need not do it again: jobs may take milliseconds.
_SHOWN_S: Final = 1.0
_CLEANING_LOCK_S: Final = 10
_BACKOFF_S: Final = 0.5
_BACKOFF_CAP_S: Final = 10.0

_log = structlog.get_logger()


class _Queue(Queue):
    """Whoever dies while cleaning blocks the others for seconds, not for a quarter of an hour."""

    def acquire_maintenance_lock(self) -> bool:
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=_CLEANING_LOCK_S))


class _NoPenalty(BaseDeathPenalty):
    """RQ interrupts a job that takes too long by a signal, which reaches only the main thread and never C code.

    Engines look at the deadline themselves; a job that hangs nevertheless is the crew's business.
    """

    def setup_death_penalty(self) -> None:
        """Nothing is set up."""

    def cancel_death_penalty(self) -> None:
        """Nothing is to be cancelled."""


class Slot(SimpleWorker):
    """Takes jobs of one queue, one after another, in any thread. ``profile`` is shown beside the worker."""

    queue_class = _Queue
    death_penalty_class = _NoPenalty

    def __init__(
        self, queue: str, *, redis: Redis, profile: Mapping[str, str], cancel: Callable[[str], None], name: str
    ) -> None:
        self._profile = dict(profile)
        self._cancel = cancel
        self._stopping = threading.Event()
        self._job_ends_at: float | None = None
        self._shown_at = -math.inf
        super().__init__(
            [_Queue(queue, connection=redis, serializer=JsonSerializer)],
            name=name,
            connection=redis,
            serializer=JsonSerializer,
            maintenance_interval=BEAT_S,
            log_job_description=False,
        )

    @property
    def dequeue_timeout(self) -> int:
        """Seconds that an idle worker waits for a job before it shows that it lives."""
        return BEAT_S

    def serve(self, ready: Callable[[], None]) -> None:
        """Work until asked to stop; when Redis goes away, wait for it. ``ready`` is called at each registration."""
        threading.Thread(target=self._beat, name="lease", daemon=True).start()
        failures = 0
        while not self._stopping.is_set():
            try:
                self.register_birth()
                self.subscribe()
                ready()
                failures = 0
                while not self._stopping.is_set():
                    self._step()
                self.teardown()  # type: ignore[no-untyped-call]  # RQ's own
            except (RedisConnectionError, RedisTimeoutError) as error:
                _log.warning("Redis is gone, trying again", error=type(error).__name__)
                self._pause(failures)
                failures += 1
            except Exception:  # noqa: BLE001  # the process's edge: a worker outlives whatever a job or RQ does
                _log.exception("the worker's loop broke, starting over")
                self._pause(failures)
                failures += 1

    def request_stop(self, signum: int = 0, frame: object = None) -> None:  # noqa: ARG002  # RQ's signature
        """Finish the job in hand, then leave. From any thread."""
        self._stopping.set()

    def overrun_s(self) -> float:
        """Seconds for which the job in hand has been at work beyond its timeout, 0 if it is not."""
        ends_at = self._job_ends_at
        return 0.0 if ends_at is None else max(0.0, time.monotonic() - ends_at)

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:  # noqa: ARG002  # RQ's signature
        """Cancel the job in hand: RQ calls it for ``send_stop_job_command``, from its own thread."""
        execution = self.execution
        if execution is not None:
            self._cancel(execution.job_id)

    def get_heartbeat_ttl(self, job: Job) -> int:  # noqa: ARG002  # RQ's signature
        """Seconds after which a job that nobody renews belongs to another worker."""
        return LEASE_S

    def subscribe(self) -> None:
        """Listen for commands; the thread that does outlives a lost connection."""
        if self.pubsub_thread is None:
            super().subscribe()  # type: ignore[no-untyped-call]  # RQ's own

    def register_birth(self) -> None:
        """Appear among the workers, also when Redis still remembers this one."""
        self.connection.delete(self.key)
        super().register_birth()  # type: ignore[no-untyped-call]  # RQ's own
        self._shown_at = -math.inf
        self.heartbeat()

    def serialize(self) -> dict[str, Any]:
        """Return what Redis shows about this worker."""
        return super().serialize() | self._profile

    def heartbeat(self, timeout: int | None = None, pipeline: "Pipeline | None" = None) -> None:  # noqa: ARG002  # RQ's signature, whose timeouts are minutes
        """Show that the worker lives; whole every second, for Redis may have been emptied since the last time."""
        if pipeline is not None:
            self._appear(pipeline)
            return
        if not self._is_shown:
            with self.connection.pipeline() as own:
                self._appear(own)
                own.execute()

    @property
    def _is_shown(self) -> bool:
        return time.monotonic() - self._shown_at < _SHOWN_S

    def _appear(self, pipeline: "Pipeline") -> None:
        super().heartbeat(LEASE_S, pipeline=pipeline)
        if self._is_shown:
            return
        fields: dict[Any, Any] = self.serialize() | {"state": self.get_state()}
        pipeline.hset(self.key, mapping=fields)
        register(self, pipeline)
        self._shown_at = time.monotonic()

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Do the job while another thread renews its lease, but never beyond its time."""
        self._job_ends_at = time.monotonic() + (job.timeout or 0)
        try:
            super().execute_job(job, queue)
        finally:
            self._job_ends_at = None

    def handle_exception(self, job: Job, *exc_info: Any) -> None:  # noqa: ANN401  # RQ's signature
        """Log that a job failed; RQ's own log record carries the job's arguments, customers' words."""
        kind = exc_info[0].__name__ if exc_info else ""
        _log.error("job failed", job_id=job.id, error=kind)

    def _step(self) -> None:
        self.heartbeat()
        if self.should_run_maintenance_tasks:
            self.run_maintenance_tasks()  # type: ignore[no-untyped-call]  # RQ's own
        try:
            found = self.queue_class.dequeue_any(
                self.queues,
                self.dequeue_timeout,
                connection=self.connection,
                job_class=self.job_class,
                serializer=self.serializer,
                death_penalty_class=self.death_penalty_class,
            )
        except DequeueTimeout:
            return
        if found is not None:
            job, queue = found
            job.redis_server_version = self.get_redis_server_version()  # type: ignore[no-untyped-call]  # RQ's own
            self.execute_job(job, queue)

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_S)
            execution, ends_at = self.execution, self._job_ends_at
            # A job stuck beyond its timeout loses its lease, so that another worker can have it.
            if execution is None or ends_at is None or time.monotonic() > ends_at:
                continue
            try:
                with self.connection.pipeline() as pipeline:
                    self.heartbeat(pipeline=pipeline)
                    execution.heartbeat(self.queues[0].started_job_registry, LEASE_S, pipeline=pipeline)
                    pipeline.execute()
            except RedisError as error:
                _log.warning("the job's lease could not be renewed", error=type(error).__name__)

    def _pause(self, failures: int) -> None:
        self.execution = None
        self._stopping.wait(min(_BACKOFF_CAP_S, _BACKOFF_S * 2**failures))

    def _pubsub_exception_handler(self, exc: Exception, pubsub: object, pubsub_thread: object) -> None:  # noqa: ARG002  # RQ's signature
        # The main thread reports a lost Redis; redis-py subscribes again by itself.
        time.sleep(BEAT_S)
