"""What queue and worker add to an answer, and whether memory grows over thousands of them."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final, cast

from redis import Redis

from benchmarks.report import Line, percentile
from otvet.redis_server import redis_for
from support.jobs import GenerationJob, JobPassage
from support.queue import RESULTS_STREAM, GenerationQueue
from support.settings import PACKAGE_ROOT
from workers.engines.llama.batcher import Batcher
from workers.engines.llama.library import Context, Model, abilities

JOBS: Final = 500
_PINGS: Final = 200
ANSWERS: Final = 4000
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


def overhead() -> list[Line]:
    """Milliseconds from putting a job until its result is in the stream, with an engine that takes no time."""
    with tempfile.TemporaryDirectory() as folder, redis_for("", Path(folder)) as url:
        environment = os.environ | {
            "REDIS_URL": url,
            "DATA_DIR": folder,
            "SLOTS": "4",
            "PYTHONPATH": str(PACKAGE_ROOT),
        }
        with subprocess.Popen(  # noqa: S603  # our own code
            [sys.executable, "-c", _WORKER], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as worker:
            try:
                spent, ping_ms = _round_trips(Redis.from_url(url))
            finally:
                worker.kill()
    figure = f"p50 {percentile(spent, 0.5):.1f} ms, p99 {percentile(spent, 0.99):.1f} ms over {JOBS} jobs"
    figure += f" (a ping of Redis took {ping_ms:.2f} ms)"
    return [Line("queue and worker around an engine that takes no time, judging included", figure, "≤ 3 ms, ≤ 15 ms")]


def _round_trips(redis: Redis) -> tuple[list[float], float]:
    queue = GenerationQueue(redis=redis)
    while queue.live_workers() < 1:
        time.sleep(0.1)
    time.sleep(1)
    began = time.perf_counter()
    for _ in range(_PINGS):
        redis.ping()
    ping_ms = (time.perf_counter() - began) * 1000 / _PINGS
    spent = []
    last = b"0-0"
    for turn in range(JOBS):
        began = time.perf_counter()
        queue.put(_job(turn), now=time.time())
        streams = cast("list[tuple[bytes, list[tuple[bytes, object]]]]", redis.xread({RESULTS_STREAM: last}, 1, 10_000))
        spent.append((time.perf_counter() - began) * 1000)
        last = streams[0][1][0][0]
    return spent, ping_ms


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


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6
