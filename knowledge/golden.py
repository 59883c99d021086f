"""Golden questions: what customers ask, and the articles that must be found for it. They guard every new release."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.base import KnowledgeBase
from knowledge.documents import SourceError
from knowledge.language import detect

FILE_NAMES = ("golden.jsonl", "golden.csv")
"""Looked for at the top of the knowledge folder; neither is an article."""
TOP = 5
"""A question counts as found when its article is among so many passages."""

_QUESTION = ("question", "вопрос")
_SOURCE = ("source", "источник", "статья")


@dataclass(frozen=True, slots=True)
class Golden:
    """A question with the articles that answer it: any of them will do."""

    question: str
    sources: tuple[str, ...]
    """Paths below the knowledge folder, with forward slashes."""


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How the golden questions fare in a new release, beside the one that answers now."""

    asked: int
    """Questions whose article exists; only they count."""
    found: int
    found_before: int | None
    """Of the same questions in the current release; None while there is none."""
    lost: tuple[str, ...] = ()
    """Questions that the current release finds and the new one does not."""
    won: tuple[str, ...] = ()
    orphaned: tuple[str, ...] = ()
    """Questions whose article is not among the sources (any more)."""


def read_golden(folder: Path) -> tuple[tuple[Golden, ...], tuple[SourceError, ...]]:
    """Read the golden questions of a knowledge folder; a line that cannot be used is named."""
    found: list[Golden] = []
    errors: list[SourceError] = []
    for name in FILE_NAMES:
        try:
            text = (folder / name).read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            errors.append(SourceError(name, None, f"cannot be read: {error}"))
            continue
        for line, fields in _rows(text, name):
            golden = _golden(fields)
            if golden is None:
                errors.append(SourceError(name, line, "needs a question and a source (the path of its article)"))
            else:
                found.append(golden)
    return tuple(found), tuple(errors)


def compare(questions: Sequence[Golden], before: KnowledgeBase | None, now: KnowledgeBase) -> GoldenResult:
    """Ask both releases every question."""
    present = {chunk.source for chunk in now.chunks}
    asked = [golden for golden in questions if present.intersection(golden.sources)]
    found = [is_found(now, golden) for golden in asked]
    found_before = None if before is None else [is_found(before, golden) for golden in asked]
    pairs = list(zip(asked, found, found_before or found, strict=True))
    return GoldenResult(
        asked=len(asked),
        found=sum(found),
        found_before=None if found_before is None else sum(found_before),
        lost=tuple(golden.question for golden, new, old in pairs if old and not new),
        won=tuple(golden.question for golden, new, old in pairs if new and not old),
        orphaned=tuple(golden.question for golden in questions if not present.intersection(golden.sources)),
    )


def is_found(base: KnowledgeBase, golden: Golden) -> bool:
    """Whether one of the question's articles is among the first passages."""
    passages = base.search(golden.question, language=detect(golden.question), limit=TOP).passages
    return any(passage.chunk.source in golden.sources for passage in passages)


def _rows(text: str, name: str) -> Iterator[tuple[int, object]]:
    if name.endswith(".jsonl"):
        for line, raw in enumerate(text.split("\n"), start=1):
            if raw.strip():
                try:
                    yield line, json.loads(raw)
                except (ValueError, RecursionError):
                    yield line, None
        return
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = csv.DictReader(io.StringIO(text), delimiter=separator)
    try:
        for row in rows:
            yield rows.line_num, {str(key).strip().lower(): value for key, value in row.items()}
    except csv.Error:
        yield rows.line_num, None


def _golden(fields: object) -> Golden | None:
    if not isinstance(fields, dict):
        return None
    question = next((fields[name] for name in _QUESTION if fields.get(name)), None)
    source = next((fields[name] for name in _SOURCE if fields.get(name)), None)
    named = source if isinstance(source, list) else str(source or "").split("|")
    sources = tuple(str(one).strip().replace("\\", "/") for one in named if str(one).strip())
    if not isinstance(question, str) or not question.strip() or not sources:
        return None
    return Golden(question.strip(), sources)
