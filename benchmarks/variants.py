"""What could be added to the batching, and whether it would pay: guessing ahead, smaller cells, adapters.

Guessing ahead (prompt lookup, Saxena 2023) writes the words down that followed the last ones in the prompt, and reads
them in one batch with the next word. Each side of a ratio is measured in turn, step by step, in processor time where no
thread waits for another's; figures are medians.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import llama_cpp as C  # noqa: N812  # the C API under one letter

from benchmarks import rivals, weights
from benchmarks.report import Line
from workers.engines.llama.batcher import Batcher
from workers.engines.llama.library import Adapter, Context, Entry, abilities

if TYPE_CHECKING:
    from benchmarks.generation import Bench

PROMPT: Final = 600
GUESSED: Final = 4
STEPS: Final = 12
CROWDS: Final = (1, 8)
WORDS: Final = 24
# ggml.h, enum ggml_type, and llama.h, enum llama_flash_attn_type.
_F16, _Q8_0 = 1, 8
_FLASH_OFF, _FLASH_ON = 0, 1
_CELLS: Final = 16_384
_FAR_S: Final = 3600.0


class _Variant(Context):
    """A context whose cells are of another type."""

    cell, flash = _F16, _FLASH_OFF

    def _wishes(self, threads: int, *, on_gpu: bool) -> C.llama_context_params:
        wishes = super()._wishes(threads, on_gpu=on_gpu)
        wishes.type_k = wishes.type_v = self.cell
        wishes.flash_attn_type = self.flash
        return wishes


class _Flash(_Variant):
    flash = _FLASH_ON


class _Small(_Flash):
    # Values of less than 16 bits are only read by flash attention.
    cell = _Q8_0


def guessing(bench: "Bench") -> list[Line]:
    """What a step costs that checks four guesses, and how many of them must be right for it to pay."""
    lines = []
    for crowd in CROWDS:
        with _after_prompt(bench, _Variant, cells=2048, crowd=crowd) as context:
            plain, checked = _in_turn(
                lambda context=context, crowd=crowd: _step(context, crowd, 1),  # type: ignore[misc]
                lambda context=context, crowd=crowd: _step(context, crowd, 1 + GUESSED),  # type: ignore[misc]
            )
        cost = checked / plain
        lines.append(
            Line(
                f"{bench.name}: {crowd} at once after {PROMPT} tokens, a step that checks {GUESSED} guessed words each",
                f"{cost:.2f} × a step without ({1000 * checked:.0f} and {1000 * plain:.0f} ms): "
                f"{_says(break_even(cost, GUESSED))}",
            )
        )
    return lines


def break_even(cost: float, guessed: int) -> float | None:
    """Return the share of right guesses from which on a step of ``cost`` plain steps pays; None: never.

    With every guess right by the same chance a, a step gives 1 + a + … + a^guessed words (Leviathan et al. 2023).
    """
    if cost > guessed + 1:
        return None
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if sum(middle**i for i in range(guessed + 1)) >= cost else (middle, high)
    return high


def _says(share: float | None) -> str:
    return "never pays" if share is None else f"pays from {100 * share:.0f} % right guesses on"


def small_cells(bench: "Bench") -> list[Line]:
    """Speed and memory with keys and values in 8 bits, and with flash attention alone, against what we do."""
    contexts: dict[type[_Variant], Context] = {}
    memory: dict[type[_Variant], float] = {}
    for kind in (_Variant, _Flash, _Small):
        before = _resident_mb()
        contexts[kind] = kind(bench.model, cells=_CELLS, sequences=9, batch=512, threads=bench.threads)
        memory[kind] = _resident_mb() - before
    sides = list(contexts.values())
    read = dict(zip(contexts, bench.median(*(lambda c=c: _read(bench, c) for c in sides)), strict=True))
    steps: dict[tuple[type[_Variant], int], float] = {}
    for crowd in CROWDS:
        for context in sides:
            for sequence in range(1, crowd):
                context.copy(0, sequence)
        spent = _in_turn(*(lambda c=c, crowd=crowd: _step(c, crowd, 1) for c in sides))
        steps |= {(kind, crowd): seconds for kind, seconds in zip(contexts, spent, strict=True)}
    for context in sides:
        context.close()
    lines = []
    for kind, name in ((_Flash, "flash attention alone"), (_Small, "flash attention and cells of 8 bits")):
        faster = ", ".join(f"{crowd} at once {steps[_Variant, crowd] / steps[kind, crowd]:.2f} ×" for crowd in CROWDS)
        lines.append(
            Line(
                f"{bench.name}: speed with {name}, against neither, after {PROMPT} tokens",
                f"reading {read[_Variant] / read[kind]:.2f} ×, writing {faster}; "
                f"{_CELLS:,} cells take {memory[kind]:.0f} MB instead of {memory[_Variant]:.0f}",
            )
        )
    return lines


def mixed_adapters(bench: "Bench") -> list[Line]:
    """Eight at once, with one adapter for all and with several mixed: a step serves one adapter only."""
    loaded: list[Adapter | None] = [bench.model.adapter(weights.adapter(bench.shape, seed)) for seed in range(4)]
    context = Context(bench.model, cells=2048, sequences=8 + 5, batch=512, threads=bench.threads)
    batcher = Batcher(bench.model, context, abilities(context, bench.tokens(4)), limit=8)
    mixtures = {"none": [None], "one": loaded[:1], "two mixed": loaded[:2], "four mixed": loaded}
    try:
        _answers(bench, batcher, loaded)
        spent = bench.median(
            *(lambda mixture=mixture: _answers(bench, batcher, mixture) for mixture in mixtures.values())
        )
    finally:
        batcher.close()
        context.close()
    figures = (f"{name} {8 * WORDS / s:.1f} ({spent[0] / s:.2f} ×)" for name, s in zip(mixtures, spent, strict=True))
    what = f"{bench.name}: eight answers of {WORDS} tokens at once by adapters of rank 16, tokens a processor second"
    return [Line(what, ", ".join(figures))]


def _answers(bench: "Bench", batcher: Batcher, adapters: Sequence[Adapter | None]) -> float:
    """Let eight questions be answered; return the processor's seconds."""

    def one(number: int) -> None:
        adapter, question = adapters[number % len(adapters)], bench.tokens(16)
        room = len(question) + WORDS
        with batcher.open([], room=room, deadline=time.time() + _FAR_S, adapter=adapter) as sequence:
            if sequence.write(question, budget=WORDS).tokens != WORDS:
                raise RuntimeError("the model ended its answer by chance: run again")

    began = time.process_time()
    rivals.all_at_once([lambda number=number: one(number) for number in range(8)])  # type: ignore[misc]
    return time.process_time() - began


@contextmanager
def _after_prompt(bench: "Bench", kind: type[Context], *, cells: int, crowd: int) -> Iterator[Context]:
    """A context in which ``crowd`` sequences hold the same prompt."""
    # As many sequences as rows of logits may be wanted.
    context = kind(bench.model, cells=cells, sequences=crowd * (1 + GUESSED), batch=512, threads=bench.threads)
    _read(bench, context)
    for sequence in range(1, crowd):
        context.copy(0, sequence)
    yield context
    context.close()


def _read(bench: "Bench", context: Context) -> float:
    """Read a new prompt in sequence 0; return the processor's seconds."""
    tokens = bench.tokens(PROMPT)
    context.remove(0)
    began = time.process_time()
    for start in range(0, PROMPT, 300):
        piece = tokens[start : start + 300]
        context.decode([Entry(t, start + i, 0, start + i == PROMPT - 1) for i, t in enumerate(piece)])
    return time.process_time() - began


def _step(context: Context, crowd: int, words: int) -> float:
    """Read so many words after every sequence, choose what follows, and forget them; return the processor's seconds."""
    entries = [Entry(5000 + word, PROMPT + word, n, True) for n in range(crowd) for word in range(words)]
    began = time.process_time()
    context.decode(entries)
    for row in range(len(entries)):
        context.logits(row).argmax()
    seconds = time.process_time() - began
    for sequence in range(crowd):
        context.remove(sequence, PROMPT)
    return seconds


def _in_turn(*sides: Callable[[], float]) -> list[float]:
    found = [[side() for side in sides] for _ in range(STEPS)]
    return [statistics.median(values) for values in zip(*found, strict=True)]


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6
