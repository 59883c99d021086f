"""A slot overrides parts of RQ: this says so when they change under us."""

import inspect

import pytest
from rq import SimpleWorker
from rq.timeouts import BaseDeathPenalty

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
