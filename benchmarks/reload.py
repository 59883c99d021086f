"""``make bench-reload``: one changed article on its way to the customer, and searches while releases are switched.

A child process builds, as the build worker does; this one searches 50 times a second and follows the pointer, as the
bot does. Every search must be answered from one release: an article of each release says which one it is.
"""

import argparse
import asyncio
import multiprocessing
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from benchmarks import catalogue
from benchmarks.report import Line, percentile, spread, write
from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore, Stage

RATE_PER_S: Final = 50
SECTIONS: Final = 5
"""Chunks of an article."""
WORDS: Final = 60
LOOK_S: Final = 0.05
"""How often this process looks at the pointer; the bot is told over Redis."""
MARK: Final = "Номер издания справочника"


@dataclass(slots=True)
class Heard:
    """What the searches gave."""

    quiet_ms: list[float] = field(default_factory=list)
    reloading_ms: list[float] = field(default_factory=list)
    failed: int = 0
    mixed: int = 0


def write_base(folder: Path, chunks: int, chance: random.Random) -> None:
    """Write articles whose words are as unevenly frequent as in a language."""
    folder.mkdir(parents=True)
    words = [catalogue.model(number).lower() for number in range(1, 20_001)]
    shares = [1 / (rank + 10) for rank in range(len(words))]

    def told(n: int) -> str:
        return " ".join(chance.choices(words, shares, k=n)).capitalize()

    for article in range(chunks // SECTIONS):
        sections = "\n\n".join(f"## {told(3)}\n\n{told(WORDS)}." for _ in range(SECTIONS))
        (folder / f"a{article:06}.md").write_text(f"# {told(3)}\n\n{sections}\n", encoding="utf-8")


def write_edition(folder: Path, edition: int) -> None:
    """Change one article."""
    (folder / "edition.md").write_text(f"# {MARK}\n\nСейчас действует издание {edition}.\n", encoding="utf-8")


def build_on_demand(sources: Path, releases: Path, orders: Connection) -> None:
    """Build whenever an edition comes over the pipe, as a build worker does; answer with the steps' seconds."""
    store = ReleaseStore(releases)
    while (edition := orders.recv()) is not None:
        write_edition(sources, edition)
        stages: list[tuple[str, float]] = []

        def at(stage: Stage, stages: list[tuple[str, float]] = stages) -> None:
            stages.append((stage.step.value, time.monotonic()))

        report = store.build(sources, progress=at)
        ends = [moment for _, moment in stages[1:]] + [time.monotonic()]
        orders.send((report.seconds, [(name, end - start) for (name, start), end in zip(stages, ends, strict=True)]))


async def search_steadily(
    current: CurrentKnowledge, heard: Heard, reloading: asyncio.Event, queries: list[str]
) -> None:
    """Search RATE_PER_S times a second; a search that is late counts from when it was due."""
    clock = asyncio.get_running_loop()
    due, number = clock.time(), 0
    while True:
        due += 1 / RATE_PER_S
        await asyncio.sleep(max(0.0, due - clock.time()))
        base = current.get()
        number += 1
        query = MARK if number % 5 == 0 else queries[number % len(queries)]
        try:
            result = base.search(query) if base else None
        except Exception:  # noqa: BLE001  # counted, whatever it is
            result = None
        if result is None or base is None or not result.passages:
            heard.failed += 1
        elif result.release != base.release or (
            query == MARK and not _is_of(result.passages[0].chunk.text, result.release)
        ):
            heard.mixed += 1
        took_ms = 1000 * (clock.time() - due)
        (heard.reloading_ms if reloading.is_set() else heard.quiet_ms).append(took_ms)


def _is_of(text: str, release: int) -> bool:
    """Whether the article is that of the release: edition and release have the same number here."""
    return f"издание {release}." in text


async def follow(current: CurrentKnowledge) -> None:
    """Load what the pointer names, as ``bot.releases`` does."""
    while True:
        if current.is_behind():
            await asyncio.to_thread(current.refresh)
        await asyncio.sleep(LOOK_S)


async def measure(chunks: int, rounds: int, quiet_s: float, folder: Path) -> list[Line]:
    """Build a base, then change one article again and again under load."""
    sources, releases = folder / "sources", folder / "releases"
    chance = random.Random(7)  # noqa: S311  # a repeatable base, no secret
    write_base(sources, chunks, chance)
    here, there = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=build_on_demand, args=(sources, releases, there))
    child.start()
    here.send(1)
    whole_s, whole_steps = await asyncio.to_thread(here.recv)
    current, heard, reloading = CurrentKnowledge(ReleaseStore(releases)), Heard(), asyncio.Event()
    base = await asyncio.to_thread(current.get)
    queries = [" ".join(chunk.text.split()[:6]) for chunk in chance.sample(base.chunks if base else (), 50)]
    tasks = [
        asyncio.create_task(search_steadily(current, heard, reloading, queries)),
        asyncio.create_task(follow(current)),
    ]
    await asyncio.sleep(quiet_s)
    live: list[float] = []
    steps: Sequence[tuple[str, float]] = ()
    for edition in range(2, rounds + 2):
        reloading.set()
        started = time.monotonic()
        here.send(edition)
        _, steps = await asyncio.to_thread(here.recv)
        while (found := current.get()) is None or found.release != edition:  # noqa: ASYNC110  # what is measured
            await asyncio.sleep(0.01)
        live.append(time.monotonic() - started)
        reloading.clear()
        await asyncio.sleep(quiet_s / rounds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    here.send(None)
    child.join(10)
    return _lines(chunks, (whole_s, whole_steps), live, steps, heard)


def _lines(
    chunks: int,
    whole: tuple[float, Sequence[tuple[str, float]]],
    live: list[float],
    steps: Sequence[tuple[str, float]],
    heard: Heard,
) -> list[Line]:
    before, beside = percentile(heard.quiet_ms, 0.99), percentile(heard.reloading_ms, 0.99)
    searches = len(heard.quiet_ms) + len(heard.reloading_ms)
    return [
        Line(f"{chunks} chunks: the first release", f"{whole[0]:.1f} s ({_told(whole[1])})"),
        Line("one changed article, until searches see it", f"{min(live):.1f} … {max(live):.1f} s", "≤ 2 s"),
        Line("where that goes in the last build", _told(steps)),
        Line(f"searches at {RATE_PER_S}/s, quiet", spread(heard.quiet_ms)),
        Line(
            "the same while a release is built and loaded",
            f"{spread(heard.reloading_ms)}, {beside / before:.1f} ×",
            "≤ 2 ×",
        ),
        Line(f"of {searches} searches: failed; from a mixture of releases", f"{heard.failed}; {heard.mixed}", "0; 0"),
    ]


def _told(steps: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in steps)


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quiet", type=float, default=20.0, help="seconds of searches before the first reload")
    parser.add_argument("--dry", action="store_true", help="print only, leave docs/benchmarks.md as it is")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="otvet-reload-") as folder:
        lines = asyncio.run(measure(arguments.chunks, arguments.rounds, arguments.quiet, Path(folder)))
    told = "\n".join(f"{line.what}: {line.figure}" for line in lines) if arguments.dry else write("bench-reload", lines)
    print(told)  # noqa: T201  # the result


if __name__ == "__main__":
    main()
