"""``make bench-delivery``: nothing lost, nothing twice, in order, under faults and kills; and what that costs.

Everything runs on this machine and nothing leaves it: the sandbox in this process, the product as processes of its
own, on SQLite and on PostgreSQL. About eight minutes on two calm cores.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.bot import echoes_per_second
from benchmarks.crowd import Crowd, Plan, chance, small_world
from benchmarks.databases import KINDS, Kind, database
from benchmarks.delays import RATE_PER_S, beside_a_full_group, queueing
from benchmarks.hostility import hostile
from benchmarks.pair import outlive_the_sender
from benchmarks.report import Line
from benchmarks.stage import stage
from benchmarks.verdict import Verdict, judge

NAME: Final = "bench-delivery"
CROWD: Final = Plan(customers=50, messages=40, talkers=3, talks=8, pause_s=1.0)
PAIR: Final = Plan(customers=20, messages=10, talkers=2, talks=4, pause_s=0.5)
GROUPS: Final = 3
"""A group takes 20 calls a minute: what one of them could not take would wait there, and hide what is lost."""
STUCK_S: Final = 120.0
RECOVERY_S: Final = 4.0
"""About how long the product is down after a kill."""
DELAYS_S: Final = 20.0
ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    kills: int = 12
    gap_s: float = 5.0
    """Between two kills, on average."""
    seed: int = 1
    figures: str = "abcde"
    kinds: tuple[Kind, ...] = KINDS


async def hostile_telegram(kind: Kind, options: Options) -> list[Line]:
    """(a) A crowd, all faults and kills at random moments."""
    with tempfile.TemporaryDirectory(prefix="otvet-") as name:
        folder = Path(name)
        async with database(kind, folder) as address:
            world = small_world(CROWD.customers, limits=True, seed=options.seed, groups=GROUPS)
            async with stage(world, address, folder) as running:
                # As long as the kills take, people talk.
                pause_s = max(CROWD.pause_s, options.kills * (options.gap_s + RECOVERY_S) / CROWD.messages)
                crowd = Crowd(world, replace(CROWD, pause_s=pause_s), chance(options.seed))
                began = time.monotonic()
                async with crowd.listening():
                    async with hostile(world):
                        killed, _ = await asyncio.gather(
                            running.kill_at_random(chance(options.seed), options.kills, options.gap_s), crowd.play()
                        )
                    played_s = time.monotonic() - began
                    drained_s = await running.drained(STUCK_S)
                verdict = await judge(crowd, running.database)
    kills = ", ".join(f"{victim} {times}" for victim, times in sorted(killed.items()))
    title = f"{kind}: {CROWD.customers} customers × {CROWD.messages} messages, all faults, {options.kills} kills"
    return [
        Line(title, f"{played_s:.0f} s, {drained_s:.0f} s more until nothing waited ({kills or 'none'})"),
        *_verdict(kind, verdict),
    ]


def _verdict(kind: Kind, verdict: Verdict) -> list[Line]:
    for fault in verdict.faults:
        print(f"  ! {fault}")  # noqa: T201  # for a person to look into
    return [
        Line(f"{kind}: messages lost, of {verdict.messages}", str(len(verdict.lost)), "0"),
        Line(f"{kind}: shown twice without reason", str(len(verdict.twice)), "0"),
        Line(f"{kind}: shown once more after a send with an unknown outcome", str(verdict.twice_when_unknown)),
        Line(f"{kind}: chats whose order was not kept", str(len(verdict.out_of_order)), "0"),
        Line(f"{kind}: calls inside a retry_after", str(verdict.in_pause), "0"),
        Line(f"{kind}: calls, turns or updates that never ended", str(len(verdict.unfinished)), "0"),
        Line(
            f"{kind}: answered / seen by a person instead / in a turn of more than three questions, not this one",
            f"{verdict.answered} / {verdict.by_person} / {len(verdict.folded)}",
        ),
    ]


async def own_delay(kind: Kind, options: Options) -> list[Line]:
    """(b) What our own queueing adds when no limit binds."""
    with tempfile.TemporaryDirectory(prefix="otvet-") as name:
        async with database(kind, Path(name)) as address:
            delays = await queueing(address, Path(name), DELAYS_S, options.seed)
    what = f"{kind}: from decision to the call's arrival, {RATE_PER_S:.0f} questions a second, {len(delays)} answers"
    return [Line(what, report.spread(delays, 0.95), "p95 ≤ 300 ms")]


async def throughput(kind: Kind, _options: Options) -> list[Line]:
    """(c) Durable updates a second, against the bare echo bot of the same run, in turn."""
    rates: dict[str, list[float]] = {"bare": [], "batches": [], "outbox": []}
    for _ in range(ROUNDS):
        for echo, seen in rates.items():
            with tempfile.TemporaryDirectory(prefix="otvet-") as name:
                async with database(kind, Path(name)) as address:
                    seen.append(await echoes_per_second(echo, address))
    lines = [Line(f"{kind}: bare echo bot of the same run", f"{statistics.median(rates['bare']):.0f} updates/s")]
    for echo, what, aim in (
        ("batches", "durable updates: stored, then handled", "≥ 0.5 ×"),
        ("outbox", "the same, with every answer through the ledger", ""),
    ):
        ratio = statistics.median(ours / bare for ours, bare in zip(rates[echo], rates["bare"], strict=True))
        figure = f"{statistics.median(rates[echo]):.0f} updates/s, {ratio:.2f} × bare"
        lines.append(Line(f"{kind}: {what}", figure, aim))
    return lines


async def two_bots(kind: Kind, options: Options) -> list[Line]:
    """(d) Two bots behind one webhook, one of which is killed in the middle."""
    with tempfile.TemporaryDirectory(prefix="otvet-") as name:
        async with database(kind, Path(name)) as address:
            outcome = await outlive_the_sender(address, Path(name), PAIR, kill_after_s=5, seed=options.seed)
    verdict = outcome.verdict
    for fault in verdict.faults:
        print(f"  ! {fault}")  # noqa: T201  # for a person to look into
    figure = f"{len(verdict.lost)} / {len(verdict.twice)} / {len(verdict.out_of_order)}"
    silence = f"{outcome.silence_s:.1f} s until the other one sent, {verdict.twice_when_unknown} shown once more"
    return [
        Line(
            f"{kind}: two bots behind one webhook, the sender killed, {verdict.messages} messages: "
            "lost / answered twice / out of order",
            f"{figure} ({silence})",
            "0 / 0 / 0",
        )
    ]


async def full_group(kind: Kind, options: Options) -> list[Line]:
    """(e) A group at its limit beside private chats."""
    with tempfile.TemporaryDirectory(prefix="otvet-") as name:
        async with database(kind, Path(name)) as address:
            delays, owed = await beside_a_full_group(address, Path(name), DELAYS_S, options.seed)
    what = f"{kind}: the same delay in private chats while a group at its limit is owed {owed} calls"
    return [Line(what, report.spread(delays, 0.95), "as without it")]


Measure = Callable[[Kind, Options], Awaitable[list[Line]]]
FIGURES: Final[dict[str, tuple[str, Measure]]] = {
    "a": ("faults and kills", hostile_telegram),
    "b": ("our own queueing", own_delay),
    "c": ("updates a second", throughput),
    "d": ("two bots behind one webhook", two_bots),
    "e": ("a group at its limit", full_group),
}


async def main(options: Options) -> None:
    """Measure what was asked for and write it down."""
    lines: list[Line] = []
    for letter in options.figures:
        title, measure = FIGURES[letter]
        for kind in options.kinds:
            print(f"measuring {title}, {kind} …", flush=True)  # noqa: T201  # progress for a person
            lines += (measured := await measure(kind, options))
            for line in measured:
                print(f"  {line.what}: {line.figure}", flush=True)  # noqa: T201  # progress for a person
    if options.figures == "".join(FIGURES) and options.kinds == KINDS:
        report.write(NAME, lines)


def _options() -> Options:
    default = Options()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delivery", description=__doc__)
    parser.add_argument("--kills", type=int, default=default.kills, help="kills on each database (default %(default)s)")
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--figures", default=default.figures, help="some of abcde; the report needs all of them")
    parser.add_argument("--database", choices=KINDS, help="one of the two; the report needs both")
    given = parser.parse_args()
    kinds = (given.database,) if given.database else KINDS
    return Options(kills=given.kills, seed=given.seed, figures=given.figures, kinds=kinds)


if __name__ == "__main__":
    asyncio.run(main(_options()))
