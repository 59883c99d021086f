"""``make bench-desk``: an hour at the operators' desk, against limits as Telegram has them, and relays without limits.

Two hundred customers who need a person, ten operators, three groups, everything on this machine. The peer is the way
of nessshon/support-bot, computed for the very conversations that were played: a topic, a card, a copy of every message
of the customer and a notice for every message of an operator.
"""

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.crowd import groups_in
from benchmarks.databases import database
from benchmarks.desk_day import Day, Shape, day_world
from benchmarks.report import Line
from benchmarks.stage import Stage, stage
from sandbox.telegram import people
from sandbox.telegram.api import COUNTED
from sandbox.telegram.people import Words

NAME: Final = "bench-desk"
STUCK_S: Final = 90.0
RELAYS: Final = 150
"""In each direction."""
RELAY_EVERY_S: Final = 0.8
"""Rarely enough that the bot's own budget (20 a minute to a group) holds nothing back: that is another figure."""
CALM_S: Final = 60.0
"""After the conversations were opened: what that has cost is forgotten by then."""
RELAY_WAIT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    minutes: float = 60.0
    per_hour: int = 200
    seed: int = 1
    parts: tuple[str, ...] = ("hour", "relay")


async def hour(options: Options) -> list[Line]:
    """Play the hour; return what it cost and whether anybody was forgotten."""
    shape = Shape(minutes=options.minutes, customers=max(1, round(options.per_hour * options.minutes / 60)))
    world = day_world(shape, limits=True, seed=options.seed)
    with tempfile.TemporaryDirectory(prefix="otvet-") as name:
        async with database("SQLite", Path(name)) as address, stage(world, address, Path(name)) as running:
            day = Day(running, shape, options.seed)
            await day.play()
            await running.drained(STUCK_S)
    groups = set(groups_in(world))
    calls = [call for call in world.journal.after(0) if call["chat_id"] in groups and call["method"] in COUNTED]
    ours = sum(call["ok"] for call in calls)
    refused = sum(call["error_code"] == 429 for call in calls)  # noqa: PLR2004  # Telegram's «too many»
    peer = sum(2 + talk.from_customer + talk.from_operator for talk in day.talks)
    talks = len(day.talks)
    words = sum(talk.from_customer + talk.from_operator for talk in day.talks)
    kinds = ", ".join(f"{method} {number}" for method, number in _kinds(calls))
    title = f"{talks} conversations in {options.minutes:.0f} min, {shape.operators} operators, {shape.groups} groups"
    return [
        Line(f"{title}: nobody answered", str(sum(talk.from_operator == 0 for talk in day.talks)), "0"),
        Line("the same: words of people that did not arrive", str(await day.lost()), "0"),
        Line("the same: calls that Telegram refused as too many", str(refused), "0"),
        Line(
            "the same: longest time that a card or a topic's name was not as things were",
            f"{day.stale_s:.0f} s",
            "≤ 60 s",
        ),
        Line(
            f"calls in the group that Telegram counts, a conversation of {words / talks:.1f} messages",
            f"{ours / talks:.1f}, {ours / peer:.0%} of the peer's {peer / talks:.1f} ({kinds})",
            "≤ 70 %",
        ),
    ]


def _kinds(calls: "list[dict[str, object]]") -> list[tuple[str, int]]:
    names = [str(call["method"]) for call in calls if call["ok"]]
    return sorted(((name, names.count(name)) for name in set(names)), key=lambda pair: -pair[1])


async def relay(options: Options) -> list[Line]:
    """Measure from a person's message to its copy on the other side, without limits and without other work."""
    shape = Shape(minutes=1, customers=10)
    world = day_world(shape, limits=False, seed=options.seed)
    with tempfile.TemporaryDirectory(prefix="otvet-") as name:
        async with database("SQLite", Path(name)) as address, stage(world, address, Path(name)) as running:
            both = await _relay_delays(running, Day(running, shape, options.seed))
    return [
        Line(
            f"relay {side}, {len(delays)} messages, below the limits",
            report.spread(delays),
            "p50 ≤ 100 ms, p99 ≤ 500 ms",
        )
        for side, delays in both.items()
    ]


async def _relay_delays(running: Stage, day: Day) -> dict[str, list[float]]:
    world = running.world
    await day.open_all()
    await asyncio.sleep(CALM_S)
    arrived: dict[str, float] = {}
    said: dict[str, float] = {}

    async def listen() -> None:
        with world.events.listen() as events:
            while True:
                event = await events.get()
                message = event.get("message", {})
                if event["type"] == "message" and message["from"]["is_bot"] and message.get("text") in said:
                    arrived.setdefault(message["text"], time.monotonic())

    listener = asyncio.create_task(listen())
    await asyncio.sleep(0)
    for number in range(2 * RELAYS):
        talk = day.talks[number % len(day.talks)]
        words = f"{'Клиент' if number % 2 else 'Оператор'} говорит {number}"
        said[words] = time.monotonic()
        if number % 2:
            people.say(world, talk.customer_id, talk.customer_id, Words(text=words))
        else:
            people.say(world, talk.group, talk.operator_id, Words(text=words), thread_id=talk.thread_id)
        await asyncio.sleep(RELAY_EVERY_S)
    await asyncio.sleep(RELAY_WAIT_S)
    listener.cancel()
    delays = {words: 1000 * (at - said[words]) for words, at in arrived.items()}
    return {
        "to the operator": [ms for words, ms in delays.items() if words.startswith("Клиент")],
        "to the customer": [ms for words, ms in delays.items() if words.startswith("Оператор")],
    }


async def main(options: Options) -> None:
    """Measure what was asked for and write it down."""
    lines: list[Line] = []
    for name in options.parts:
        print(f"{name} …", flush=True)  # noqa: T201  # progress for a person
        lines += (measured := await (hour if name == "hour" else relay)(options))
        for line in measured:
            print(f"  {line.what}: {line.figure}", flush=True)  # noqa: T201  # progress for a person
    if options.parts == Options().parts:
        report.write(NAME, lines)


def _options() -> Options:
    default = Options()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.desk", description=__doc__)
    parser.add_argument("--minutes", type=float, default=default.minutes, help="the hour is as long as you say")
    parser.add_argument("--per-hour", type=int, default=default.per_hour)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--parts", default=",".join(default.parts), help="hour, relay or both; the report needs both")
    given = parser.parse_args()
    return Options(given.minutes, given.per_hour, given.seed, tuple(given.parts.split(",")))


if __name__ == "__main__":
    asyncio.run(main(_options()))
