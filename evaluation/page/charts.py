"""Charts as inline SVG: colours come from the page's style, and each says in words what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.figures import Share
from evaluation.page.markup import Html, element, join
from evaluation.page.words import Words
from evaluation.selective import Bin, Point, SelectiveReport

WIDTH: Final = 640
HEIGHT: Final = 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 30, 16, 52
_BAR: Final = 200
_LABEL_ROOM: Final = 110


@dataclass(frozen=True, slots=True)
class _Plane:
    """From values to places."""

    x_most: float
    y_most: float

    def x(self, value: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * min(value / self.x_most, 1.0)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * min(value / self.y_most, 1.0)

    def at(self, x: float, y: float) -> str:
        return f"{self.x(x):.1f},{self.y(y):.1f}"


def risk_chart(scores: SelectiveReport, told: str, words: Words) -> Html:
    """Wrong among the answers over the share that is answered, with what was decided as a dot; ``told`` says it."""
    points = [point for point in scores.curve if point.coverage.hits]
    chosen = scores.chosen
    plane = _Plane(_rounded(max(point.coverage.value for point in points)), _most_risk(points, chosen))
    upper = [plane.at(point.coverage.value, point.wrong.interval[1]) for point in points]
    lower = [plane.at(point.coverage.value, point.wrong.interval[0]) for point in reversed(points)]
    line = " ".join(plane.at(point.coverage.value, point.wrong.value) for point in points)
    drawn = [
        _axes(plane, words, words("risk-x"), words("risk-y"), percent=True),
        element("polygon", points=" ".join([*upper, *lower]), class_="band"),
        element("polyline", points=line, class_="line"),
    ]
    if chosen.coverage.hits:
        x, y = plane.x(chosen.coverage.value), plane.y(chosen.wrong.value)
        low, high = chosen.wrong.interval
        below = y + _LABEL_ROOM / 3 < plane.y(0)
        beyond = x > WIDTH - _RIGHT - _LABEL_ROOM
        at = chosen.threshold
        label = words("risk-points") if at is None else words("risk-point", threshold=words.number(at, 2))
        drawn += [
            element("line", x1=x, x2=x, y1=y, y2=plane.y(0), class_="guide"),
            element("line", x1=x, x2=x, y1=plane.y(low), y2=plane.y(high), class_="whisker"),
            element("circle", cx=x, cy=y, r=6, class_="dot"),
            element(
                "text",
                label,
                x=x + (-10 if beyond else 10),
                y=y + (22 if below else -12),
                text_anchor="end" if beyond else "start",
                class_="mark",
            ),
        ]
    return _figure("risk", words("risk"), told, drawn)


def reliability_chart(bins: Sequence[Bin], words: Words) -> Html:
    """Share of right answers over the score; the size of a dot tells how many."""
    plane = _Plane(1.0, 1.0)
    most = max(one.right.total for one in bins)
    drawn = [
        _axes(plane, words, words("reliability-x"), words("reliability-y"), percent=False),
        element("line", x1=plane.x(0), y1=plane.y(0), x2=plane.x(1), y2=plane.y(1), class_="guide"),
    ]
    told = []
    for one in bins:
        low, high = one.right.interval
        x = plane.x(one.mean_score)
        text = words(
            "reliability-bin",
            low=words.number(one.low, 1),
            high=words.number(one.high, 1),
            hits=str(one.right.hits),
            total=str(one.right.total),
        )
        told.append(text)
        drawn += [
            element("line", x1=x, x2=x, y1=plane.y(low), y2=plane.y(high), class_="whisker"),
            element(
                "circle",
                element("title", text),
                cx=x,
                cy=plane.y(one.right.value),
                r=4 + 6 * (one.right.total / most) ** 0.5,
                class_="dot",
            ),
        ]
    return _figure("reliability", words("reliability"), "; ".join(told), drawn)


def interval_bar(share: Share, told: str) -> Html:
    """A line from 0 to 100 % with the interval as a band and the figure as a mark."""
    low, high = share.interval
    return element(
        "svg",
        element("rect", x=0, y=5, width=_BAR, height=4, rx=2, class_="track"),
        element("rect", x=low * _BAR, y=3, width=max(2.0, (high - low) * _BAR), height=8, rx=4, class_="band"),
        element("circle", cx=min(max(share.value * _BAR, 4), _BAR - 4), cy=7, r=4, class_="dot"),
        viewBox=f"0 0 {_BAR} 14",
        class_="bar",
        role="img",
        aria_label=told,
    )


def _figure(name: str, title: str, told: str, drawn: Sequence[Html]) -> Html:
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", told, id=f"{name}-desc"),
        *drawn,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="chart",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def _axes(plane: _Plane, words: Words, x_name: str, y_name: str, *, percent: bool) -> Html:
    parts: list[Html] = []
    for step in range(6):
        x, y = plane.x_most * step / 5, plane.y_most * step / 5
        parts += [
            element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=plane.y(y), y2=plane.y(y), class_="grid"),
            element("text", _tick(y, words, percent=percent), x=_LEFT - 8, y=plane.y(y) + 4, text_anchor="end"),
            element(
                "text", _tick(x, words, percent=percent), x=plane.x(x), y=HEIGHT - _BOTTOM + 18, text_anchor="middle"
            ),
        ]
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    parts += [
        element("text", x_name, x=(_LEFT + WIDTH - _RIGHT) / 2, y=HEIGHT - 8, text_anchor="middle", class_="axis"),
        element(
            "text",
            y_name,
            x=14,
            y=middle,
            text_anchor="middle",
            class_="axis",
            transform=f"rotate(-90 14 {middle:.0f})",
        ),
    ]
    return join(*parts)


def _tick(value: float, words: Words, *, percent: bool) -> str:
    return words.percent(value) if percent else words.number(value, 1)


def _most_risk(points: Sequence[Point], chosen: Point) -> float:
    """The top of the axis: what lies above belongs to intervals over a handful of answers."""
    steady = [point for point in points if point.coverage.hits >= max(5, chosen.coverage.hits // 4)] or points
    return _rounded(max(point.wrong.interval[1] for point in steady))


def _rounded(value: float) -> float:
    return next((top for top in (0.05, 0.1, 0.25, 0.5) if value <= top), 1.0)
