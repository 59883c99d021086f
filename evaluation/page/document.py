"""The report as one HTML file that needs nothing else: no script, no font, no address."""

from pathlib import Path
from typing import Final

from bot.texts import Library
from evaluation.page import details, sections, verdict
from evaluation.page.markup import Html, element, join
from evaluation.page.words import Words
from evaluation.whole import Report

_STYLE: Final = Path(__file__).with_name("style.css")


def write_page(report: Report, target: Path, language: str) -> None:
    """Write the page.

    Raises:
        OSError: the file cannot be written.
    """
    target.write_text(render_page(report, language), encoding="utf-8")


def render_page(report: Report, language: str) -> str:
    """Return the page in ``ru`` or ``en``."""
    words = Words(Library().of(language))
    parts = [sections.head(report, words)]
    if report.comparison is not None:
        parts.append(sections.compared(report.comparison, words))
    parts += [
        verdict.verdict(report, words),
        sections.to_fix(report, words),
        sections.figures(report, words),
        sections.limits(report, words),
        sections.promise(report, words),
        details.risk(report, words),
        details.reliability(report, words),
        details.routes(report, words),
        details.clusters(report, words),
        details.latency(report, words),
        details.provenance(report, words),
    ]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", words("title")),
        element("style", Html(_STYLE.read_text(encoding="utf-8"))),
    )
    body = element("body", element("main", *parts))
    return "<!DOCTYPE html>\n" + join(element("html", head, body, lang=words.language)) + "\n"
