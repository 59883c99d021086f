"""``make bench-generation``: many answers at once on one quantised model, beside what it could be done with instead.

Models with weights of chance: as slow as trained ones. Both sides of every ratio run in turn, in the same minutes, with
the same number of threads; each figure is the median of the rounds.
"""

import argparse
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import structlog

from benchmarks import profiles, queueing, rivals, variants, weights
from benchmarks.report import Line, write
from workers.engines.base import EngineCancelledError
from workers.engines.llama.batcher import Batcher
from workers.engines.llama.lanes import Cancellation
from workers.engines.llama.library import Context, Model, abilities

WORDS = 48
QUESTION = 40
# One of the judge's questions with its frame, in tokens of a usual vocabulary.
DOUBT = 50
FAR = 3600.0


class Bench:
    """One model and how to use it."""

    def __init__(self, shape: weights.Shape, quantisation: str, *, threads: int, rounds: int, prefix: int) -> None:
        self.name = f"{shape.name} {quantisation.upper()}"
        self.shape = shape
        self.threads, self.rounds, self.prefix = threads, rounds, prefix
        self.path = weights.model(shape, quantisation)
        self.model = Model(self.path)
        self._chance = np.random.default_rng(1)

    def tokens(self, count: int) -> list[int]:
        """Return tokens that nobody has read before."""
        return [int(token) for token in self._chance.integers(1000, self.model.vocabulary - 1000, count)]

    @contextmanager
    def batcher(self, *, limit: int, cells: int) -> Iterator[Batcher]:
        """Serve the model."""
        context = Context(self.model, cells=cells, sequences=limit + 3, batch=512, threads=self.threads)
        batcher = Batcher(self.model, context, abilities(context, self.tokens(4)), limit=limit)
        yield batcher
        batcher.close()
        context.close()

    def median(self, *sides: Callable[[], float]) -> list[float]:
        """Measure the sides in turn; return the median of each."""
        found: list[list[float]] = [[] for _ in sides]
        for _ in range(self.rounds):
            for side, values in zip(sides, found, strict=True):
                values.append(side())
                print(f"· {values[-1]:.2f} s", file=sys.stderr, flush=True)  # noqa: T201  # rounds may take an hour
        return [statistics.median(values) for values in found]


def ask(batcher: Batcher, prefix: Sequence[int], question: Sequence[int], *, words: int = WORDS) -> float:
    """Return the seconds until the first token; the answer is written to its end."""
    began = time.perf_counter()
    with batcher.open(prefix, room=len(question) + words, deadline=time.time() + FAR) as sequence:
        opened_s = time.perf_counter() - began
        written = sequence.write(question, budget=words)
        if written.tokens != words:
            raise RuntimeError("the model ended its answer by chance: run again")
        return opened_s + written.first_token_s


def together(batcher: Batcher, prefix: Sequence[int], questions: Sequence[Sequence[int]]) -> float:
    """Return the seconds until all are answered."""
    return rivals.all_at_once([lambda q=q: ask(batcher, prefix, q) for q in questions])  # type: ignore[misc]


def throughput(bench: Bench) -> list[Line]:
    """Eight at once against one at a time and against the bare loop."""
    with bench.batcher(limit=8, cells=8 * 128) as batcher:
        ask(batcher, [], bench.tokens(16))

        def questions(count: int) -> list[list[int]]:
            return [bench.tokens(16) for _ in range(count)]

        one, eight, bare = bench.median(
            lambda: together(batcher, [], questions(1)),
            lambda: together(batcher, [], questions(8)),
            lambda: rivals.bare_loop(bench.model, questions(8), words=WORDS, threads=bench.threads),
        )
    return [
        Line(
            f"{bench.name}: answers of {WORDS} tokens, eight at once",
            f"{8 * WORDS / eight:.1f} tokens/s, {8 * one / eight:.2f} × one at a time ({WORDS / one:.1f} tokens/s)",
            "≥ 2.5 ×" if bench.name.startswith("0.5b") else "",
        ),
        Line(f"{bench.name}: eight at once against the bare loop", f"{bare / eight:.2f} ×", "≥ 0.9 ×"),
    ]


def against_server(bench: Bench) -> list[Line]:
    """A shared prefix: llama.cpp's server, and a ``Llama`` for every job."""
    lines = []
    for count in (4, 8):
        with (
            bench.batcher(limit=count, cells=3 * bench.prefix + count * 128) as batcher,
            rivals.server(bench.path, threads=bench.threads, parallel=count) as address,
        ):
            prefix = bench.tokens(bench.prefix)
            ask(batcher, prefix, bench.tokens(QUESTION))
            rivals.ask_server(address, [prefix + bench.tokens(QUESTION)], words=WORDS)

            def ours(prefix: list[int], batcher: Batcher = batcher, count: int = count) -> float:
                return together(batcher, prefix, [bench.tokens(QUESTION) for _ in range(count)])

            def theirs(prefix: list[int], address: str = address, count: int = count) -> float:
                prompts = [prefix + bench.tokens(QUESTION) for _ in range(count)]
                return rivals.ask_server(address, prompts, words=WORDS)

            fresh = [bench.tokens(bench.prefix) for _ in range(bench.rounds)]
            ours_new, theirs_new = iter(fresh), iter(fresh)
            known, server_known, new, server_new = bench.median(
                lambda ours=ours, prefix=prefix: ours(prefix),  # type: ignore[misc]
                lambda theirs=theirs, prefix=prefix: theirs(prefix),  # type: ignore[misc]
                lambda ours=ours, prefixes=ours_new: ours(next(prefixes)),  # type: ignore[misc]
                lambda theirs=theirs, prefixes=theirs_new: theirs(next(prefixes)),  # type: ignore[misc]
            )
        lines += [
            Line(
                f"{bench.name}: {count} at once, known prefix of {bench.prefix} tokens, against llama.cpp's server",
                f"{server_known / known:.2f} × ({known:.1f} s and {server_known:.1f} s)",
                "≥ 1.0 ×",
            ),
            Line(
                f"{bench.name}: the same, the prefix new to both",
                f"{server_new / new:.2f} × ({new:.1f} s and {server_new:.1f} s)",
                "≥ 1.0 ×",
            ),
        ]
    return lines


def against_llamas(bench: Bench) -> list[Line]:
    """One ``Llama`` a job: eight jobs in turn, of which the first four are counted apart."""
    in_turn: list[list[float]] = []
    with bench.batcher(limit=8, cells=3 * bench.prefix + 8 * 128) as batcher:
        prefix = bench.tokens(bench.prefix)
        ask(batcher, prefix, bench.tokens(QUESTION))

        def theirs() -> float:
            prompts = [prefix + bench.tokens(QUESTION) for _ in range(8)]
            in_turn.append(rivals.one_llama_a_job(bench.path, prompts, words=WORDS, threads=bench.threads))
            return sum(in_turn[-1])

        four, eight, all_eight = bench.median(
            lambda: together(batcher, prefix, [bench.tokens(QUESTION) for _ in range(4)]),
            lambda: together(batcher, prefix, [bench.tokens(QUESTION) for _ in range(8)]),
            theirs,
        )
    first_four = statistics.median(sum(seconds[:4]) for seconds in in_turn)
    what = f"{bench.name}: {{}} jobs at once, known prefix of {bench.prefix} tokens, against one Llama a job, in turn"
    return [
        Line(what.format(4), f"{first_four / four:.1f} × ({four:.1f} s and {first_four:.1f} s)", "≥ 3 ×"),
        Line(what.format(8), f"{all_eight / eight:.1f} × ({eight:.1f} s and {all_eight:.1f} s)", "≥ 3 ×"),
    ]


def first_token(bench: Bench) -> list[Line]:
    """Seconds until the first token with the prefix known and unknown, and what the judge costs."""
    with bench.batcher(limit=2, cells=3 * bench.prefix + 2048) as batcher:
        known = bench.tokens(bench.prefix)
        ask(batcher, known, bench.tokens(QUESTION), words=1)
        warm, cold = bench.median(
            lambda: ask(batcher, known, bench.tokens(QUESTION), words=1),
            lambda: ask(batcher, bench.tokens(bench.prefix), bench.tokens(QUESTION), words=1),
        )
        answer, judged = bench.median(*_judged(bench, batcher, known))
    return [
        Line(
            f"{bench.name}: first token after {bench.prefix} + {QUESTION} tokens, prefix known",
            f"{warm:.2f} s, {cold / warm:.1f} × sooner than cold ({cold:.2f} s)",
            "≥ 5 ×",
        ),
        Line(
            f"{bench.name}: two judge questions of {DOUBT} tokens after 100 tokens over 600 of passages",
            f"{judged:.2f} s, {100 * judged / answer:.0f} % of the answer's {answer:.1f} s",
            "≤ 15 %",
        ),
    ]


def _judged(bench: Bench, batcher: Batcher, prefix: Sequence[int]) -> tuple[Callable[[], float], Callable[[], float]]:
    spent: list[float] = []

    def answer() -> float:
        began = time.perf_counter()
        with batcher.open(prefix, room=900, deadline=time.time() + FAR) as sequence:
            sequence.write(bench.tokens(600 + QUESTION), budget=100)
            wrote = time.perf_counter()
            length = sequence.length
            for _ in range(2):
                sequence.rewind(length)
                sequence.read(bench.tokens(DOUBT), [1, 2])
            spent.append(time.perf_counter() - wrote)
        return wrote - began

    return answer, lambda: spent[-1]


def cancelling(bench: Bench) -> list[Line]:
    """Milliseconds from the wish to the end, while a prompt is read and while an answer is written."""
    found: dict[str, list[float]] = {"prompt": [], "answer": []}
    with bench.batcher(limit=2, cells=4096) as batcher:
        ask(batcher, [], bench.tokens(QUESTION))
        for _ in range(3 * bench.rounds):
            found["prompt"].append(_cancel(batcher, bench.tokens(3000), after_s=1.0))
            found["answer"].append(_cancel(batcher, bench.tokens(8), after_s=1.0))
    shown = ", ".join(
        f"{what}: median {statistics.median(ms):.0f} ms, worst {max(ms):.0f} ms" for what, ms in found.items()
    )
    return [Line(f"{bench.name}: a cancel is obeyed, in the middle of a", shown, "≤ 150 ms")]


def _cancel(batcher: Batcher, prompt: Sequence[int], *, after_s: float) -> float:
    cancellation = Cancellation()
    asked_at: list[float] = []

    def cancel() -> None:
        asked_at.append(time.perf_counter())
        cancellation.asked = True
        batcher.notice()

    threading.Timer(after_s, cancel).start()
    try:
        room = len(prompt) + 900
        with batcher.open([], room=room, deadline=time.time() + FAR, cancellation=cancellation) as sequence:
            sequence.write(prompt, budget=900)
    except EngineCancelledError:
        return (time.perf_counter() - asked_at[0]) * 1000
    raise RuntimeError("the answer was complete before it could be cancelled")


PARTS: dict[str, Callable[[Bench], list[Line]]] = {
    "throughput": throughput,
    "server": against_server,
    "llamas": against_llamas,
    "first": first_token,
    "cancel": cancelling,
    "guessing": variants.guessing,
    "cells": variants.small_cells,
    "adapters": variants.mixed_adapters,
    "profiles": profiles.profiles,
}


def main() -> None:
    """Measure and write the table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prefix", type=int, default=1000, help="tokens of the shared prefix")
    parser.add_argument("--parts", default=",".join([*PARTS, "queue", "memory", "worker"]))
    parser.add_argument("--models", default="0.5b,1.5b")
    parser.add_argument("--dry", action="store_true", help="print instead of writing docs/benchmarks.md")
    wishes = parser.parse_args()
    parts = wishes.parts.split(",")
    lines = [Line("threads of every side, rounds", f"{wishes.threads}, {wishes.rounds}")]
    models = {"0.5b": (weights.HALF, "q8_0"), "1.5b": (weights.ONE_AND_A_HALF, "q4_k_m")}
    for name in wishes.models.split(","):
        bench = Bench(*models[name], threads=wishes.threads, rounds=wishes.rounds, prefix=wishes.prefix)
        for part in (part for part in PARTS if part in parts):
            lines += _shown(PARTS[part](bench))
        bench.model.close()
    if "queue" in parts:
        lines += _shown(queueing.overhead())
    if "memory" in parts:
        lines += _shown(queueing.memory(Path(weights.model(weights.TINY, "q8_0"))))
    if "worker" in parts:
        lines += _shown(queueing.worker_memory())
    if not wishes.dry:
        write("bench-generation", lines)


def _shown(lines: list[Line]) -> list[Line]:
    for line in lines:
        print(f"{line.what}: {line.figure}  {line.aim}", flush=True)  # noqa: T201  # the command's output
    return lines


if __name__ == "__main__":
    main()
