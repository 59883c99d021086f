"""What administrators read about the knowledge base: its state, what a build did, what has changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot import reasons
from bot.rendering import cut
from bot.texts import Texts
from knowledge.differences import Difference
from knowledge.intake import Intake
from knowledge.shelf import ReleaseInfo
from support.builds import BuildDone, BuildProgress, GoldenTold, Listed, Objection

SHOWN: Final = 15
"""Names of one kind in a message; the rest is counted."""


@dataclass(frozen=True, slots=True)
class KnowledgeWords:
    """Puts values into words, in the language of the operators' group."""

    texts: Texts

    def state(self, info: ReleaseInfo, now: datetime, held: ReleaseInfo | None, waiting: int) -> str:
        """Say which release answers, how large and how old it is, and what waits for a decision."""
        text = self.texts(
            "kb-state",
            release=info.number,
            articles=info.articles,
            chunks=info.chunks,
            age=age(self.texts, now - info.built_at),
        )
        if info.built_by:
            text += "\n" + self.texts("kb-state-by", by=info.built_by)
        if info.errors:
            text += "\n" + self.texts("kb-state-errors", n=len(info.errors))
        if waiting:
            text += "\n" + self.texts("kb-state-addresses", n=waiting)
        if held is not None:
            text += "\n\n" + self.texts("kb-state-held", release=held.number)
        return text

    def progress(self, event: BuildProgress) -> str:
        """Say how far a build is."""
        step = self.texts(f"kb-step-{event.stage}")
        if event.count is not None:
            step += f" ({event.count})"
        full = round(10 * (event.done - 1) / event.total)
        bar = "▓" * full + "░" * (10 - full)
        return self.texts("kb-progress", bar=bar, step=step, done=event.done, total=event.total)

    def done(self, event: BuildDone, current: int | None) -> str:
        """Say what a build did: its result, what has changed, what could not be read."""
        key = {"switched": "kb-done", "unchanged": "kb-unchanged", "held": "kb-held"}[event.outcome]
        lines = [
            self.texts(
                key,
                release=event.release,
                articles=event.articles,
                chunks=event.chunks,
                seconds=f"{event.seconds:.1f}",
                current=current or 0,
            )
        ]
        if event.objections:
            lines += ["", self.texts("kb-against"), *(f"• {self.objection(one)}" for one in event.objections)]
        changes = [*self._listed("added", event.added), *self._listed("changed", event.changed)]
        changes += self._listed("removed", event.removed)
        lines += ["", *changes] if changes else []
        if event.golden is not None:
            lines += ["", *self._golden(event.golden)]
        if event.errors.n:
            lines += ["", self.texts("kb-errors"), *_points(event.errors.names, event.errors.n, self.texts)]
        if event.waiting.n:
            lines += ["", self.texts("kb-addresses-new"), *_points(event.waiting.names, event.waiting.n, self.texts)]
        return fitting(lines)

    def addresses(self, waiting: Sequence[tuple[str, str]]) -> str:
        """Name the addresses and promotional codes that wait for a decision."""
        if not waiting:
            return self.texts("kb-addresses-none")
        names = [f"{one} ({source})" for one, source in waiting]
        return fitting([self.texts("kb-addresses-new"), *_points(names, len(names), self.texts)])

    def objection(self, one: Objection) -> str:
        """Say what speaks against a release."""
        key = "kb-doubt-" + one.doubt.replace("_", "-")
        return self.texts(key, before=one.before, now=one.now, lost=one.before - one.now)

    def difference(self, found: Difference, old: int, new: int) -> str:
        """Say what has changed from one release to another."""
        lines = [self.texts("kb-diff", old=old, new=new)]
        if found.is_empty:
            lines.append(self.texts("kb-diff-none"))
        lines += self.articles(found)
        counts = found.counts()
        if not found.is_empty:
            lines += ["", self.texts("kb-diff-chunks", **counts)]
        return fitting(lines)

    def articles(self, found: Difference) -> list[str]:
        """Name the articles that have changed."""
        return [
            *self._listed("added", Listed.of(found.added)),
            *self._listed("changed", Listed.of(found.changed)),
            *self._listed("removed", Listed.of(found.removed)),
        ]

    def reason(self, told: object) -> str:
        """Say what the knowledge base tells of a file, a release or a failure."""
        return reasons.reason(str(told), self.texts.language)

    def errors(self, info: ReleaseInfo | None) -> str:
        """Name what could not be read when the release was built."""
        if info is None or not info.errors:
            return self.texts("kb-errors-none")
        language = self.texts.language
        sentences = [
            f"{reasons.place(error, language)}: {reasons.reason(error.reason, language)}" for error in info.errors
        ]
        return fitting([self.texts("kb-errors"), *_points(sentences, len(sentences), self.texts)])

    def intake(self, found: Intake, key: str) -> str:
        """Say what becomes, or has become, of received files."""
        new = [name for name in found.stored if name not in found.replaced]
        lines = [self.texts(key, added=len(new), replaced=len(found.replaced))]
        lines += [f"+ {name}" for name in new[:SHOWN]]
        lines += [f"~ {name}" for name in found.replaced[:SHOWN]]
        if len(found.stored) > 2 * SHOWN:
            lines.append(self.texts("kb-more", n=len(found.stored) - len(lines) + 1))
        if found.unchanged:
            lines += ["", self.texts("kb-doc-unchanged", n=len(found.unchanged))]
        if found.refused:
            refused = [f"{name}: {self.reason(why)}" for name, why in found.refused]
            lines += ["", self.texts("kb-doc-refused"), *_points(refused, len(refused), self.texts)]
        return fitting(lines)

    def _listed(self, kind: str, listed: Listed) -> Iterator[str]:
        if listed.n:
            yield self.texts(f"kb-{kind}", n=listed.n)
            yield from _points(listed.names, listed.n, self.texts)

    def _golden(self, golden: GoldenTold) -> Iterator[str]:
        yield self.texts("kb-golden", found=golden.found, asked=golden.asked)
        for key, listed in (("lost", golden.lost), ("won", golden.won), ("orphaned", golden.orphaned)):
            if listed.n:
                yield self.texts(f"kb-golden-{key}")
                yield from _points(listed.names, listed.n, self.texts)


def fitting(lines: Sequence[str]) -> str:
    """Join lines, cut to what a message holds."""
    return cut("\n".join(lines), [])[0]


def age(texts: Texts, elapsed: timedelta) -> str:
    """Put an age into words: minutes, hours or days."""
    minutes = int(elapsed.total_seconds() // 60)
    if minutes < 60:  # noqa: PLR2004  # minutes in an hour
        return texts("age-minutes", n=minutes)
    hours = minutes // 60
    return texts("age-hours", n=hours) if hours < 48 else texts("age-days", n=hours // 24)  # noqa: PLR2004  # two days


def _points(names: Sequence[str], n: int, texts: Texts) -> Iterator[str]:
    yield from (f"• {name}" for name in names[:SHOWN])
    if n > min(SHOWN, len(names)):
        yield texts("kb-more", n=n - min(SHOWN, len(names)))
