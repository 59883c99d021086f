"""What /stats says: figures in a few lines, clusters with buttons, the alarm about a shift."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.texts import Texts
from support.expectation import rounded_up
from support.jobs import Language
from support.shares import Estimate, Part
from support.watching.articles import title
from support.watching.clusters import Cluster
from support.watching.period import DAYS
from support.watching.report import Figures
from support.watching.shift import Change, Shift

STATS: Final = "stats"
NO_BREAK: Final = "\u00a0"
MOST_REASONS: Final = 3
MOST_GAPS: Final = 5
FEWEST_CUSTOMERS: Final = 2
"""A question of one customer is named on the page, not in the first lines."""


@dataclass(frozen=True, slots=True)
class StatsWords:
    """Puts figures into words of one language."""

    texts: Texts
    intents: Mapping[str, str]
    """Intent → its label in the language."""

    @property
    def language(self) -> Language:
        """The language of the words."""
        return self.texts.language

    def period(self, days: int) -> str:
        """Return «today» or so many days."""
        return self.texts("stats-today") if days == 1 else self.texts("stats-days", n=days)

    def number(self, value: float, digits: int = 1) -> str:
        """Return a number as the language writes it."""
        shown = f"{value:.{digits}f}"
        return shown.replace(".", ",") if self.language == "ru" else shown

    def share(self, part: Part | Estimate) -> str:
        """Return a share in per cent, with its 95 % interval."""
        low, high = part.interval
        return f"{self.percent(part.value or 0.0)} ({low * 100:.0f}–{high * 100:.0f})"

    def percent(self, share: float) -> str:
        """Return a share in per cent, with the space that Russian has there."""
        return f"{share * 100:.0f}{NO_BREAK if self.language == 'ru' else ''}%"

    def thresholds(self, by_language: Mapping[str, float]) -> str:
        """Return the one threshold that decides, or each language's."""
        shown = {language: self.number(value, 2) for language, value in by_language.items()}
        if len(set(shown.values())) == 1:
            return next(iter(shown.values()))
        return " · ".join(f"{language} {value}" for language, value in shown.items())

    def reason(self, reason: str) -> str:
        """Return why a person was called."""
        return self.texts(f"reason-{reason.replace('_', '-')}")

    def summary(self, figures: Figures) -> str:
        """Return the message of /stats."""
        return "\n".join((self.texts("stats-title", period=self.period(figures.days)), "", *self._lines(figures)))

    def _lines(self, figures: Figures) -> list[str]:
        texts, talks = self.texts, figures.containment
        lines = [
            texts("stats-talks", n=talks.total, share=self.share(talks)) if talks.total else texts("stats-talks-none"),
            texts("stats-answers", n=figures.answers, useful=figures.useful, useless=figures.useless),
        ]
        if (wait := figures.latency_s) is not None:
            lines.append(texts("stats-latency", p50=self.number(wait.p50), p95=self.number(wait.p95)))
        resolved = figures.resolution
        if resolved.total:
            lines.append(texts("stats-resolved", share=self.share(resolved), n=resolved.total))
            if (honest := figures.honest) is None:
                lines.append(texts("stats-verified-none"))
            else:
                lines.append(texts("stats-verified", share=self.share(honest), n=figures.verified.total))
        else:
            lines.append(texts("stats-resolved-later"))
        called = sum(figures.reasons.values())
        lines += ["", texts("stats-escalations", n=called, open=figures.open, overdue=figures.overdue)]
        for reason, n in list(figures.reasons.items())[:MOST_REASONS]:
            lines.append("   " + texts("stats-reason", n=n, reason=self.reason(reason)))
        if figures.first_reply_min is not None:
            lines.append(texts("stats-first-reply", n=rounded_up(figures.first_reply_min)))
        if given := sum(figures.scores.values()):
            mean = sum(score * n for score, n in figures.scores.items()) / given
            lines.append(texts("stats-scores", n=given, mean=self.number(mean)))
        if figures.clusters and (first := figures.clusters[0]).customers >= FEWEST_CUSTOMERS:
            lines += ["", texts("stats-gap", question=title(first.examples[0]), n=first.customers)]
        if figures.shift is not None and figures.shift.alarms:
            lines += ["", *self.shift(figures.shift, {})]
        return lines

    def shift(self, shift: Shift, written: Mapping[str, str]) -> list[str]:
        """Return what has shifted, a line each. ``written``: stem → the word as customers wrote it."""
        lines = [self.texts("stats-shift")]
        lines += [
            self._change(change, ", ".join(written.get(name, name) for name in change.names[:4]))
            for change in shift.topics
        ]
        lines += [self._change(change, self.mark(change.names[0])) for change in shift.marks]
        return [*lines, self.texts("stats-shift-scores")] if shift.scores_fell else lines

    def mark(self, mark: str) -> str:
        """Return an intent or an outcome in words."""
        kind, _, name = mark.partition(":")
        if kind == "outcome":
            return self.texts("stats-outcome", reason=self.reason(name))
        return self.texts("stats-intent", name=self.intents.get(name, name))

    def _change(self, change: Change, topic: str) -> str:
        if change.expected < 1:
            return self.texts("stats-shift-new", topic=topic, n=change.week)
        usual, times = self.number(change.expected), self.number(change.ratio)
        return self.texts("stats-shift-topic", topic=topic, n=change.week, usual=usual, times=times)

    def gaps(self, clusters: tuple[Cluster, ...], days: int) -> str:
        """Return the clusters of unanswered questions."""
        if not clusters:
            return self.texts("stats-gaps-none")
        lines = [self.texts("stats-gaps", period=self.period(days))]
        for number, one in enumerate(clusters[:MOST_GAPS], start=1):
            words = ", ".join(one.words)
            question = title(one.examples[0])
            line = self.texts("stats-gap-line", number=number, question=question, n=one.customers, words=words)
            lines += ["", line]
        return "\n".join(lines)

    def buttons(self, days: int, *, gaps: bool) -> InlineKeyboardMarkup:
        """Offer the periods, the page and what had no answer."""
        periods = [_button(self._chosen(self.texts(f"button-stats-{one}"), one == days), "show", one) for one in DAYS]
        more = [_button(self.texts("button-stats-page"), "page", days)]
        if gaps:
            more.append(_button(self.texts("button-stats-gaps"), "gaps", days))
        return InlineKeyboardMarkup(inline_keyboard=[periods, more])

    def gap_buttons(self, clusters: tuple[Cluster, ...], days: int) -> InlineKeyboardMarkup:
        """Offer a draft article for each cluster, and the way back."""
        rows = [
            [_button(self.texts("button-stats-draft", n=number), "draft", days, one.turn_id)]
            for number, one in enumerate(clusters[:MOST_GAPS], start=1)
        ]
        return InlineKeyboardMarkup(inline_keyboard=[*rows, [_button(self.texts("button-stats-back"), "show", days)]])

    def _chosen(self, text: str, chosen: bool) -> str:
        return f"• {text}" if chosen else text


def _button(text: str, *data: object) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=":".join(map(str, (STATS, *data))))
