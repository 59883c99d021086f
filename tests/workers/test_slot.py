"""A slot overrides parts of RQ: this says so when they change under us."""

import inspect

import pytest
import rq
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.timeouts import BaseDeathPenalty

from support.queue import JsonSerializer
from workers.slot import Slot

# As in RQ 2.12. https://python-rq.org/docs/workers/ documents the classes that may be replaced and subclassed.
OVERRIDDEN = {
    "kill_horse": "(self, sig: 'signal.Signals' = <Signals.SIGKILL: 9>)",
    "get_heartbeat_ttl": "(self, job: 'Job') -> 'int'",
    "subscribe": "(self)",
    "register_birth": "(self)",
    "serialize": "(self) -> 'dict'",
    "heartbeat": "(self, timeout: 'int | None' = None, pipeline: 'Pipeline | None' = None)",
    "execute_job": "(self, job: 'Job', queue: 'Queue')",
    "handle_exception": "(self, job: 'Job', *exc_info)",
    "request_stop": "(self, signum, frame)",
    "_pubsub_exception_handler": (
        "(self, exc: 'Exception', pubsub: 'PubSub', pubsub_thread: 'PubSubWorkerThread') -> 'None'"
    ),
}


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_what_a_slot_overrides_is_still_what_rq_calls(name):
    assert str(inspect.signature(getattr(SimpleWorker, name))) == OVERRIDDEN[name]


def test_every_override_is_known_here():
    own = {name for name, value in vars(Slot).items() if callable(value) and not name.startswith("__")}
    inherited = {name for name in own if hasattr(SimpleWorker, name)}

    assert inherited - {"queue_class", "death_penalty_class"} == set(OVERRIDDEN)


def test_rq_still_asks_the_slots_own_classes_and_properties():
    source = inspect.getsource(SimpleWorker.perform_job)

    assert "self.death_penalty_class(timeout, JobTimeoutException" in source
    assert isinstance(inspect.getattr_static(SimpleWorker, "dequeue_timeout"), property)
    assert issubclass(Slot.death_penalty_class, BaseDeathPenalty)


# What is called or replaced of queues and jobs besides.
CALLED = {
    (Queue, "acquire_maintenance_lock"): "(self) -> 'bool'",
    (Queue, "dequeue_any"): "(queues: 'Iterable[Queue]', timeout: 'int | None', connection: 'Redis', "
    "job_class: 'type[Job] | None' = None, serializer: 'Serializer | str | None' = None, "
    "death_penalty_class: 'type[BaseDeathPenalty] | None' = None) -> 'tuple[Job, Queue] | None'",
    (Queue, "get_job_position"): "(self, job_or_id: 'Job | str') -> 'int | None'",
    (Job, "key_for"): "(job_id: 'str') -> 'str'",
}


@pytest.mark.parametrize(("owner", "name"), CALLED)
def test_what_is_called_of_queues_and_jobs_is_as_it_was(owner, name):
    assert str(inspect.signature(getattr(owner, name))) == CALLED[owner, name]


def test_a_queue_and_its_jobs_lie_where_a_job_is_moved(redis):
    queue = Queue("generate", connection=redis, serializer=JsonSerializer)
    queue.enqueue_call("workers.generation.generate", job_id="t-1-1-1")

    assert redis.lrange(queue.key, 0, -1) == [b"t-1-1-1"]
    assert redis.hget(Job.key_for("t-1-1-1"), "origin") == b"generate"
    assert redis.smembers(Queue.redis_queues_keys) == {b"rq:queue:generate"}


def test_rq_is_of_the_version_that_these_checks_were_written_for():
    version = tuple(int(part) for part in rq.VERSION.split(".")[:2])

    assert (2, 12) <= version < (3, 0), "a new RQ: read its changelog, go through workers/slot.py, raise this range"
