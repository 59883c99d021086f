"""The page's first half: what an owner asks for."""

from collections.abc import Iterator
from typing import Final

from evaluation.assurance import Assurance
from evaluation.comparison import Comparison, Difference
from evaluation.figures import Share
from evaluation.fixes import Action, Fix
from evaluation.page.charts import interval_bar
from evaluation.page.markup import Html, element, join
from evaluation.page.verdict import ENOUGH, outcomes
from evaluation.page.words import Words
from evaluation.report import TOTAL
from evaluation.results import Kind
from evaluation.running_bot import Calibrated
from evaluation.whole import Report

_FIRST_FIXES: Final = 6
_MOST_FIXES: Final = 24


def head(report: Report, words: Words) -> Html:
    """The one sentence that everything else explains."""
    sent = report.answers.sent_right[TOTAL]
    where = words(
        "head",
        date=words.moment(report.provenance.measured_at),
        articles=words.number(report.articles),
        items=words.number(report.provenance.basket_items),
    )
    parts = [element("h1", words("title")), element("p", where, class_="quiet small")]
    if report.orders.shown_to_stranger:
        parts.append(element("p", words("leak", count=str(report.orders.shown_to_stranger)), class_="alarm"))
    if not sent.total:
        return join(*parts, element("p", words("headline-none"), class_="headline"))
    low, high = sent.interval
    enough = sent.total >= ENOUGH
    headline = words("headline", n=round(sent.value * 100)) if enough else words("headline-few", n=sent.total)
    between = words(
        "headline-interval" if enough else "headline-few-interval",
        low=words.number(low * 100),
        high=words.number(high * 100),
    )
    basis = words("headline-basis", total=str(sent.total), hits=str(sent.hits), right=_right(report, words))
    alone = report.answers.questions_sent[TOTAL]
    return join(
        *parts,
        element("p", headline, class_="headline"),
        element("p", between, class_="between"),
        outcomes(report, words),
        element("p", basis),
        element("p", words("headline-self", share=words.percent(alone.value), **words.interval(alone))),
    )


def figures(report: Report, words: Words) -> Html:
    """Key figures with their intervals, in total and by language."""
    shown = [(words(f"figure-{name}"), shares) for name, shares in _figures(report) if shares[TOTAL].total]
    languages = [name for name in next(iter(shown))[1] if name != TOTAL] if shown else []
    cards = [element("li", *_card(name, shares[TOTAL], words), class_="card") for name, shares in shown]
    parts = [element("h2", words("figures")), element("ul", *cards, class_="cards")]
    if len(languages) > 1:
        rows = [
            element("tr", element("td", name), *(_cell(shares.get(one), words) for one in (*languages, TOTAL)))
            for name, shares in shown
        ]
        named = [words.known(one, one) for one in (*languages, TOTAL)]
        parts.append(
            element(
                "details",
                element("summary", words("by-language")),
                table([words("figure"), *named], rows),
            )
        )
    return element("section", *parts)


def to_fix(report: Report, words: Words) -> Html:
    """Actions, the one that wins most first."""
    parts = [element("h2", words("fixes"))]
    if not report.fixes:
        return element("section", *parts, element("p", words("fixes-none")))
    items = [element("li", _worth(fix, words), _action(fix, words)) for fix in report.fixes[:_MOST_FIXES]]
    first, others = items[:_FIRST_FIXES], items[_FIRST_FIXES:]
    parts += [element("p", words("fixes-lead"), class_="lead"), element("ol", *first, class_="fixes")]
    if others:
        summary = element("summary", words("fixes-others", n=len(others)))
        parts.append(element("details", summary, element("ol", *others, class_="fixes")))
    if len(report.fixes) > _MOST_FIXES:
        more = words("fixes-more", count=str(len(report.fixes) - _MOST_FIXES))
        parts.append(element("p", more, class_="quiet small"))
    return element("section", *parts)


def limits(report: Report, words: Words) -> Html:
    """What the figures do not say."""
    asked, hopeless = (sum(one.kind is kind for one in report.items) for kind in (Kind.QUESTION, Kind.UNANSWERABLE))
    points = [
        words("limit-mix", share=words.percent(hopeless / max(1, asked + hopeless))),
        words("limit-right", right=_right(report, words)),
        words("limit-chance"),
        words("limit-tuned"),
    ]
    if report.provenance.drafts_left_out:
        points.append(words("limit-drafts", count=str(report.provenance.drafts_left_out)))
    listed = element("ul", *(element("li", point) for point in points))
    return element("section", element("h2", words("limits")), listed)


def promise(report: Report, words: Words) -> Html:
    """Which thresholds decided, and what may be promised."""
    sure = report.assurance
    threshold = words.number(sure.threshold, 2)
    parts = [element("h2", words("assurance"))]
    if sure.calibrated:
        done = [element("li", _promised(one, sure, words)) for one in sure.calibrated]
        decided = words("assurance-here", thresholds=words.thresholds(sure))
        return element("section", *parts, element("ul", *done), element("p", decided, class_="lead"))
    missing = [words("assurance-missing", limit=limit, n=count) for limit, count in sure.missing.items()]
    return element(
        "section",
        *parts,
        element("p", words("assurance-none", threshold=threshold)),
        element("ul", *(element("li", one) for one in missing)),
        element("p", words("assurance-how"), class_="lead"),
    )


def _promised(one: Calibrated, sure: Assurance, words: Words) -> str:
    done = words(
        "assurance-done",
        language=words.known(one.language, one.language),
        threshold=words.number(one.threshold, 2),
        audited=str(one.answers),
        wrong=str(one.wrong),
        most=words.percent(one.max_wrong),
        confidence=words.percent(one.confidence),
    )
    if sure.decided.get(one.language):
        return done
    why = "assurance-left-out" if sure.as_default else "assurance-other-version"
    return f"{done} {words(why, threshold=words.number(sure.threshold, 2))}"


def compared(comparison: Comparison, words: Words) -> Html:
    """This evaluation beside a stored one."""
    rows = [_difference_row(one, words) for one in comparison.differences]
    date = words.moment(comparison.measured_at)
    parts = [
        element("h2", words("comparison")),
        element("p", words("comparison-lead", file=comparison.file, date=date, items=str(comparison.compared))),
    ]
    if comparison.only_before or comparison.only_now:
        apart = words("comparison-apart", before=str(comparison.only_before), now=str(comparison.only_now))
        parts.append(element("p", apart, class_="quiet"))
    named = ["figure", *(f"comparison-{name}" for name in ("before", "now", "change", "verdict"))]
    parts.append(table([words(name) for name in named], rows))
    for one in comparison.differences:
        for key, ids in (("lost", one.lost), ("won", one.won)):
            if ids:
                told = f"{words(f'difference-{one.name}')}, {words(f'comparison-{key}')}: "
                parts.append(element("p", told, element("span", ", ".join(ids), class_="code"), class_="small"))
    return element("section", *parts)


def table(columns: list[str], rows: list[Html], name: str = "") -> Html:
    """A table with a row of headings, scrolled where it is too wide."""
    heads = [element("th", column, scope="col") for column in columns]
    whole = element("table", element("thead", element("tr", *heads)), element("tbody", *rows), class_=name or "plain")
    return element("div", whole, class_="scroll")


def _figures(report: Report) -> Iterator[tuple[str, dict[str, Share]]]:
    answers = report.answers
    yield "right", answers.sent_right
    yield "answered", answers.questions_sent
    yield "answered-right", answers.answered_right
    yield "first", report.retrieval.first
    yield "unanswerable", answers.unanswerable_answered
    yield "routing", report.routing.accuracy
    yield "orders", report.orders.passed
    yield "followups", report.followups.right_continued


def _card(name: str, share: Share, words: Words) -> Iterator[Html]:
    told = words("figure-of", hits=str(share.hits), total=str(share.total), **words.interval(share))
    yield element("span", name)
    yield element("b", words.percent(share.value))
    yield interval_bar(share, f"{name}: {words.percent(share.value)}. {told}")
    yield element("span", told, class_="quiet small")


def _cell(share: Share | None, words: Words) -> Html:
    if share is None or not share.total:
        return element("td", "–")
    between = words.interval(share)
    told = f"{words.percent(share.value)} ({between['low']}–{between['high']})"
    return element("td", told)


def _worth(fix: Fix, words: Words) -> Html:
    lost = [element("small", words("lost", count=str(fix.lost)))] if fix.lost else []
    return element("b", words("won", n=fix.won), *lost)


def _action(fix: Fix, words: Words) -> Html:
    asked = [element("p", words.quoted(fix.examples), class_="quiet small")] if fix.examples else []
    return element("div", _told(fix, words), *asked)


def _told(fix: Fix, words: Words) -> str:
    key, about, instead = f"fix-{fix.action.replace('_', '-')}", fix.named, fix.instead_named
    match fix.action:
        case Action.ADD_WORDS | Action.ADD_PAIR if not fix.words:
            key += "-plain"
        case Action.SPLIT_ARTICLE if instead:
            instead = words("fix-instead", about=instead)
        case Action.LOWER_THRESHOLD | Action.RAISE_THRESHOLD:
            about, instead = words.number(float(about), 2), words.number(float(instead), 2)
        case Action.ADD_EXAMPLES if instead == "unsure":
            key, about = f"{key}-unsure", words.known(f"route-{about}", about)
        case Action.ADD_EXAMPLES | Action.WRITE_ARTICLE:
            about, instead = (words.known(f"route-{one}", one) for one in (about, instead))
    return words(key, about=about, instead=instead, words=words.quoted(fix.words), won=fix.won, lost=fix.lost)


def _difference_row(one: Difference, words: Words) -> Html:
    if one.better is not None:
        verdict, name = ("better", "good") if one.better else ("worse", "bad")
    else:
        verdict, name = ("chance" if one.won or one.lost else "same"), "quiet"
    signed = [words.signed(value * 100) for value in (one.change, one.low, one.high)]
    return element(
        "tr",
        element("td", words(f"difference-{one.name}")),
        element("td", f"{one.before} / {one.items}"),
        element("td", f"{one.now} / {one.items}"),
        element("td", f"{words('points', value=signed[0])} ({signed[1]} … {signed[2]})"),
        element("td", words(f"comparison-{verdict}"), class_=name),
    )


def _right(report: Report, words: Words) -> str:
    by_facts = any(one.expects_facts for one in report.items)
    return words("right-facts" if by_facts else "right-sources")
