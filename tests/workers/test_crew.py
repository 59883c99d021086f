"""Several slots in one process, over a slow engine and over a real model."""

import signal
import time

import pytest

from support.jobs import GenerationResult
from support.queue import RESULTS_STREAM, GenerationQueue
from tests.workers import tiny_gguf

pytestmark = pytest.mark.slow

# An engine that sleeps until the deadline, and does as its jobs' questions say.
SLOW = """
import time
from workers.engines.base import EngineCancelledError
from workers.engines.extractive import ExtractiveEngine

class Slow(ExtractiveEngine):
    def __init__(self):
        super().__init__()
        self.cancelled = set()
        self.stuck = False
    def generate(self, job, *, deadline, criticism=()):
        self.stuck = self.stuck or 'застрянь' in job.question
        while time.time() < deadline or 'забудь' in job.question:
            time.sleep(0.05)
            if job.job_id in self.cancelled:
                raise EngineCancelledError('the job was withdrawn')
        return super().generate(job, deadline=deadline)
    def cancel(self, job_id):
        self.cancelled.add(job_id)
    def stalled_s(self):
        return 1000.0 if self.stuck else 0.0
    def close(self):
        print('CLOSED', flush=True)

create_engine = lambda settings: Slow()
"""


def results(redis):
    return [GenerationResult.model_validate_json(fields[b"payload"]) for _, fields in redis.xrange(RESULTS_STREAM)]


def wait_until(condition, *, within_s=45.0):
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < within_s, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def queue(redis):
    return GenerationQueue(redis=redis)


@pytest.fixture
def put(queue, make_job, make_passage):
    def enqueue(*turns, within_s=90.0, question="Сколько стоит доставка?", **fields):
        jobs = [
            make_job(
                make_passage("Доставка стоит 300 ₽."),
                question=question,
                turn_id=turn,
                deadline=time.time() + within_s,
                **fields,
            )
            for turn in turns
        ]
        for job in jobs:
            queue.put(job, now=time.time())
        return jobs

    return enqueue


def busy(queue):
    return sum(worker.state == "busy" for worker in queue.workers())


def ended(worker):
    output, _ = worker.communicate(timeout=60)
    return output


def test_one_process_works_on_as_many_jobs_as_it_has_slots(queue, put, start_worker):
    put(1, 2, 3, 4)
    start_worker(SLOW, SLOTS="3")

    wait_until(lambda: busy(queue) == 3)

    assert len(queue.places()) == 1
    assert len({worker.name for worker in queue.workers()}) == 3


def test_a_withdrawn_job_leaves_the_other_slots_at_work(redis, queue, put, start_worker):
    jobs = put(1, 2, 3)
    start_worker(SLOW, SLOTS="3")
    wait_until(lambda: busy(queue) == 3)

    queue.cancel(jobs[1].job_id)

    wait_until(lambda: results(redis), within_s=15)
    assert [(result.turn_id, result.failure) for result in results(redis)] == [(2, "cancelled")]
    wait_until(lambda: busy(queue) == 2)  # the result is sent before the slot says that it is free


def test_the_jobs_of_all_slots_come_back_after_kill_9(redis, queue, put, start_worker):
    put(1, 2, 3, within_s=120)
    worker = start_worker(SLOW, SLOTS="3")
    wait_until(lambda: busy(queue) == 3)

    worker.send_signal(signal.SIGKILL)
    start_worker(SLOTS="2")

    wait_until(lambda: len(results(redis)) == 3, within_s=45)
    assert {result.turn_id for result in results(redis)} == {1, 2, 3}
    assert all(result.draft for result in results(redis))


def test_a_process_asked_to_stop_finishes_the_jobs_of_all_slots_and_takes_no_more(redis, queue, put, start_worker):
    worker = start_worker(SLOW, SLOTS="2")
    wait_until(lambda: queue.live_workers() == 2)
    put(1, 2, within_s=6)
    wait_until(lambda: busy(queue) == 2)
    put(3)

    worker.terminate()
    output = ended(worker)

    assert worker.returncode == 0
    assert {result.turn_id for result in results(redis)} == {1, 2}
    assert "CLOSED" in output
    assert list(queue.places()) == ["t-3-1-1"]


def test_a_second_signal_leaves_at_once(queue, put, start_worker):
    put(1, 2)
    worker = start_worker(SLOW, SLOTS="2")
    wait_until(lambda: busy(queue) == 2)
    worker.terminate()
    time.sleep(1.5)
    assert worker.poll() is None

    worker.terminate()

    assert worker.wait(15) == 128 + signal.SIGTERM


def test_an_engine_that_makes_no_step_ends_the_process(queue, put, start_worker):
    worker = start_worker(SLOW, SLOTS="2")
    wait_until(lambda: queue.live_workers() == 2)

    put(1, question="застрянь")

    output = ended(worker)
    assert worker.returncode == 4
    assert "the engine has work and makes no step" in output


def test_a_job_that_hangs_beyond_its_time_ends_the_process(queue, put, start_worker):
    worker = start_worker(SLOW + "\nimport workers.crew\nworkers.crew._OVERRUN_S = 0.5")
    wait_until(lambda: queue.live_workers() == 1)
    put(1, question="забудь", within_s=2)

    output = ended(worker)

    assert worker.returncode == 4
    assert "a job hangs beyond its time" in output


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    model = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    tiny_gguf.write(model, "Доставка стоит 300 ₽ [1].", also=("да", "нет"))
    return model


def test_a_model_in_the_worker_answers_a_queue_of_questions(redis, queue, put, start_worker, tiny_model):
    put(*range(1, 9))
    worker = start_worker(ENGINE="llama_cpp", MODEL_PATH=str(tiny_model), SLOTS="4")

    wait_until(lambda: len(results(redis)) == 8, within_s=80)

    drafts = [result.draft for result in results(redis)]
    assert {draft.text for draft in drafts} == {"Доставка стоит 300 ₽ [1]."}
    assert all(draft.verdict.features["supported"] > 0.5 for draft in drafts)
    assert {(draft.engine, draft.model) for draft in drafts} == {("llama_cpp", "tiny")}
    assert sum(draft.tokens["copied"] > 0 for draft in drafts) >= 7, "the rules were read once"
    assert queue.live_workers() == 4
    worker.terminate()
    assert "Traceback" not in ended(worker)
    assert worker.returncode == 0


def test_a_model_in_the_worker_survives_kill_9_of_its_process(redis, queue, put, start_worker, tiny_model):
    put(*range(1, 5), within_s=120)
    worker = start_worker(SLOW, SLOTS="2")
    wait_until(lambda: busy(queue) == 2)

    worker.send_signal(signal.SIGKILL)
    start_worker(ENGINE="llama_cpp", MODEL_PATH=str(tiny_model), SLOTS="2")

    wait_until(lambda: len(results(redis)) == 4, within_s=80)
    assert {result.turn_id for result in results(redis)} == {1, 2, 3, 4}


def test_a_worker_without_the_library_says_what_to_install(start_worker, tiny_model):
    worker = start_worker("sys.modules['llama_cpp'] = None", ENGINE="llama_cpp", MODEL_PATH=str(tiny_model))

    output = ended(worker)

    assert worker.returncode == 2
    assert "run make llama" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "is no file"), (b"<html>404 Not Found</html>", "is not a GGUF file"), (b"GGUF\x03\0\0\0", "is cut off")],
)
def test_a_model_that_cannot_be_used_is_one_sentence_and_no_live_worker(
    queue, start_worker, tmp_path, content, sentence
):
    model = tmp_path / "model.gguf"
    if content is not None:
        model.write_bytes(content)
    worker = start_worker(ENGINE="llama_cpp", MODEL_PATH=str(model))

    output = ended(worker)

    assert worker.returncode == 3
    assert sentence in output
    assert "Traceback" not in output
    assert queue.live_workers() == 0
