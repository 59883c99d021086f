"""What queue and worker add to an answer, and whether memory grows over thousands of them."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from redis import Redis
from rq import Queue

from benchmarks.report import Line, spread
from otvet.redis_server import redis_for
from support.jobs import GenerationJob, JobPassage
from support.queue import RESULTS_STREAM, GenerationQueue
from support.settings import PACKAGE_ROOT
from tests.workers import tiny_gguf
from workers.engines.llama.batcher import Batcher
from workers.engines.llama.library import Context, Model, abilities

JOBS: Final = 500
APART_S: Final = 0.05
ANSWERS: Final = 4000
QUEUED: Final = 32
"""So many questions wait at most."""
_WORKER: Final = """
import sys
from support.settings import Settings
from workers.engines.base import Answer
from workers.engines.extractive import ExtractiveEngine
from workers.worker import run_worker

class Instant(ExtractiveEngine):
    def generate(self, job, *, deadline, criticism=()):
        return Answer("Доставка стоит 300 ₽ [1].", (1,))

sys.exit(run_worker("generate", Settings(_env_file=None), create_engine=lambda settings: Instant()))
"""

_REAL: Final = """
import sys
from support.settings import Settings
from workers.worker import run_worker

sys.exit(run_worker("generate", Settings(_env_file=None)))
"""

_STOCK: Final = """
import os
from redis import Redis
from rq import Queue, SimpleWorker

redis = Redis.from_url(os.environ["REDIS_URL"])
SimpleWorker([Queue("stock", connection=redis)], connection=redis).work(logging_level="ERROR")
"""


def overhead() -> list[Line]:
    """Milliseconds from putting a job until its result is in the stream, with an engine that takes no time."""
    with tempfile.TemporaryDirectory() as folder, redis_for("", Path(folder)) as url:
        redis = Redis.from_url(url)
        with _process(_WORKER, REDIS_URL=url, DATA_DIR=folder, SLOTS="4"):
            spent = _round_trips(redis)
            apart = _round_trips(redis, apart_s=APART_S)
        with _process(_STOCK, REDIS_URL=url):
            stock = _stock_round_trips(redis)
    what = "queue and worker around an engine that takes no time, judging included"
    return [
        Line(f"{what}, a question every {APART_S * 1000:.0f} ms", spread(apart), "p50 ≤ 3 ms, p99 ≤ 15 ms"),
        Line("the same, the next question at once: the worker still tidies up after the last one", spread(spent)),
        Line("the same run: RQ's own SimpleWorker with a job that does nothing", spread(stock)),
    ]


@contextmanager
def _process(code: str, **variables: str) -> Iterator[int]:
    environment = os.environ | {"PYTHONPATH": str(PACKAGE_ROOT)} | variables
    with subprocess.Popen(  # noqa: S603  # our own code
        [sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as worker:
        try:
            yield worker.pid
        finally:
            worker.kill()


def _stock_round_trips(redis: Redis) -> list[float]:
    queue = Queue("stock", connection=redis)
    spent = []
    for _ in range(JOBS + 1):
        began = time.perf_counter()
        queue.enqueue("time.time").latest_result(timeout=30)
        spent.append((time.perf_counter() - began) * 1000)
    return spent[1:]  # the first one waited for the worker's start


def _round_trips(redis: Redis, *, apart_s: float = 0.0) -> list[float]:
    queue = GenerationQueue(redis=redis)
    while queue.live_workers() < 1:
        time.sleep(0.1)
    time.sleep(1)
    spent = []
    entries = cast("list[tuple[bytes, object]]", redis.xrevrange(RESULTS_STREAM, count=1))
    last = entries[0][0] if entries else b"0-0"
    first = int(redis.xlen(RESULTS_STREAM))
    for turn in range(first, first + JOBS):
        time.sleep(apart_s)
        began = time.perf_counter()
        queue.put(_job(turn), now=time.time())
        streams = cast("list[tuple[bytes, list[tuple[bytes, object]]]]", redis.xread({RESULTS_STREAM: last}, 1, 10_000))
        spent.append((time.perf_counter() - began) * 1000)
        last = streams[0][1][0][0]
    return spent


def worker_memory(first: int = 500, last: int = 5000) -> list[Line]:
    """Megabytes of a whole worker after so many questions, each read, answered and judged by a real model of 600 kB."""
    seen: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as name, redis_for("", Path(name)) as url:
        path = Path(name) / "tiny.gguf"
        tiny_gguf.write(path, "Доставка стоит 300 ₽ [1].", also=("да",))
        redis = Redis.from_url(url)
        queue = GenerationQueue(redis=redis)
        environment = {"REDIS_URL": url, "DATA_DIR": name, "ENGINE": "llama_cpp", "MODEL_PATH": str(path), "SLOTS": "4"}
        with _process(_REAL, **environment) as pid:
            asked = 0
            while (answered := int(redis.xlen(RESULTS_STREAM))) < last:
                for turn in range(asked, min(last, answered + QUEUED)):
                    queue.put(_job(turn), now=time.time())
                    asked = turn + 1
                if answered >= first:
                    seen.setdefault(first, _resident_mb(pid))
                time.sleep(0.05)
            seen[last] = _resident_mb(pid)
    what = f"memory of a worker with a model of 600 kB after {first:,} and after {last:,} questions"
    return [Line(what, f"{seen[first]:.0f} MB and {seen[last]:.0f} MB", "no growth")]


def _job(turn: int) -> GenerationJob:
    question = "Сколько стоит доставка?"
    passage = JobPassage(number=1, chunk_id="c", source="a.md", heading="Доставка", text="Доставка стоит 300 ₽.")
    return GenerationJob(
        turn_id=turn,
        epoch=1,
        attempt=1,
        question=question,
        parts=(question,),
        passages=(passage,),
        answerable=(0.9,),
        language="ru",
        deadline=time.time() + 60,
    )


def memory(path: Path) -> list[Line]:
    """Megabytes that thousands of short answers add, after the first thousand."""
    model = Model(path)
    context = Context(model, cells=4096, sequences=12, batch=256, threads=1)
    batcher = Batcher(model, context, abilities(context, [3, 4, 5, 6]), limit=8)
    _answers(batcher, ANSWERS // 4)
    before = _resident_mb()
    _answers(batcher, ANSWERS)
    grown = _resident_mb() - before
    batcher.close()
    context.close()
    model.close()
    what = f"memory that {ANSWERS:,} answers to 8 customers at once add to the first thousand's"
    return [Line(what, f"{grown:+.1f} MB to {before:.0f} MB", "none")]


def _answers(batcher: Batcher, count: int) -> None:
    def customer(number: int) -> None:
        for turn in range(count // 8):
            prefix = [(number + turn) % 5 + 10] * 40
            with batcher.open(prefix, room=40, deadline=time.time() + 60) as sequence:
                sequence.write([turn % 100 + 20, number], budget=8)
                length = sequence.length
                sequence.read([1, 2, 3], [4, 5])
                sequence.rewind(length)

    threads = [threading.Thread(target=customer, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _resident_mb(process: int | str = "self") -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6
