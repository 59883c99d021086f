"""HTML and SVG as values: what is not markup already is escaped."""

from html import escape
from typing import Final

_VOID: Final = frozenset({"meta", "br", "line", "circle", "rect", "path", "polyline", "polygon"})


class Html(str):
    """Markup; any other string is text."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: str | float | bool) -> Html:
    """Return an element. ``class_`` is written as class, ``stroke_width`` as stroke-width, True as a bare name."""
    told = "".join(_attribute(key, value) for key, value in attributes.items() if value is not False)
    if tag in _VOID and not children:
        return Html(f"<{tag}{told}>" if tag in {"meta", "br"} else f"<{tag}{told}/>")
    return Html(f"<{tag}{told}>{join(*children)}</{tag}>")


def join(*parts: str) -> Html:
    """Put parts together."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def _attribute(key: str, value: str | float | bool) -> str:
    name = key.rstrip("_").replace("_", "-") if key != "viewBox" else key
    if value is True:
        return f" {name}"
    return f' {name}="{escape(str(round(value, 2) if isinstance(value, float) else value))}"'
