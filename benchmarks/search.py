"""``make bench-search``: the speed and size of search at 1k, 10k and 100k chunks, on one core, beside its peers."""

import argparse
import random
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeVar

import numpy as np

from benchmarks.report import Line, percentile, write
from knowledge.bm25 import CompiledBM25, NonNegativeBM25
from knowledge.index import Index, counted
from knowledge.passages import Chunk
from knowledge.ranking import rank
from knowledge.tokens import terms, text_grams

SIZES: Final = (1_000, 10_000, 100_000)
QUERIES: Final = 100
WORDS_A_CHUNK: Final = 100
WORDS_A_QUERY: Final = 8
VOCABULARY: Final = 30_000
MOST_FOR_LOOPS: Final = 10_000
"""Peers that take half a second a query or more are asked on smaller bases only."""

Made = TypeVar("Made")


def main() -> None:
    """Measure every size and write the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    lines: list[Line] = []
    for size in parser.parse_args().sizes:
        for line in measure(size):
            print(f"{line.what}: {line.figure}", flush=True)  # noqa: T201  # progress of minutes
            lines.append(line)
    write("bench-search", lines)


def measure(size: int) -> Iterable[Line]:
    """Yield the figures for one size of base."""
    chunks, queries = made_up(size)
    name = f"{size:,} chunks"
    seconds, (lexical, characters) = timed(lambda: lexical_tables(chunks))
    yield Line(f"{name}: words and characters indexed", f"{seconds:.1f} s", "≤ 20 s" if size == 10_000 else "")  # noqa: PLR2004  # the size that the aim names
    seconds, index = timed(lambda: Index.build(chunks))
    yield Line(f"{name}: whole index built, embedder trained", f"{seconds:.0f} s")
    yield Line(f"{name}: memory of the arrays", f"{memory(index) / size / 1024:.1f} KB a chunk")
    among = np.ones(size, dtype=np.bool_)
    embedding = [cost(partial(index.embedder.project, query)) for query in queries]
    whole = [cost(partial(rank, index, query, among=among)) for query in queries]
    bare = [max(one - other, 0.0) for one, other in zip(whole, embedding, strict=True)]
    aim = {10_000: "p50 ≤ 3, p99 ≤ 10 ms", 100_000: "p99 ≤ 30 ms"}.get(size, "")
    yield Line(f"{name}: whole query without embedding it", told(bare), aim)
    yield Line(f"{name}: embedding the query", told(embedding))
    ours = [cost(partial(both, lexical.scores, characters.scores, query)) for query in queries]
    yield Line(f"{name}: words and characters, tokenised", told(ours))
    yield from peers(name, chunks, queries, ours=ours, whole=whole, index=index)


def peers(
    name: str, chunks: list[Chunk], queries: list[str], *, ours: list[float], whole: list[float], index: Index
) -> Iterable[Line]:
    """Yield the same work done by others, in the same run."""
    texts = [terms(chunk.text) for chunk in chunks]
    if len(chunks) <= MOST_FOR_LOOPS:
        loop = NonNegativeBM25(texts)
        words = [cost(partial(index.lexical.scores, terms(query))) for query in queries]
        theirs = [cost(partial(loop.get_scores, terms(query))) for query in queries[:20]]
        yield Line(f"{name}: rank_bm25's loop, words only", f"{told(theirs)}; ours {ratio(theirs, words)} as fast")
    try:
        import bm25s  # noqa: PLC0415  # a peer, installed for this benchmark only
    except ImportError:
        yield Line(f"{name}: bm25s", "not installed")
    else:
        tables = []
        for tokens in (texts, [text_grams(chunk.text) for chunk in chunks]):
            table = bm25s.BM25()
            table.index(tokens, show_progress=False)
            tables.append(table)
        theirs = [cost(partial(both, tables[0].get_scores, tables[1].get_scores, query)) for query in queries]
        yield Line(
            f"{name}: bm25s, words and characters, tokenised",
            f"{told(theirs)}; ours {ratio(theirs, ours)} as fast",
            "not slower",
        )
    if len(chunks) <= MOST_FOR_LOOPS:
        yield haystack(name, chunks, queries, whole, index)


def haystack(name: str, chunks: list[Chunk], queries: list[str], whole: list[float], index: Index) -> Line:
    """Ask a framework's in-memory store the same: BM25 and vectors, joined."""
    what = f"{name}: Haystack's in-memory BM25 + vectors, vectors given"
    try:
        from haystack import Document  # noqa: PLC0415  # a peer, installed for this benchmark only
        from haystack.document_stores.in_memory import InMemoryDocumentStore  # noqa: PLC0415
    except ImportError:
        return Line(what, "not installed")
    store = InMemoryDocumentStore()
    rows = zip(chunks, index.vectors, strict=True)
    store.write_documents([Document(id=c.id, content=c.text, embedding=v.tolist()) for c, v in rows])
    asked = queries[:20]
    vectors = [index.embedder.embed([query])[0].tolist() for query in asked]

    def search(query: str, vector: list[float]) -> None:
        store.bm25_retrieval(query, top_k=50)
        store.embedding_retrieval(vector, top_k=50)

    theirs = [cost(partial(search, query, vector)) for query, vector in zip(asked, vectors, strict=True)]
    return Line(what, f"{told(theirs)}; ours, all channels, {ratio(theirs, whole)} as fast")


def made_up(size: int) -> tuple[list[Chunk], list[str]]:
    """Texts whose words follow Zipf's law, and questions of words that stand together in one of them."""
    chance = random.Random(size)  # noqa: S311  # the same texts every time, no secret
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "is")]
    vocabulary = ["".join(chance.choices(syllables, k=chance.choice((2, 3, 3, 4)))) for _ in range(VOCABULARY)]
    cumulative = np.cumsum(1 / np.arange(2, VOCABULARY + 2)).tolist()
    chunks = []
    for number in range(size):
        spoken = chance.choices(vocabulary, cum_weights=cumulative, k=WORDS_A_CHUNK)
        place = f"{number // 8}.md"
        chunks.append(Chunk(str(number), place, " ".join(spoken[:3]), (spoken[3],), " ".join(spoken), "en"))
    asked = chance.sample(chunks, QUERIES)
    return chunks, [" ".join(chance.sample(chunk.text.split(), WORDS_A_QUERY)) for chunk in asked]


def lexical_tables(chunks: list[Chunk]) -> tuple[CompiledBM25, CompiledBM25]:
    """Index words and characters as a release does."""
    bodies, heads = counted(chunks)
    return CompiledBM25.of(bodies.terms, heads.terms).warm(), CompiledBM25.of(bodies.grams, heads.grams).warm()


def memory(index: Index) -> int:
    """Return the bytes of everything that grows with the base, vocabularies aside."""
    tables = (index.lexical, index.characters, index.concepts, index.openings)
    return index.vectors.nbytes + sum(table.nbytes for table in tables)


def both(words: Callable[[list[str]], object], characters: Callable[[list[str]], object], query: str) -> None:
    """Score words and characters of a query, tokenising it for each."""
    words(terms(query))
    characters(text_grams(query))


def timed(work: Callable[[], Made]) -> tuple[float, Made]:
    """Return the seconds of processor time that the work took, and what it made."""
    started = time.process_time()
    made = work()
    return time.process_time() - started, made


def cost(work: Callable[[], object]) -> float:
    """Return the milliseconds of processor time of the work: others on the machine do not count."""
    started = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - started) / 1e6


def told(values: list[float]) -> str:
    """Say the median and the 99th percentile."""
    return f"p50 {float(np.median(values)):.2f} ms, p99 {percentile(values, 0.99):.2f} ms"


def ratio(theirs: list[float], ours: list[float]) -> str:
    """Say how many times as long they take, by the medians."""
    return f"{float(np.median(theirs)) / float(np.median(ours)):.1f} ×"


if __name__ == "__main__":
    main()
