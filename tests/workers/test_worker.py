import signal
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from redis import Redis

from support.jobs import GenerationResult
from support.queue import RESULTS_STREAM, GenerationQueue

pytestmark = pytest.mark.slow

# An engine that sleeps: what a slow model looks like from outside. The child process gets it by its own code.
SLOW = """
import time
from workers.engines.base import Answer, EngineCancelledError
from workers.engines.extractive import ExtractiveEngine

class Slow(ExtractiveEngine):
    cancelled = None
    def generate(self, job, *, deadline, criticism=()):
        end = time.time() + 60
        while time.time() < end and time.time() < deadline:
            time.sleep(0.05)
            if self.cancelled == job.job_id:
                raise EngineCancelledError('the job was withdrawn')
        return super().generate(job, deadline=deadline)
    def cancel(self, job_id):
        self.cancelled = job_id

create_engine = lambda settings: Slow()
"""


def wait_until(condition: Callable[[], object], *, within_s: float = 10) -> float:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < within_s, "it did not happen in time"
        time.sleep(0.05)
    return time.monotonic() - started


def results(redis: Redis) -> list[GenerationResult]:
    return [GenerationResult.model_validate_json(fields[b"payload"]) for _, fields in redis.xrange(RESULTS_STREAM)]


def test_a_queued_question_comes_back_as_a_judged_draft(redis, start_worker, make_job, make_passage):
    queue = GenerationQueue(redis=redis)
    queue.put(make_job(make_passage("Доставка стоит 300 ₽.")), now=time.time())
    start_worker()

    wait_until(lambda: results(redis))

    [result] = results(redis)
    assert result.failure is None
    assert result.draft is not None
    assert result.draft.text.endswith("Доставка стоит 300 ₽. [1]")
    assert result.draft.verdict.score > 0.5
    assert set(result.draft.timings_ms) == {"queue", "generate", "judge"}
    wait_until(lambda: queue.workers() and queue.workers()[0].engine == "extractive")


def test_another_worker_takes_the_job_of_a_killed_one_within_seconds(redis, start_worker, make_job, make_passage):
    queue = GenerationQueue(redis=redis)
    question = make_job(make_passage("Доставка стоит 300 ₽."))
    queue.put(question, now=time.time())
    first = start_worker(SLOW)
    wait_until(lambda: any(worker.state == "busy" for worker in queue.workers()))
    assert queue.holds(question.job_id)
    start_worker()
    wait_until(lambda: queue.live_workers() == 2)

    first.send_signal(signal.SIGKILL)

    wait_until(lambda: results(redis), within_s=12)
    assert results(redis)[0].draft is not None


def test_a_killed_worker_is_not_alive_any_more_within_ten_seconds(redis, start_worker):
    queue = GenerationQueue(redis=redis)
    worker = start_worker()
    wait_until(lambda: queue.live_workers() == 1)

    worker.send_signal(signal.SIGKILL)

    wait_until(lambda: queue.live_workers() == 0, within_s=10)


def test_a_job_is_not_held_once_its_only_worker_was_killed(redis, start_worker, make_job, make_passage):
    queue = GenerationQueue(redis=redis)
    question = make_job(make_passage("Доставка стоит 300 ₽."))
    queue.put(question, now=time.time())
    worker = start_worker(SLOW)
    wait_until(lambda: any(w.state == "busy" for w in queue.workers()))
    time.sleep(7)
    assert queue.holds(question.job_id), "the lease of a living worker is renewed"

    worker.send_signal(signal.SIGKILL)

    wait_until(lambda: not queue.holds(question.job_id), within_s=10)


# An engine that is killed, as by the kernel for its memory, by one question and answers all others.
POISONED = """
import os, signal
from workers.engines.extractive import ExtractiveEngine

class Poisoned(ExtractiveEngine):
    def generate(self, job, *, deadline, criticism=()):
        if 'яд' in job.question:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().generate(job, deadline=deadline)

create_engine = lambda settings: Poisoned()
"""


def test_a_question_that_has_killed_its_worker_twice_does_not_kill_a_third_one(
    redis, start_worker, make_job, make_passage
):
    queue = GenerationQueue(redis=redis)
    poison = make_job(make_passage("Доставка стоит 300 ₽."), question="яд", deadline=time.time() + 90)
    queue.put(poison, now=time.time())
    for _ in range(2):
        assert start_worker(POISONED).wait(30) == -signal.SIGKILL
        redis.zremrangebyscore("rq:wip:generate", "-inf", "+inf")  # its lease is over
        poison = poison.model_copy(update={"attempt": poison.attempt + 1})
        queue.put(poison, now=time.time())
    queue.put(make_job(make_passage("Доставка стоит 300 ₽."), turn_id=8), now=time.time())

    third = start_worker(POISONED)

    wait_until(lambda: len(results(redis)) == 2)
    refused, answered = results(redis)
    assert (refused.turn_id, refused.attempt, refused.failure) == (7, 3, "engine_error")
    assert "2 workers died" in refused.detail
    assert answered.draft is not None
    assert third.poll() is None


def test_a_withdrawn_job_stops_at_once_and_the_worker_goes_on(redis, start_worker, make_job, make_passage):
    queue = GenerationQueue(redis=redis)
    question = make_job(make_passage("Доставка стоит 300 ₽."))
    queue.put(question, now=time.time())
    start_worker(SLOW)
    wait_until(lambda: any(worker.state == "busy" for worker in queue.workers()))

    queue.cancel(question.job_id)

    wait_until(lambda: results(redis), within_s=3)
    assert results(redis)[0].failure == "cancelled"
    assert queue.live_workers() == 1


def test_a_worker_survives_a_restart_of_redis(redis_server, redis, start_worker, make_job, make_passage):
    queue = GenerationQueue(redis=redis)
    worker = start_worker()
    wait_until(lambda: queue.live_workers() == 1)

    redis_server.stop()
    time.sleep(1)
    redis_server.start()

    wait_until(lambda: queue.live_workers() == 1)
    queue.put(make_job(make_passage("Доставка стоит 300 ₽.")), now=time.time())
    wait_until(lambda: results(redis))
    output = stopped(worker)
    assert "Redis is gone" in output
    assert "Traceback" not in output


def test_a_worker_appears_again_after_redis_was_emptied(redis, start_worker):
    queue = GenerationQueue(redis=redis)
    start_worker()
    wait_until(lambda: queue.live_workers() == 1)

    redis.flushall()

    wait_until(lambda: queue.live_workers() == 1)


def test_a_malformed_job_harms_nobody_and_is_logged_without_its_text(redis, start_worker, make_job, make_passage):
    from rq import Queue

    from support.queue import GENERATE_FUNCTION, GENERATE_QUEUE, JsonSerializer

    Queue(GENERATE_QUEUE, connection=redis, serializer=JsonSerializer).enqueue_call(
        GENERATE_FUNCTION, kwargs={"payload": '{"question": "мой телефон 89161234567"}'}
    )
    Queue(GENERATE_QUEUE, connection=redis, serializer=JsonSerializer).enqueue_call(
        "workers.nothing.at_all", kwargs={"payload": "мой телефон 89161234567"}
    )
    redis.hset("rq:job:broken", mapping={"data": b"\x80not json", "created_at": "2026-01-01T00:00:00Z"})
    redis.rpush("rq:queue:generate", "broken")
    GenerationQueue(redis=redis).put(make_job(make_passage("Доставка стоит 300 ₽.")), now=time.time())
    worker = start_worker()

    wait_until(lambda: results(redis))

    output = stopped(worker)
    assert "job cannot be read" in output
    assert "job failed" in output
    assert "89161234567" not in output


def test_a_worker_asked_to_stop_finishes_and_exits_with_zero(redis, start_worker):
    worker = start_worker()
    wait_until(lambda: GenerationQueue(redis=redis).live_workers() == 1)

    output = stopped(worker)

    assert worker.returncode == 0
    assert "worker stopped" in output
    assert GenerationQueue(redis=redis).live_workers() == 0


def test_ctrl_c_that_arrives_twice_is_one_request(redis, start_worker, make_job, make_passage):
    queue = GenerationQueue(redis=redis)
    worker = start_worker(SLOW)
    wait_until(queue.live_workers)
    queue.put(make_job(make_passage("Доставка стоит 300 ₽."), deadline=time.time() + 3), now=time.time())
    wait_until(lambda: any(w.state == "busy" for w in queue.workers()))

    worker.send_signal(signal.SIGINT)
    stopped(worker)

    assert worker.returncode == 0
    assert len(results(redis)) == 1, "the job in hand was finished"


def test_a_worker_without_redis_url_says_so_and_exits(start_worker):
    worker = start_worker(REDIS_URL="")

    assert worker.wait(10) == 2
    assert worker.stdout is not None
    assert "REDIS_URL is not set" in worker.stdout.read()


class Unauthorised(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(401)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_error(401)

    def log_message(self, *args):
        pass


@pytest.fixture
def locked_server():
    with HTTPServer(("127.0.0.1", 0), Unauthorised) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def test_a_worker_whose_engine_refuses_says_why_in_one_sentence_and_exits(redis, start_worker, locked_server):
    worker = start_worker(ENGINE="openai", LLM_URL=locked_server, LLM_MODEL="tiny", LLM_API_KEY="sk-secret")

    assert worker.wait(20) == 3
    assert worker.stdout is not None
    output = worker.stdout.read()
    assert "refuses LLM_API_KEY" in output
    assert "sk-secret" not in output
    assert "Traceback" not in output


def test_a_worker_answers_without_its_judge_model_and_says_so(
    redis, start_worker, locked_server, make_job, make_passage
):
    GenerationQueue(redis=redis).put(make_job(make_passage("Доставка стоит 300 ₽.")), now=time.time())
    worker = start_worker(JUDGE_URL=locked_server, JUDGE_MODEL="tiny", JUDGE_API_KEY="sk-secret")

    assert "refuses JUDGE_API_KEY" in said(worker, "trusted less")
    wait_until(lambda: results(redis))
    [result] = results(redis)
    assert result.draft is not None
    assert result.draft.judge is not None
    assert "refuses JUDGE_API_KEY" in result.draft.judge.unheard
    assert result.draft.verdict.score > 0.5


def test_a_worker_waits_for_its_model_server_and_does_not_count_as_alive_meanwhile(redis, start_worker):
    worker = start_worker(ENGINE="openai", LLM_URL="http://127.0.0.1:9/v1", LLM_MODEL="tiny")

    assert "cannot be reached" in said(worker, "waiting for the engine")
    assert worker.poll() is None
    assert GenerationQueue(redis=redis).live_workers() == 0
    stopped(worker)
    assert worker.returncode == 0


def test_a_worker_started_before_redis_waits_for_it(redis_server, redis, start_worker):
    redis_server.stop()
    worker = start_worker()
    said(worker, "Redis is gone")

    redis_server.start()

    wait_until(lambda: GenerationQueue(redis=redis).live_workers() == 1)


def test_an_extractive_worker_loads_no_database_no_telegram_and_no_http_client(start_worker):
    code = (
        "import sys, workers.worker, workers.engines.extractive\n"
        "print('LOADED', [m for m in ('sqlalchemy', 'aiogram', 'scipy', 'httpx') if m in sys.modules])\nsys.exit(0)"
    )
    worker = start_worker(code)

    assert worker.wait(20) == 0
    assert worker.stdout is not None
    assert "LOADED []" in worker.stdout.read()


def said(worker: subprocess.Popen[str], words: str) -> str:
    """Wait for a line with the words."""
    assert worker.stdout is not None
    return next(line for line in worker.stdout if words in line)


def stopped(worker: subprocess.Popen[str]) -> str:
    worker.terminate()
    output, _ = worker.communicate(timeout=10)
    return output
