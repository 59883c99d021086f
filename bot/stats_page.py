"""The page of /stats: one HTML file without anything from outside, its charts drawn in SVG."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final

from bot import stats_charts as charts
from bot.stats_words import StatsWords
from support.shares import Part
from support.watching.articles import title
from support.watching.report import Figures

MOST_GAPS: Final = 12
STAGES: Final = frozenset({"queue", "generate", "judge", "wait", "first_token", "write", "opinion"})
"""Keys of Draft.timings_ms."""
STYLE: Final = Path(__file__).with_name("stats_page.css")


def page(words: StatsWords, figures: Figures) -> str:
    """Return the whole file. Everything that customers or operators wrote is escaped."""
    say = words.texts
    made = datetime.fromisoformat(figures.end)
    head = f"{say('page-title')}: {words.period(figures.days)}"
    body = [
        f"<h1>{escape(head)}</h1>",
        f"<div class='soft'>{escape(say('page-made', at=f'{made:%Y-%m-%d %H:%M} UTC'))}</div>",
        *_shift(words, figures),
        f"<div class='grid four'>{''.join(_tiles(words, figures))}</div>",
        f"<div class='grid'>{_section(say('page-by-day'), _days(words, figures))}</div>",
        "<div class='grid two'>",
        _section(say("page-reasons"), _reasons(words, figures)),
        _section(say("page-judge"), _judge(words, figures)),
        "</div>",
        f"<div class='grid'>{_section(say('page-gaps'), _gaps(words, figures))}</div>",
        "<div class='grid two'>",
        _section(say("page-operators"), _operators(words, figures)),
        _section(say("page-stages"), _stages(words, figures)),
        _section(say("page-intents"), _intents(words, figures)),
        _section(say("page-scores"), _scores(words, figures)),
        "</div>",
        f"<p class='soft'>{escape(say('page-footer'))}</p>",
    ]
    return (
        f"<!doctype html><html lang='{words.language}'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{escape(head)}</title><style>{STYLE.read_text(encoding='utf-8')}</style><main>{''.join(body)}</main></html>"
    )


def _section(heading: str, content: str, kind: str = "") -> str:
    return f"<section class='{kind}'><h2>{escape(heading)}</h2>{content}</section>"


def _nothing(words: StatsWords) -> str:
    return f"<div class='soft'>{escape(words.texts('page-nothing'))}</div>"


def _tiles(words: StatsWords, figures: Figures) -> Iterable[str]:
    say, wait = words.texts, figures.latency_s
    yield _tile(words, "page-contained", figures.containment)
    yield _tile(words, "page-resolved", figures.resolution)
    yield _honest(words, figures)
    big = (
        "–"
        if wait is None
        else f"{words.number(wait.p50)} s"
        if words.language == "en"
        else f"{words.number(wait.p50)} с"
    )
    hint = say("page-unknown") if wait is None else say("page-latency-hint", p95=words.number(wait.p95))
    yield _card(say("page-latency"), big, "", hint)


def _tile(words: StatsWords, key: str, part: Part) -> str:
    say = words.texts
    if not part.total:
        return _card(say(key), "–", say("page-unknown"), say(f"{key}-hint"))
    low, high = _ends(words, part.interval)
    counted = f"{say('page-of', hits=part.hits, total=part.total)} · {say('page-interval', low=low, high=high)}"
    return _card(say(key), words.percent(part.value or 0.0), counted, say(f"{key}-hint"))


def _honest(words: StatsWords, figures: Figures) -> str:
    say, honest = words.texts, figures.honest
    if honest is None:
        return _card(say("page-verified"), "–", say("page-unknown"), say("page-verified-hint"))
    low, high = _ends(words, honest.interval)
    counted = f"{say('page-interval', low=low, high=high)} · {say('page-checked', n=figures.verified.total)}"
    return _card(say("page-verified"), words.percent(honest.value), counted, say("page-verified-hint"))


def _card(name: str, big: str, counted: str, hint: str) -> str:
    lines = "".join(f"<div class='soft'>{escape(line)}</div>" for line in (counted, hint) if line)
    return f"<section><div class='name'>{escape(name)}</div><div class='big'>{escape(big)}</div>{lines}</section>"


def _days(words: StatsWords, figures: Figures) -> str:
    if not any(day.talks for day in figures.by_day):
        return _nothing(words)
    keys = (("good", "page-legend-contained"), ("person", "page-legend-person"))
    legend = "".join(
        f"<span class='key' style='background:var(--{colour})'></span>{escape(words.texts(key))}"
        for colour, key in keys
    )
    bars = [(day.date, day.contained, day.talks - day.contained) for day in figures.by_day]
    return f"<div class='scroll days'>{charts.stacked(bars)}</div><div class='soft'>{legend}</div>"


def _reasons(words: StatsWords, figures: Figures) -> str:
    return charts.bars([(words.reason(reason), n) for reason, n in figures.reasons.items()][:8]) or _nothing(words)


def _intents(words: StatsWords, figures: Figures) -> str:
    return charts.bars([(words.intents.get(name, name), n) for name, n in figures.intents.items()][:8]) or _nothing(
        words
    )


def _scores(words: StatsWords, figures: Figures) -> str:
    return charts.bars([("⭐" * score, n) for score, n in reversed(figures.scores.items())]) or _nothing(words)


def _judge(words: StatsWords, figures: Figures) -> str:
    say, judged = words.texts, figures.judging
    recall = say("page-unknown")
    if judged.recall is not None:
        low, high = _ends(words, judged.recall.interval)
        recall = f"{words.percent(judged.recall.value)} · {say('page-interval', low=low, high=high)}"
    rows = [
        (say("page-precision"), _share(words, judged.precision)),
        (say("page-recall"), recall),
        (say(f"page-held-{judged.held_by}"), _share(words, judged.held)),
    ]
    table = _table((), rows)
    if judged.cannot_tell:
        table += f"<div class='soft'>{escape(say('page-cannot-tell', n=judged.cannot_tell))}</div>"
    if not sum(figures.judge_scores):
        return table
    chart = charts.histogram(figures.judge_scores, sorted(set(figures.thresholds.values())))
    caption = say("page-judge-scores", thresholds=words.thresholds(figures.thresholds))
    return f"{chart}<div class='soft'>{escape(caption)}</div>{table}"


def _share(words: StatsWords, part: Part) -> str:
    if not part.total:
        return words.texts("page-unknown")
    low, high = _ends(words, part.interval)
    told = words.texts("page-of", hits=part.hits, total=part.total)
    return f"{words.percent(part.value or 0.0)} · {told} · {words.texts('page-interval', low=low, high=high)}"


def _ends(words: StatsWords, interval: tuple[float, float]) -> tuple[str, str]:
    return f"{interval[0] * 100:.0f}", words.percent(interval[1])


def _gaps(words: StatsWords, figures: Figures) -> str:
    if not figures.clusters:
        return f"<div class='soft'>{escape(words.texts('stats-gaps-none'))}</div>"
    parts = [f"<div class='soft'>{escape(words.texts('page-gaps-hint'))}</div>"]
    for one in figures.clusters[:MOST_GAPS]:
        asked = words.texts("page-asked", n=one.customers, questions=one.size)
        telling = "".join(f"<span class='word'>{escape(word)}</span>" for word in one.words)
        others = "".join(f"<li>{escape(text)}</li>" for text in one.examples[1:])
        heading = escape(title(one.examples[0]))
        parts.append(
            f"<div class='gap'><span class='name'>{heading}</span> <span class='soft'>{escape(asked)}</span>"
            f"<div>{telling}</div>{f'<ul>{others}</ul>' if others else ''}</div>"
        )
    return "".join(parts)


def _operators(words: StatsWords, figures: Figures) -> str:
    say = words.texts
    heads = [say(f"page-{key}") for key in ("operator", "talks", "open", "first-reply", "score")]
    rows = [
        (
            one.name or say("page-nobody"),
            str(one.talks),
            str(one.open),
            "–" if one.first_reply_min is None else say("page-minutes", n=words.number(one.first_reply_min)),
            "–" if one.score is None else words.number(one.score),
        )
        for one in figures.operators
    ]
    return _table(heads, rows) if rows else _nothing(words)


def _stages(words: StatsWords, figures: Figures) -> str:
    say = words.texts
    heads = [say(f"page-{key}") for key in ("stage", "median", "p95", "count")]
    rows = [
        (_stage(words, name), say("page-ms", n=f"{one.p50:.0f}"), say("page-ms", n=f"{one.p95:.0f}"), str(one.count))
        for name, one in figures.stages_ms.items()
    ]
    return _table(heads, rows) if rows else _nothing(words)


def _stage(words: StatsWords, name: str) -> str:
    return words.texts(f"stage-{name.replace('_', '-')}") if name in STAGES else name


def _shift(words: StatsWords, figures: Figures) -> Iterable[str]:
    shift, say = figures.shift, words.texts
    if shift is None:
        return
    if not shift.enough:
        lines = [say("page-shift-few", week=shift.week, before=shift.before)]
    elif shift.alarms:
        lines = words.shift(shift, {})
    else:
        lines = [say("page-shift-none", n=shift.tested)]
    if shift.psi is not None:
        lines.append(say("page-shift-psi", psi=words.number(shift.psi, 2)))
    content = "".join(f"<div>{escape(line)}</div>" for line in lines)
    yield f"<div class='grid'>{_section(say('page-shift'), content, 'alarm' if shift.alarms else '')}</div>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = f"<tr>{''.join(f'<th>{escape(one)}</th>' for one in heads)}</tr>" if heads else ""
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class='scroll'><table>{head}{lines}</table></div>"
