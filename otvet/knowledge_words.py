"""What ``otvet kb`` says about builds and differences, in English."""

import difflib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from knowledge.address_book import Entries
from knowledge.differences import ChunkChange, Difference
from knowledge.documents import SourceError
from knowledge.gate import Doubt, Objection
from knowledge.golden import GoldenResult
from knowledge.releases import BuildReport, Outcome, ReleaseInfo, Stage, Step

SHOWN: Final = 20
"""Lines of one kind; the rest is counted."""
BAR: Final = 18
STEPS: Final = {
    Step.READING: "reading files",
    Step.CHUNKING: "splitting articles",
    Step.INDEXING: "indexing chunks",
    Step.EMBEDDING: "embedding texts",
    Step.TRAINING: "learning when there is no answer",
    Step.SAVING: "saving",
    Step.CHECKING: "checking",
}


def stage(at: Stage) -> str:
    """Say where a build stands."""
    name = STEPS[at.step]
    return f"{at.number}/{at.of} {name}" if at.count is None else f"{at.number}/{at.of} {name}: {at.count}"


def bar(at: Stage) -> str:
    """Draw how far a build has come."""
    full = BAR * (at.number - 1) // at.of
    return f"{'█' * full}{'░' * (BAR - full)} {stage(at)}"


def report(made: BuildReport) -> str:
    """Say what a build made, what has changed, what it skipped, and what speaks against it."""
    size = f"{made.articles} articles, {made.chunks} chunks"
    if made.outcome is Outcome.UNCHANGED:
        first = f"knowledge: nothing has changed since release {made.release} ({size}); --force builds it all the same"
        return "\n".join([first, *_errors(made.errors), *_waiting(made.waiting)])
    lines = [
        f"knowledge: {size}, release {made.release} ({made.seconds:.1f} s)",
        *(_articles(made.difference) if made.release > 1 else ()),
        *(_golden(made.golden) if made.golden else ()),
        *_errors(made.errors),
        *_waiting(made.waiting),
    ]
    if made.objections:
        lines.append("Against it:")
        lines += [f"  ✗ {objection(one)}" for one in made.objections]
    if made.outcome is Outcome.HELD:
        lines += [
            f"Release {made.release} is NOT switched on: the one before goes on answering.",
            "  otvet kb diff shows what would change; put the articles right and build again,",
            f"  or switch to it all the same: otvet kb rollback --to {made.release}",
        ]
    return "\n".join(lines)


def objection(one: Objection) -> str:
    """Say what speaks against a release."""
    match one.doubt:
        case Doubt.ARTICLES:
            return f"only {one.now} of {one.before} articles are left: was a folder moved or emptied?"
        case Doubt.CHUNKS:
            return f"only {one.now} of {one.before} chunks are left: was much text deleted?"
        case Doubt.GOLDEN_FEWER:
            return f"{one.now} golden questions find their article, in the current release {one.before} do"
        case Doubt.GOLDEN_LOST:
            return f"{one.before - one.now} of {one.before} golden questions would not find their article any more"
        case Doubt.SWITCHED_MEANWHILE:
            return f"somebody switched from release {one.before} to {one.now} while it was being built"


def difference(found: Difference, *, with_text: bool = False) -> str:
    """Say what has changed."""
    if found.is_empty:
        return "Nothing has changed."
    counts = found.counts()
    lines = [
        f"Articles: {len(found.added)} added, {len(found.changed)} changed, {len(found.removed)} removed.",
        f"Chunks:   {counts['added']} added, {counts['changed']} changed, {counts['removed']} removed.",
        *_articles(found, shown=None),
    ]
    if with_text:
        for change in found.chunks:
            lines += ["", f"{change.source}: {change.heading}", *_text(change)]
    return "\n".join(lines)


def difference_json(found: Difference) -> dict[str, Any]:
    """Return a difference as JSON."""
    return asdict(found) | {"counts": found.counts()}


def release(info: ReleaseInfo, *, current: bool) -> str:
    """Say what is known about a release, in one line."""
    mark = "→" if current else "✗" if info.held else " "
    size = f"{info.articles} articles, {info.chunks} chunks"
    parts = [f"{info.built_at:%Y-%m-%d %H:%M} UTC", size]
    if info.seconds:
        parts.append(f"{info.seconds:.1f} s")
    if info.model:
        parts.append(f"with {info.model} {info.model_revision}")
    parts += [part for part in (info.built_by, info.reason) if part]
    if info.held:
        parts.append("not switched on: " + "; ".join(objection(one) for one in info.held))
    return f"{mark} {info.number:>4}  {'  '.join(parts)}"


def _articles(found: Difference, shown: int | None = SHOWN) -> Iterator[str]:
    for sign, sources in (("+", found.added), ("~", found.changed), ("-", found.removed)):
        yield from (f"  {sign} {source}" for source in sources[:shown])
        if shown is not None and len(sources) > shown:
            yield f"  {sign} … and {len(sources) - shown} more"


def _golden(result: GoldenResult) -> Iterator[str]:
    before = "" if result.found_before is None else f", the current release finds {result.found_before}"
    yield f"  golden questions: {result.found} of {result.asked} find their article{before}"
    yield from (f"    lost: {question}" for question in result.lost[:SHOWN])
    yield from (f"    won:  {question}" for question in result.won[:SHOWN])
    yield from (f"    its article is not there: {question}" for question in result.orphaned[:SHOWN])


def _errors(errors: tuple[SourceError, ...]) -> Iterator[str]:
    return (f"  ! {error.place}: {error.reason}" for error in errors)


def _waiting(waiting: tuple[tuple[str, str], ...]) -> Iterator[str]:
    if waiting:
        yield "New addresses and codes: answers with them go to an operator until otvet kb addresses --show confirms."
    yield from (f"  ? {one} ({source})" for one, source in waiting[:SHOWN])
    if len(waiting) > SHOWN:
        yield f"  ? … and {len(waiting) - SHOWN} more: otvet kb addresses"


def addresses(entries: Entries) -> str:
    """Say what customers may be shown, and what waits."""
    lines = [f"own site: {entries.own} with its subdomains and mail addresses"] if entries.own else []
    lines += [f"  ✓ {one}" for one in sorted(entries.shown)]
    lines += [f"  ✗ {one}: never shown" for one in sorted(entries.refused)]
    lines += [f"  ? {one} ({source}): waits" for one, source in sorted((entries.waiting or {}).items())]
    return "\n".join(lines) or "The articles hold no addresses."


def _text(change: ChunkChange) -> Iterator[str]:
    before, after = ((text or "").split("\n") for text in (change.before, change.after))
    yield from (f"  {line}" for line in difflib.unified_diff(before, after, lineterm="", n=1) if line[:3] not in _HEADS)


_HEADS: Final = {"---", "+++"}
