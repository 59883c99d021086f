"""``make bench-kills``: a thousand turns under kill -9 of worker, bot and Redis: what is lost, how long it stops.

Once with the extractive engine and once with a real llama.cpp worker over a model of 600 kB, on SQLite, everything on
this machine. About seven minutes with the one, seventeen with the other.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from benchmarks import report
from benchmarks.crowd import Crowd, Plan, chance, groups_in, small_world
from benchmarks.databases import database
from benchmarks.processes import REDIS
from benchmarks.report import Line
from benchmarks.stage import BOT, EMPTIED, WORKER, Stage, stage
from benchmarks.verdict import judge, waiting
from sandbox.telegram.state import World
from support.database import Database
from support.deliveries import DeliveryState
from support.tables import CustomerRow, TurnRow
from support.transport_tables import DeliveryRow
from support.turns import TurnState
from tests.workers import tiny_gguf

NAME: Final = "bench-kills"
CUSTOMERS: Final = 50
VICTIMS: Final = (WORKER, BOT, REDIS, EMPTIED)
ENGINES: Final = ("extractive", "llama_cpp")
SAYS: Final = "Гарантия указана в талоне [1]."
"""What the model answers everything with: every passage of the catalogue says so."""
GROUPS: Final = 3
STUCK_S: Final = 120.0
LOOK_S: Final = 0.2
RATE_PER_S: Final = {"extractive": 2.5, "llama_cpp": 1.0}
"""Questions a second: what two cores bear that also run everything else. A full queue would measure the queue."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    engines: tuple[str, ...] = ENGINES
    turns: int = 1000
    kills: int = 40
    seed: int = 1


@dataclass(slots=True)
class Watch:
    """How long nobody heard anything although something waited, and when who was killed; monotonic seconds."""

    kills: list[tuple[str, float]] = field(default_factory=list)
    silences: list[tuple[float, float]] = field(default_factory=list)
    """(when, how long it had been silent by then)."""
    starts_s: list[float] = field(default_factory=list)
    """From each kill of the bot until it asked Telegram for updates again."""
    _heard_at: float = field(default_factory=time.monotonic)

    def pauses(self) -> dict[str, list[float]]:
        """Return for each kill the longest silence until the next kill."""
        ends = [at for _, at in self.kills[1:]] + [float("inf")]
        found: dict[str, list[float]] = {}
        for (victim, at), end in zip(self.kills, ends, strict=True):
            silences = [silence for when, silence in self.silences if at <= when < end]
            found.setdefault(victim, []).append(max(silences, default=0.0))
        return found

    async def listen(self, world: World) -> None:
        """Note what customers hear from the bot."""
        operators = set(groups_in(world))
        with world.events.listen() as events:
            while True:
                event: dict[str, Any] = await events.get()
                message = event.get("message", {})
                if event["type"] == "message" and message["from"]["is_bot"] and message["chat"]["id"] not in operators:
                    self._heard_at = time.monotonic()

    async def look(self, world: World, data: Database) -> None:
        """Measure the silence again and again; where nothing waits there is none."""
        while True:
            if not await waiting(world, data):
                self._heard_at = time.monotonic()
            now = time.monotonic()
            self.silences.append((now, now - self._heard_at))
            await asyncio.sleep(LOOK_S)


async def measure(engine: str, options: Options) -> list[Line]:
    """Play the turns under kills with one engine."""
    messages = max(1, options.turns // CUSTOMERS)
    plan = Plan(CUSTOMERS, messages, pause_s=options.turns / RATE_PER_S[engine] / messages)
    watch = Watch()
    with tempfile.TemporaryDirectory(prefix="otvet-") as name:
        folder = Path(name)
        async with database("SQLite", folder) as address:
            world = small_world(CUSTOMERS, limits=False, seed=options.seed, groups=GROUPS)
            async with stage(world, address, folder, worker=_worker(engine, folder)) as running:
                crowd = Crowd(world, plan, chance(options.seed))
                watching = [
                    asyncio.create_task(watch.listen(world)),
                    asyncio.create_task(watch.look(world, running.database)),
                ]
                async with crowd.listening():
                    gap_s = options.turns / RATE_PER_S[engine] / options.kills
                    killer = asyncio.create_task(_kill(running, watch, options, gap_s))
                    await crowd.play()
                    await killer
                    await running.drained(STUCK_S)
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)
                verdict = await judge(crowd, running.database)
                turns, answered, reasons, unseen = await _turns(world, running.database)
    faults = [*verdict.faults, *unseen]
    for fault in faults:
        print(f"  ! {fault}")  # noqa: T201  # for a person to look into
    pauses = watch.pauses()
    silent = [pause for some in pauses.values() for pause in some]
    by_victim = ", ".join(f"{who} {len(some)} × {max(some):.1f} s" for who, some in sorted(pauses.items()))
    why = ", ".join(f"{reason} {times}" for reason, times in reasons.most_common())
    title = f"{engine}: {verdict.messages} questions in {turns} turns, {len(silent)} kills"
    return [
        Line(f"{title}: answered / by a person", f"{answered} / {reasons.total()} ({why or 'none'})"),
        Line(f"{engine}: lost", str(len(verdict.lost) + len(unseen)), "0"),
        Line(f"{engine}: answered or shown twice without reason", str(len(verdict.twice)), "0"),
        Line(
            f"{engine}: anything shown once more after a send with an unknown outcome", str(verdict.twice_when_unknown)
        ),
        Line(f"{engine}: never ended", str(len(verdict.unfinished)), "0"),
        Line(
            f"{engine}: of a silence after the bot's kill, its own start: median, longest",
            f"{statistics.median(watch.starts_s):.1f} s, {max(watch.starts_s):.1f} s" if watch.starts_s else "no kill",
        ),
        Line(
            f"{engine}: silence after a kill: median, longest (each victim's kills and longest)",
            f"{statistics.median(silent):.1f} s, {max(silent):.1f} s ({by_victim})",
            "≤ 8 s",
        ),
    ]


def _worker(engine: str, folder: Path) -> Mapping[str, str]:
    if engine != "llama_cpp":
        return {"ENGINE": engine}
    path = folder / "tiny.gguf"
    tiny_gguf.write(path, SAYS, also=("да",))
    return {"ENGINE": engine, "MODEL_PATH": str(path), "SLOTS": "4"}


async def _kill(running: Stage, watch: Watch, options: Options, gap_s: float) -> None:
    random = chance(options.seed)
    for _ in range(options.kills):
        await asyncio.sleep(random.uniform(0.2, 1.8) * gap_s)
        victim = random.choice(VICTIMS)
        watch.kills.append((victim, time.monotonic()))
        await running.kill(victim, random.uniform(0, 0.5))
        if victim == BOT:
            # What comes during its start is the business of bench-delivery; here it would hide who was silent why.
            await running.ready()
            watch.starts_s.append(time.monotonic() - watch.kills[-1][1])


async def _turns(world: World, database: Database) -> tuple[int, int, Counter[str], list[str]]:
    """Return how many turns there were, how many were answered, why others went to a person, and unseen answers."""
    async with database.reading() as session:
        turns = list(await session.scalars(select(TurnRow)))
        chats = {row.id: row.chat_id for row in await session.scalars(select(CustomerRow))}
        calls = list(await session.scalars(select(DeliveryRow).where(DeliveryRow.key.like("turn:%:Answered%"))))
    answered = [turn for turn in turns if turn.state == TurnState.ANSWERED]
    delivered: dict[int | None, list[DeliveryRow]] = {}
    for call in calls:
        if call.state == DeliveryState.DELIVERED:
            delivered.setdefault(call.turn_id, []).append(call)
    unseen = []
    for turn in answered:
        messages = world.chats[chats[turn.customer_id]].messages
        if not any(call.message_id in messages for call in delivered.get(turn.id, ())):
            unseen.append(f"turn {turn.id} counts as answered and nobody sees the answer")
    reasons = Counter(str(turn.outcome) for turn in turns if turn.state == TurnState.ESCALATED)
    return len(turns), len(answered), reasons, unseen


async def main(options: Options) -> None:
    """Measure what was asked for and write it down."""
    lines: list[Line] = []
    for engine in options.engines:
        print(f"killing under {engine} …", flush=True)  # noqa: T201  # progress for a person
        lines += (measured := await measure(engine, options))
        for line in measured:
            print(f"  {line.what}: {line.figure}", flush=True)  # noqa: T201  # progress for a person
    if options.engines == ENGINES:
        report.write(NAME, lines)


def _options() -> Options:
    default = Options()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--turns", type=int, default=default.turns)
    parser.add_argument("--kills", type=int, default=default.kills)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--engine", choices=ENGINES, help="one of the two; the report needs both")
    given = parser.parse_args()
    engines = (given.engine,) if given.engine else ENGINES
    return Options(engines, given.turns, given.kills, given.seed)


if __name__ == "__main__":
    asyncio.run(main(_options()))
