"""Figures as a table between the report's marks in docs/benchmarks.md."""

import os
import platform
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

REPORT: Final = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the report."""

    what: str
    figure: str
    aim: str = ""


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that so large a share (0..1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: list[float], share: float = 0.99) -> str:
    """Say the median and a high percentile, in milliseconds."""
    if not values:
        return "nothing measured"
    return f"p50 {statistics.median(values):.0f} ms, p{share * 100:.0f} {percentile(values, share):.0f} ms"


def write(name: str, lines: list[Line]) -> str:
    """Put the table between the marks of ``make NAME`` and return it."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    load = f"load average {os.getloadavg()[0]:.1f} at the end"
    table = [
        begin,
        f"`make {name}`, {datetime.now(UTC):%Y-%m-%d}, {machine}, {load}",
        "",
        "| what | figure | aim |",
        "|---|---|---|",
        *[f"| {line.what} | {line.figure} | {line.aim} |" for line in lines],
        end,
    ]
    text = REPORT.read_text(encoding="utf-8") if REPORT.exists() else "# Benchmarks\n"
    if begin not in text:
        text += f"\n{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    REPORT.write_text(before + "\n".join(table) + after, encoding="utf-8")
    return "\n".join(table)
