"""The page's second half: charts, tables, and every mistake with its text."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from evaluation.page.charts import reliability_chart, risk_chart
from evaluation.page.markup import Html, element
from evaluation.page.sections import table
from evaluation.page.verdict import WRONG
from evaluation.page.words import Words
from evaluation.report import TOTAL
from evaluation.results import Kind, Result, Stage
from evaluation.whole import Report

_MOST_TEXTS: Final = 40
_MOST_LETTERS: Final = 320
_ORDER: Final = (
    Stage.JUDGE_LAX, Stage.ARTICLE, Stage.SEARCH, Stage.NO_ANSWER, Stage.ENGINE, Stage.CHECK, Stage.RISK,
    Stage.JUDGE_STRICT, Stage.ROUTE, Stage.ORDERS, Stage.FOLLOW_UP,
)  # fmt: skip
"""The one that customers see first, then along the way of a question."""


def risk(report: Report, words: Words) -> Html:
    """Risk against coverage."""
    scores = report.scores
    parts: list[Html] = [element("h2", words("risk"))]
    if not any(point.coverage.hits for point in scores.curve):
        return element("section", *parts, element("p", words("risk-empty")))
    lead = words(
        "risk-lead",
        threshold=words.thresholds(report.assurance),
        coverage=words.percent(scores.chosen.coverage.value),
        wrong=words.percent(scores.chosen.wrong.value),
        **words.interval(scores.chosen.wrong),
    )
    parts += [element("p", lead, class_="lead"), risk_chart(scores, lead, words)]
    return element("section", *parts, element("p", words("risk-legend"), class_="quiet small"))


def reliability(report: Report, words: Words) -> Html:
    """What the score means."""
    scores = report.scores
    if not scores.bins:
        return Html("")
    parts = [
        element("h2", words("reliability")),
        element("p", words("reliability-lead"), class_="lead"),
        reliability_chart(scores.bins, words),
    ]
    error, auroc = scores.calibration_error, scores.auroc
    if error is not None and auroc is not None:
        told = words(
            "reliability-figures",
            error=words.number(error.value, 2),
            low=words.number(error.low, 2),
            high=words.number(error.high, 2),
            auroc=words.percent(auroc.value),
            auroc_low=words.number(auroc.low * 100),
            auroc_high=words.percent(auroc.high),
        )
        parts.append(element("p", told))
    return element("section", *parts)


def routes(report: Report, words: Words) -> Html:
    """Where messages belong and where they went."""
    confusion = {right: row for right, row in report.routing.confusion.items() if sum(row.values())}
    if not report.routing.accuracy[TOTAL].total:
        return Html("")
    taken = list(next(iter(confusion.values())))
    rows = []
    for right, row in confusion.items():
        most = sum(row.values())
        cells = [_shaded(row[name], most, is_right=name == right) for name in taken]
        rows.append(element("tr", element("th", words(f"route-{right}"), scope="row"), *cells))
    heads = [words("route-right"), *(words(f"route-{name}") for name in taken)]
    return element(
        "section",
        element("h2", words("routes")),
        element("p", words("routes-lead"), class_="lead"),
        table(heads, rows, "matrix"),
    )


def latency(report: Report, words: Words) -> Html:
    """How long the steps take."""
    rows = [
        element(
            "tr",
            element("td", words.known(f"latency-{name.replace(' ', '-')}", name)),
            *(element("td", words.number(value, 1)) for value in (timing.p50, timing.p95, timing.p99)),
            element("td", words.number(timing.count)),
        )
        for name, timing in report.timings_ms.items()
    ]
    unit = words("milliseconds")
    heads = [words("latency-stage"), *(f"{name}, {unit}" for name in ("p50", "p95", "p99")), words("latency-count")]
    return element(
        "section",
        element("h2", words("latency")),
        element("p", words("latency-lead"), class_="lead"),
        table(heads, rows),
    )


def clusters(report: Report, words: Words) -> Html:
    """Mistakes by intent and failing stage, and their texts."""
    failed = [one for one in report.items if one.stage is not None]
    parts = [element("h2", words("clusters"))]
    if not failed:
        return element("section", *parts, element("p", words("clusters-none")))
    counts = Counter((one.intent, one.stage) for one in failed)
    stages = [stage for stage in _ORDER if any(one.stage is stage for one in failed)]
    intents = [intent for intent, _ in Counter(one.intent for one in failed).most_common()]
    rows = []
    for intent in intents:
        cells = [_shaded(counts[intent, stage], len(failed) // 4 + 1, is_right=False) for stage in stages]
        name = words.known(f"route-{intent}", intent) if intent else words("dialogue")
        rows.append(element("tr", element("th", name, scope="row"), *cells))
    heads = [words("intent"), *(words(f"stage-{stage}") for stage in stages)]
    parts += [element("p", words("clusters-lead"), class_="lead"), table(heads, rows, "matrix")]
    for stage in stages:
        some = [one for one in failed if one.stage is stage]
        parts.append(_texts(stage, some, words, is_open=stage is Stage.JUDGE_LAX))
    return element("section", *parts)


def provenance(report: Report, words: Words) -> Html:
    """Where the figures come from."""
    told = report.provenance
    models = [told.model, told.judge_model, told.embedding_model, told.reranker_model, told.prompt_version]
    rows = (
        ("version", f"{told.version} · Python {told.python}"),
        ("date", words.moment(told.measured_at)),
        ("command", told.command),
        ("basket", f"{told.basket} · {told.basket_items} · sha256 {told.basket_digest[:16]}"),
        ("knowledge", f"{told.knowledge} · {told.release} · sha256 {told.release_digest[:16]}"),
        *((("hidden", str(told.hidden)),) if told.hidden else ()),
        ("engine", told.engine),
        ("models", ", ".join(model for model in models if model)),
        ("threshold", words.thresholds(report.assurance)),
    )
    listed = [
        part
        for name, value in rows
        for part in (element("dt", words(f"provenance-{name}")), element("dd", value or "–", class_="code"))
    ]
    return element(
        "section",
        element("h2", words("provenance")),
        element("dl", *listed, class_="facts small"),
        element("p", words("provenance-masked"), class_="quiet small"),
    )


def _shaded(count: int, most: int, *, is_right: bool) -> Html:
    if not count:
        return element("td", "·", class_="quiet")
    colour = "--cell" if is_right else "--wrong"
    return element("td", str(count), style=f"background: rgba(var({colour}), {0.12 + 0.3 * min(1, count / most):.2f})")


def _texts(stage: Stage, some: Sequence[Result], words: Words, *, is_open: bool) -> Html:
    items = [element("li", *_mistake(one, words)) for one in some[:_MOST_TEXTS]]
    more = [element("li", words("texts-more", count=str(len(some) - _MOST_TEXTS)))] if len(some) > _MOST_TEXTS else []
    return element(
        "details",
        element("summary", f"{words(f'stage-{stage}')} · {len(some)}"),
        element("p", words(f"stage-{stage}-is"), class_="lead"),
        element("ul", *items, *more, class_="texts"),
        open=is_open,
        id=WRONG if stage is Stage.JUDGE_LAX else f"stage-{stage}",
    )


def _mistake(one: Result, words: Words) -> Iterator[Html]:
    yield element("p", element("b", one.text), " ", element("span", one.id, class_="quiet small code"))
    yield element("p", f"{words('expected')}: ", *_expected(one, words), class_="small")
    yield element("p", f"{words('got')}: ", *_got(one, words), class_="small")


def _expected(one: Result, words: Words) -> Iterator[Html]:
    if one.kind is Kind.UNANSWERABLE:
        yield element("span", words("person"))
    elif one.wanted_route or (one.stage is Stage.ROUTE):
        yield element("span", words(f"route-{one.wanted_route or 'question'}"))
    elif one.sources:
        yield element("code", ", ".join(one.sources))
    elif one.kind is Kind.QUESTION:
        yield element("span", ", ".join(one.missing))
    else:
        yield element("code", one.wanted)


def _got(one: Result, words: Words) -> Iterator[Html]:
    if one.stage is Stage.ROUTE:
        yield element("span", words(f"route-{one.route}"))
        return
    if one.kind not in {Kind.QUESTION, Kind.UNANSWERABLE}:
        yield element("code", one.detail)
        return
    told = []
    if one.sources and one.rank != 1:
        told.append(words("found-at", rank=str(one.rank)) if one.rank else words("found-nowhere"))
    if one.score is not None:
        told.append(words("scored", score=words.number(one.score, 2)))
    if one.missing and one.sources:
        told.append(words("lacks", facts=", ".join(one.missing)))
    if one.forbidden:
        told.append(words("holds", facts=", ".join(one.forbidden)))
    answer = one.answer if len(one.answer) <= _MOST_LETTERS else one.answer[:_MOST_LETTERS].rstrip() + "…"
    yield element("span", "; ".join(told) or ("" if answer else words("person")))
    if one.cited:
        yield element("span", " · ", element("code", ", ".join(one.cited)))
    if answer:
        yield element("span", element("br"), answer, class_="quiet")
