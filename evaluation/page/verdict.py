"""What is right and what is wrong, in sentences: for somebody who reads nothing else."""

from collections.abc import Iterator
from typing import Final

from evaluation.page.markup import Html, element, join
from evaluation.page.words import Words
from evaluation.report import TOTAL
from evaluation.results import Stage
from evaluation.whole import MAX_UNANSWERABLE_ANSWERED, MIN_FIRST, MIN_ROUTED, Report

ENOUGH: Final = 20
"""Of fewer nobody should speak in per cent: even without a mistake up to 16 % may be wrong."""
WRONG: Final = "wrong"
"""Where the page lists the wrong answers."""


def outcomes(report: Report, words: Words) -> Html:
    """What became of all questions: answered rightly, answered wrongly, handed to a person."""
    sent = report.answers.sent_right[TOTAL]
    asked = report.answers.questions_sent[TOTAL].total + report.answers.unanswerable_answered[TOTAL].total
    counts = {"right": sent.hits, "wrong": sent.total - sent.hits, "person": asked - sent.total}
    bar = [element("span", class_=f"is-{name}", style=f"flex: {count}") for name, count in counts.items() if count]
    legend = [
        element(
            "li",
            element("span", class_=f"key is-{name}"),
            element("b", str(count)),
            element("span", words(f"outcome-{name}", n=count)),
        )
        for name, count in counts.items()
    ]
    return join(
        element("p", words("outcomes", n=asked), class_="small quiet"),
        element("div", *bar, class_="outcomes", aria_hidden="true"),
        element("ul", *legend, class_="legend"),
    )


def verdict(report: Report, words: Words) -> Html:
    """Two lists: what goes well, what does not."""
    found = list(_points(report, words))
    columns = []
    for name, is_good in (("good", True), ("bad", False)):
        points = [element("li", point) for good, point in found if good is is_good]
        listed = element("ul", *points) if points else element("p", words(f"verdict-{name}-none"))
        columns.append(element("div", element("h3", words(f"verdict-{name}"), class_=name), listed))
    return element("section", element("h2", words("verdict")), element("div", *columns, class_="verdict"))


def _points(report: Report, words: Words) -> Iterator[tuple[bool, Html | str]]:
    """Yield each point with whether it is good, the weightiest first."""
    orders, answers = report.orders, report.answers
    if orders.passed[TOTAL].total:
        shown, played = orders.shown_to_stranger, orders.passed[TOTAL].total
        yield not shown, words("verdict-stranger", n=shown) if shown else words("verdict-no-stranger", n=played)
    sent = answers.sent_right[TOTAL]
    if wrong := sent.total - sent.hits:
        yield False, element("a", words("verdict-wrong", n=wrong, total=str(sent.total)), href=f"#{WRONG}")
    elif sent.total:
        yield True, words("verdict-none-wrong", n=sent.total)
    hopeless = answers.unanswerable_answered[TOTAL]
    if hopeless.total:
        most = MAX_UNANSWERABLE_ANSWERED
        figures = {"share": words.percent(hopeless.value), "most": words.percent(most), "total": str(hopeless.total)}
        told = words("verdict-unanswerable", n=hopeless.hits, **figures)
        few = words("verdict-few") if hopeless.total < ENOUGH else ""
        yield hopeless.value <= most, f"{told} {few}".strip()
    for name, share, wanted in (
        ("routing", report.routing.accuracy[TOTAL], MIN_ROUTED),
        ("first", report.retrieval.first[TOTAL], MIN_FIRST),
    ):
        if share.total:
            figures = {"share": words.percent(share.value), "hits": str(share.hits), "total": str(share.total)}
            yield share.value >= wanted, words(f"verdict-{name}", **figures, wanted=words.percent(wanted))
    if held := sum(one.stage is Stage.JUDGE_STRICT for one in report.items):
        yield False, words("verdict-held", n=held)
