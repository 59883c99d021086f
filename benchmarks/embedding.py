"""``make bench-embedding``: what the process that holds the sentence model costs, and how soon a question has a vector.

The process is the product's own, over a Redis of its own; questions are asked one at a time, eight at a time, and
beside a build whose passages wait in the same process.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from redis import Redis

from benchmarks.report import Line, spread, write
from knowledge.chunks import chunk_documents
from knowledge.meaning import passage_text
from knowledge.releases import ReleaseStore
from knowledge.sources import read_sources
from otvet.redis_server import EmbeddedRedis
from support.embedding import EmbedWorker, RemoteModel, serving

ROOT: Final = Path(__file__).resolve().parent.parent
SHOP: Final = ROOT / "otvet" / "demo_shop" / "knowledge"
AT_ONCE: Final = 8
START_S: Final = 300.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def started(redis_url: str, folder: Path, **models: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the process that holds the models; ``models``: its settings, EMBEDDING_MODEL and RERANKER_MODEL."""
    environment = {**os.environ, "REDIS_URL": redis_url, "DATA_DIR": str(folder), **models}
    command = [sys.executable, "-m", "otvet", "worker", "--queue", "embed"]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603  # our own
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def cpu_s(pid: int) -> float:
    """Return the processor seconds a process has used (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int, what: str) -> float:
    """Return VmRSS, the memory of now, or VmHWM, the most so far (proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1024


def asked(url: str, worker: EmbedWorker, questions: list[str], *, at_once: int = 1) -> list[float]:
    """Ask for every question by itself; return milliseconds."""
    own = threading.local()

    def ask(question: str) -> float:
        if not hasattr(own, "model"):
            own.model = RemoteModel(Redis.from_url(url), worker, urgent=True)
        begun = time.perf_counter()
        own.model.embed_questions([question])
        return (time.perf_counter() - begun) * 1000

    with ThreadPoolExecutor(at_once) as people:
        return list(people.map(ask, questions))


def lines(url: str, model: str, folder: Path, n: int) -> Iterator[Line]:
    """Measure; the questions are the headings of the demo shop, each with a number so that no two are the same."""
    sources = shutil.copytree(SHOP, folder / "knowledge")
    chunks = chunk_documents(read_sources(sources).documents)
    questions = [f"{chunks[number % len(chunks)].title} {number}?" for number in range(n)]
    begun = time.monotonic()
    with started(url, folder, EMBEDDING_MODEL=model) as process, Redis.from_url(url, socket_timeout=15) as redis:
        worker = serving(redis, model, wait_s=START_S, absent_s=START_S)
        if worker is None:
            raise SystemExit(f"{model} is not served: see the process's own words above")
        yield Line(f"{model}: from the process's start until it serves", f"{time.monotonic() - begun:.0f} s")
        asked(url, worker, questions[:20])
        before = cpu_s(process.pid)
        alone = asked(url, worker, questions)
        cost = (cpu_s(process.pid) - before) / n * 1000
        yield Line("a question's vector, one at a time", f"{spread(alone)}; {cost:.1f} ms of processor time")
        begun = time.monotonic()
        together = asked(url, worker, questions, at_once=AT_ONCE)
        rate = n / (time.monotonic() - begun)
        yield Line(f"the same, {AT_ONCE} at a time", f"{spread(together)}; {rate:.0f} a second")
        remote = RemoteModel(redis, worker)
        texts = [passage_text(chunk) for chunk in chunks]
        building = threading.Thread(target=remote.embed_passages, args=(texts,))
        before, begun = cpu_s(process.pid), time.monotonic()
        building.start()
        beside = [asked(url, worker, [question])[0] for question in questions if building.is_alive()]
        building.join()
        took, cost = time.monotonic() - begun, (cpu_s(process.pid) - before) / len(texts) * 1000
        yield Line("the same, one at a time, while a build's passages wait", spread(beside))
        yield Line(f"{len(texts)} passages beside those", f"{took:.0f} s, at most {cost:.0f} ms of processor time each")
        yield from builds(folder, sources, remote)
        now, most = (memory_mb(process.pid, what) for what in ("VmRSS", "VmHWM"))
        yield Line("memory of the process", f"{now:.0f} MB, {most:.0f} MB at most")


def builds(folder: Path, sources: Path, model: RemoteModel) -> Iterator[Line]:
    """Build the demo shop without the model, with it, and again after a change."""
    without = ReleaseStore(folder / "without").build(sources).seconds
    store = ReleaseStore(folder / "releases")
    first = store.build(sources, model=model)
    yield Line(f"the demo shop, {first.chunks} chunks: a release", f"{first.seconds:.0f} s; without it {without:.0f} s")
    (sources / "en" / "new.md").write_text("# Gift wrapping\n\nWe wrap gifts for 190 ₽.\n", encoding="utf-8")
    yield Line("the next one, one article added", f"{store.build(sources, model=model).seconds:.0f} s")


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="offline", help="as EMBEDDING_MODEL")
    parser.add_argument("--questions", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="otvet-") as folder, EmbeddedRedis(Path(folder)) as redis:
        found = list(lines(redis.url, arguments.model, Path(folder), arguments.questions))
    print(write("bench-embedding", found))  # noqa: T201  # the command's output


if __name__ == "__main__":
    main()
