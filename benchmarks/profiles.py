"""How long an answer takes on other machines, computed from what one core of this one reads and writes.

Reading is arithmetic: two operations a weight a token (Kaplan et al. 2020). Writing is memory: every token passes all
weights by once, as fast as the cores take them or the memory gives them.
"""

import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.report import Line
from benchmarks.rivals import PATIENCE_S, all_at_once
from workers.engines.llama.engine import LlamaEngine
from workers.engines.llama.library import Context, Entry
from workers.engines.llama.preflight import WORKSPACE_BYTES

if TYPE_CHECKING:
    from benchmarks.generation import Bench

READ: Final = 256
WRITTEN: Final = 24
CROWD_WRITTEN: Final = 6
# An answer of a shop's bot: rules that are in the cells already, passages with question, answer, two doubts.
KNOWN, NEW, ANSWER, DOUBTS = 300, 600, 100, 100
# What two channels of DDR4-3200 or DDR5 give of their 51 to 77 GB/s, bytes a second.
MEMORY: Final = 40e9
CROWD: Final = 8
# What one core with its memory is let for, and a GPU with its machine, dollars an hour; put in your own.
CORE_PRICE, GPU_PRICE = 0.02, 0.80
SLOTS: Final = 4
# NVIDIA L4, data sheet: 8-bit operations and bytes a second; and the shares of them that servers usually reach.
GPU_OPERATIONS, GPU_MEMORY = 0.5 * 242e12, 0.7 * 300e9
GPU_CROWD: Final = 32


@dataclass(frozen=True, slots=True)
class Kind:
    """A model as its publisher describes it."""

    name: str
    weights: float
    """Without the embedding, which is looked up."""
    size: float
    """Bytes of the file."""
    cell: int
    """Bytes of a token's keys and values in 16 bits."""


SMALL: Final = Kind("1.5B Q4_K_M (Qwen2.5's shape)", 1.31e9, 1.0e9, 28_672)
MIDDLE: Final = Kind("Qwen3-4B-Instruct-2507 Q4_K_M", 3.6e9, 2.5e9, 147_456)
LARGE: Final = Kind("T-lite-it-2.1 (8B) Q4_K_M", 6.95e9, 5.0e9, 147_456)
SERVED: Final = Kind("T-lite-it-2.1 (8B) FP8", 6.95e9, 8.2e9, 147_456)
MACHINES: Final = ((2, SMALL), (2, MIDDLE), (4, SMALL), (4, MIDDLE), (8, MIDDLE), (8, LARGE), (16, LARGE))


@dataclass(frozen=True, slots=True)
class Pace:
    """What one core does a second."""

    operations: float
    bytes: float
    together: float
    """How many times faster it writes for eight at once; reading gains nothing, it is arithmetic already."""


def pace(bench: "Bench") -> Pace:
    """Measure one thread's processor time, which other programs hardly change."""
    context = Context(bench.model, cells=1024, sequences=CROWD, batch=512, threads=1)
    tokens = bench.tokens(READ)
    shape = bench.shape
    weights = shape.layers * (shape.width * (2 * shape.width + 2 * shape.narrow + 3 * shape.inner))
    context.decode([Entry(5000, 0, 0, True)])
    context.remove(0)
    began = time.thread_time()
    context.decode([Entry(token, i, 0, i == READ - 1) for i, token in enumerate(tokens)])
    read = time.thread_time()
    for word in range(WRITTEN):
        context.decode([Entry(5000 + word, READ + word, 0, True)])
    wrote = time.thread_time()
    for sequence in range(1, CROWD):
        context.copy(0, sequence)
    crowd_began = time.thread_time()
    for word in range(CROWD_WRITTEN):
        context.decode([Entry(5000 + word, READ + WRITTEN + word, n, True) for n in range(CROWD)])
    crowd_s = (time.thread_time() - crowd_began) / CROWD_WRITTEN
    context.close()
    size = bench.path.stat().st_size
    word_s = (wrote - read) / WRITTEN
    return Pace(2 * weights * READ / (read - began), size / word_s, CROWD * word_s / crowd_s)


def answer_s(kind: Kind, cores: int, one: Pace, *, together: bool = False) -> float:
    """Return the seconds of an answer, judged; ``together``: of each while several are written at once."""
    threads = max(1, cores - 1)
    read_s = (NEW + DOUBTS) * 2 * kind.weights / (threads * one.operations)
    write_s = ANSWER * kind.size / min(threads * one.bytes, MEMORY)
    return read_s + write_s / (max(1.0, one.together) if together else 1.0)


def profiles(bench: "Bench") -> list[Line]:
    """This machine's pace, and what it comes to elsewhere."""
    one = pace(bench)
    what = f"{bench.name}: one thread, processor time, after {READ} tokens"
    figure = f"{one.operations / 1e9:.0f} GFLOP/s reading, {one.bytes / 1e9:.1f} GB/s of weights writing"
    lines = [Line(what, f"{figure}, {one.together:.1f} × as fast for eight at once")]
    cells = LlamaEngine(path=Path(), slots=SLOTS).shape.cells
    for cores, kind in MACHINES:
        memory = kind.size + cells * kind.cell + WORKSPACE_BYTES
        busy_s = answer_s(kind, cores, one, together=True)
        lines.append(
            Line(
                f"computed from it: {cores} cores, {kind.name}",
                f"{memory / 1e9:.1f} GB; alone {answer_s(kind, cores, one):.0f} s; one every {busy_s:.0f} s while "
                f"eight are written; {_dollars(busy_s, cores * CORE_PRICE)} per 1,000",
            )
        )
    return [*lines, _gpu(SERVED)]


def answers(bench: "Bench") -> list[Line]:
    """Measure the same answer here: alone, and with customers of whom each asks the next question at once."""
    what = f"measured: {bench.name}, {KNOWN} + {NEW} tokens of prompt, {ANSWER} of answer, judged"
    alone_s, _ = _answered(bench, 1)
    lines = [Line(f"{what}, alone", f"{alone_s:.2f} s")]
    for crowd in (crowd for crowd in bench.wishes.crowds if crowd > 1):
        each_s, busy_s = _answered(bench, crowd)
        lines.append(Line(f"{what}, {crowd} customers", f"{each_s:.1f} s for each, one every {busy_s:.3f} s"))
    return lines


def _answered(bench: "Bench", crowd: int) -> tuple[float, float]:
    """Return the median seconds of an answer, and the seconds between two while ``crowd`` customers ask."""
    waited: list[float] = []
    with bench.batcher(limit=crowd, cells=KNOWN + crowd * (KNOWN + NEW + ANSWER + DOUBTS)) as batcher:
        known = bench.tokens(KNOWN)

        def answer() -> None:
            began = time.perf_counter()
            with batcher.open(known, room=NEW + ANSWER + DOUBTS, deadline=time.time() + PATIENCE_S) as sequence:
                sequence.write(bench.tokens(NEW), budget=ANSWER)
                length = sequence.length
                for _ in range(2):
                    sequence.rewind(length)
                    sequence.read(bench.tokens(DOUBTS // 2), [1, 2])
            waited.append(time.perf_counter() - began)

        def customer() -> None:
            for _ in range(bench.rounds):
                answer()

        answer()
        waited.clear()
        all_s = all_at_once([customer] * crowd)
    return statistics.median(waited), all_s / len(waited)


def _gpu(kind: Kind) -> Line:
    read_s = (NEW + DOUBTS) * 2 * kind.weights / GPU_OPERATIONS
    conversations = GPU_CROWD * (KNOWN + NEW + ANSWER) * kind.cell
    alone_s = read_s + ANSWER * kind.size / GPU_MEMORY
    busy_s = read_s + ANSWER * (kind.size + conversations) / GPU_MEMORY / GPU_CROWD
    memory = (kind.size + conversations) / 1e9
    return Line(
        f"computed from its data sheet: a GPU of 24 GB (L4), {kind.name}, vLLM",
        f"{memory:.0f} GB and vLLM's own; alone {alone_s:.0f} s; one every {busy_s:.1f} s while {GPU_CROWD} are "
        f"written; {_dollars(busy_s, GPU_PRICE)} per 1,000",
    )


def _dollars(busy_s: float, price: float) -> str:
    return f"{1000 * busy_s / 3600 * price:.2f} $"
