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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from benchmarks import profiles, queueing, rivals, variants, weights
from benchmarks.report import Line, write
from workers.engines.base import EngineCancelledError
from workers.engines.llama.batcher import Batcher
from workers.engines.llama.lanes import Cancellation
from workers.engines.llama.library import Context, Model, abilities

QUESTION = 40
# Prompt tokens of a question without a prefix.
SHORT = 16
# One of the judge's questions with its frame, in tokens of a usual vocabulary.
DOUBT = 50
FAR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How to measure."""

    threads: int
    rounds: int
    prefix: int
    """Tokens of the shared prefix."""
    words: int = 48
    """Tokens of an answer."""
    crowds: tuple[int, ...] = (8,)
    """How many customers ask at once."""
    gpu_layers: int = 0
    server: str | None = None
    """The program llama-server, instead of the package xllamacpp."""


class Bench:
    """One model and how to use it."""

    def __init__(self, shape: weights.Shape, quantisation: str, wishes: Wishes) -> None:
        self.name = f"{shape.name} {quantisation.upper()}"
        self.shape = shape
        self.wishes = wishes
        self.threads, self.rounds, self.prefix, self.words = wishes.threads, wishes.rounds, wishes.prefix, wishes.words
        self.path = weights.model(shape, quantisation)
        self.model = Model(self.path, gpu_layers=wishes.gpu_layers)
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


def ask(batcher: Batcher, prefix: Sequence[int], question: Sequence[int], *, words: int) -> float:
    """Return the seconds until the first token; the answer is written to its end."""
    began = time.perf_counter()
    with batcher.open(prefix, room=len(question) + words, deadline=time.time() + FAR) as sequence:
        opened_s = time.perf_counter() - began
        written = sequence.write(question, budget=words)
        if written.tokens != words:
            raise RuntimeError("the model ended its answer by chance: run again")
        return opened_s + written.first_token_s


def together(batcher: Batcher, prefix: Sequence[int], questions: Sequence[Sequence[int]], *, words: int) -> float:
    """Return the seconds until all are answered."""
    return rivals.all_at_once([lambda q=q: ask(batcher, prefix, q, words=words) for q in questions])  # type: ignore[misc]


def throughput(bench: Bench) -> list[Line]:
    """Many at once against one at a time and against the bare loop."""
    words, crowds = bench.words, bench.wishes.crowds

    def ours(batcher: Batcher, count: int) -> float:
        return together(batcher, [], [bench.tokens(SHORT) for _ in range(count)], words=words)

    def bare(count: int) -> float:
        questions = [bench.tokens(SHORT) for _ in range(count)]
        return rivals.bare_loop(bench.model, questions, words=words, threads=bench.threads)

    with bench.batcher(limit=max(crowds), cells=max(crowds) * (2 * SHORT + words)) as batcher:
        ask(batcher, [], bench.tokens(SHORT), words=words)
        one, *pairs = bench.median(
            lambda: ours(batcher, 1),
            *(side for n in crowds for side in (lambda n=n: ours(batcher, n), lambda n=n: bare(n))),
        )
    lines = []
    for n, crowd, loop in zip(crowds, pairs[::2], pairs[1::2], strict=True):
        figure = f"{n * words / crowd:.1f} tokens/s, {n * one / crowd:.2f} × one at a time ({words / one:.1f} tokens/s)"
        aim = "≥ 2.5 ×" if bench.name.startswith("0.5b") else ""
        lines += [
            Line(f"{bench.name}: answers of {words} tokens, {n} at once", figure, aim),
            Line(f"{bench.name}: {n} at once against the bare loop", f"{loop / crowd:.2f} ×", "≥ 0.9 ×"),
        ]
    return lines


def against_server(bench: Bench) -> list[Line]:
    """A shared prefix, new to both and then known to both: llama.cpp's server."""
    return [line for count in (4, 8) for line in _against_server(bench, count)]


def _against_server(bench: Bench, count: int) -> list[Line]:
    words = bench.words
    prefixes = [bench.tokens(bench.prefix) for _ in range(bench.rounds + 1)]
    spent: dict[str, list[float]] = {}
    with (
        bench.batcher(limit=count, cells=3 * bench.prefix + count * (2 * QUESTION + words)) as batcher,
        rivals.server(
            bench.path,
            threads=bench.threads,
            parallel=count,
            gpu_layers=bench.wishes.gpu_layers,
            program=bench.wishes.server,
        ) as address,
    ):
        for prefix in prefixes:
            # All of the server's slots know the prefix after the first crowd, as in a bot that has run for a while.
            for state in ("new", "known"):
                questions = [bench.tokens(QUESTION) for _ in range(count)]
                spent.setdefault(f"ours {state}", []).append(together(batcher, prefix, questions, words=words))
                prompts = [prefix + bench.tokens(QUESTION) for _ in range(count)]
                spent.setdefault(f"server {state}", []).append(rivals.ask_server(address, prompts, words=words))
    # The first round warms up.
    middle = {what: statistics.median(seconds[1:]) for what, seconds in spent.items()}
    return [
        Line(
            f"{bench.name}: {count} at once, a prefix of {bench.prefix} tokens {state} to both, llama.cpp's server",
            f"{theirs / ours:.2f} × ({ours:.2f} s and {theirs:.2f} s)",
            "≥ 1.0 ×",
        )
        for state, ours, theirs in (
            (state, middle[f"ours {state}"], middle[f"server {state}"]) for state in ("known", "new")
        )
    ]


def against_llamas(bench: Bench) -> list[Line]:
    """One ``Llama`` a job: eight jobs in turn, of which the first four are counted apart."""
    in_turn: list[list[float]] = []
    words = bench.words
    with bench.batcher(limit=8, cells=3 * bench.prefix + 8 * (2 * QUESTION + words)) as batcher:
        prefix = bench.tokens(bench.prefix)
        ask(batcher, prefix, bench.tokens(QUESTION), words=words)

        def theirs() -> float:
            prompts = [prefix + bench.tokens(QUESTION) for _ in range(8)]
            gpu_layers = bench.wishes.gpu_layers
            in_turn.append(
                rivals.one_llama_a_job(bench.path, prompts, words=words, threads=bench.threads, gpu_layers=gpu_layers)
            )
            return sum(in_turn[-1])

        def ours(count: int) -> float:
            return together(batcher, prefix, [bench.tokens(QUESTION) for _ in range(count)], words=words)

        four, eight, all_eight = bench.median(lambda: ours(4), lambda: ours(8), theirs)
    first_four = statistics.median(sum(seconds[:4]) for seconds in in_turn)
    what = f"{bench.name}: {{}} jobs at once, known prefix of {bench.prefix} tokens, against one Llama a job, in turn"
    return [
        Line(what.format(4), f"{first_four / four:.1f} × ({four:.2f} s and {first_four:.1f} s)", "≥ 3 ×"),
        Line(what.format(8), f"{all_eight / eight:.1f} × ({eight:.2f} s and {all_eight:.1f} s)", "≥ 3 ×"),
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
            f"{warm:.3f} s, {cold / warm:.1f} × sooner than cold ({cold:.3f} s)",
            "≥ 5 ×",
        ),
        Line(
            f"{bench.name}: two judge questions of {DOUBT} tokens after 100 tokens over 600 of passages",
            f"{judged:.3f} s, {100 * judged / answer:.0f} % of the answer's {answer:.2f} s",
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
        ask(batcher, [], bench.tokens(QUESTION), words=bench.words)
        # In the middle of either: a GPU reads this prompt in a fraction of a second.
        after_s = min(1.0, ask(batcher, [], bench.tokens(3000), words=1) / 2)
        for _ in range(3 * bench.rounds):
            found["prompt"].append(_cancel(batcher, bench.tokens(3000), after_s=after_s))
            found["answer"].append(_cancel(batcher, bench.tokens(8), after_s=after_s))
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
    "answers": profiles.answers,
    "profiles": profiles.profiles,
}


MODELS = {
    "0.5b": (weights.HALF, "q8_0"),
    "1.5b": (weights.ONE_AND_A_HALF, "q4_k_m"),
    "4b": (weights.FOUR, "q4_k_m"),
    "8b": (weights.EIGHT, "q4_k_m"),
}


def main() -> None:
    """Measure and write the table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prefix", type=int, default=1000, help="tokens of the shared prefix")
    parser.add_argument("--words", type=int, default=48, help="tokens of an answer")
    parser.add_argument("--crowds", default="8", help="how many customers at once")
    parser.add_argument("--gpu-layers", type=int, default=0, help="as N_GPU_LAYERS")
    parser.add_argument("--server", help="the program llama-server of the same build, instead of the package xllamacpp")
    parser.add_argument("--parts", default=",".join([*PARTS, "queue", "memory", "worker"]))
    parser.add_argument("--models", default="0.5b,1.5b", help="of 0.5b, 1.5b, 4b and 8b")
    parser.add_argument("--dry", action="store_true", help="print instead of writing docs/benchmarks.md")
    wishes = parser.parse_args()
    parts = wishes.parts.split(",")
    lines = [Line("threads of every side, rounds", f"{wishes.threads}, {wishes.rounds}")]
    how = Wishes(
        threads=wishes.threads,
        rounds=wishes.rounds,
        prefix=wishes.prefix,
        words=wishes.words,
        crowds=tuple(map(int, wishes.crowds.split(","))),
        gpu_layers=wishes.gpu_layers,
        server=wishes.server,
    )
    for name in wishes.models.split(","):
        bench = Bench(*MODELS[name], how)
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
