"""Small charts as inline SVG, in the page's own colours. Texts are escaped; numbers are ours."""

from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH: Final = 480
_ROW: Final = 44
_LONGEST_LABEL: Final = 44


def bars(rows: Sequence[tuple[str, int]]) -> str:
    """Horizontal bars, a label above each; empty without rows."""
    if not rows:
        return ""
    most = max(n for _, n in rows) or 1
    parts = []
    for place, (label, n) in enumerate(rows):
        y = place * _ROW
        shown = label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"
        wide = max(2.0, (WIDTH - 44) * n / most)
        parts += [
            _text(0, y + 14, shown, kind="ink"),
            _rect(0, y + 20, wide, 10, "blue"),
            _text(wide + 7, y + 30, str(n)),
        ]
    return _svg(parts, WIDTH, len(rows) * _ROW)


def stacked(days: Sequence[tuple[str, int, int]]) -> str:
    """Columns of two parts: (date, lower, upper)."""
    wide, tall, foot = 1000, 180, 22
    most = max((lower + upper for _, lower, upper in days), default=0) or 1
    step = wide / len(days)
    every = max(1, len(days) // 10)
    thick = min(step * 0.7, 90)
    parts = [_line(0, tall, wide, tall)]
    for place, (date, lower, upper) in enumerate(days):
        middle = (place + 0.5) * step
        low, high = (tall - 18) * lower / most, (tall - 18) * upper / most
        parts.append(_rect(middle - thick / 2, tall - low, thick, low, "good"))
        parts.append(_rect(middle - thick / 2, tall - low - high, thick, high, "person"))
        if lower + upper:
            parts.append(_text(middle, tall - low - high - 5, str(lower + upper), "middle"))
        if place % every == 0:
            parts.append(_text(max(middle, 24), tall + 16, f"{date[8:]}.{date[5:7]}", "middle"))
    return _svg(parts, wide, tall + foot)


def histogram(counts: Sequence[int], lines: Sequence[float]) -> str:
    """Columns of equal bins over 0..1 with a line at each value; those between lines are neither good nor bad."""
    tall, foot = 90, 18
    step, most = WIDTH / len(counts), max(counts) or 1
    parts = []
    for place, n in enumerate(counts):
        high = (tall - 16) * n / most
        passed = sum((place + 0.5) / len(counts) >= line for line in lines)
        colour = "good" if passed == len(lines) else "blue" if passed else "person"
        parts.append(_rect(place * step + 2, tall - high, step - 4, high, colour))
        if n:
            parts.append(_text((place + 0.5) * step, tall - high - 4, str(n), "middle"))
    parts += [_line(WIDTH * line, 0, WIDTH * line, tall, "bad") for line in lines]
    for mark, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
        parts.append(_text(WIDTH * mark, tall + 14, f"{mark:g}", anchor))
    return _svg(parts, WIDTH, tall + foot)


def _rect(x: float, y: float, wide: float, high: float, colour: str) -> str:
    return f"<rect x='{x:.1f}' y='{y:.1f}' width='{wide:.1f}' height='{high:.1f}' rx='2' fill='var(--{colour})'/>"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = "line") -> str:
    dashes = "" if colour == "line" else " stroke-width='2' stroke-dasharray='4 3'"
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='var(--{colour})'{dashes}/>"


def _text(x: float, y: float, text: str, anchor: str = "start", *, kind: str = "") -> str:
    return f"<text class='{kind}' x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'>{escape(text)}</text>"


def _svg(parts: Sequence[str], width: int, height: int) -> str:
    return f"<svg viewBox='0 0 {width} {height}' role='img'>{''.join(parts)}</svg>"
