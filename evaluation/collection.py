"""A retrieval collection: passages with questions whose right passages are known, as JSON Lines in one folder.

``kb.jsonl``: ``{"id", "text"}``, besides ``lang``, ``source``, ``url_or_path``, ``title``, ``section``, ``heading``.
``headings.jsonl`` (optional): ``{"id", "heading"}``, the passages' own headings. ``questions.jsonl``: ``{"id",
"question", "relevant"}``, besides ``lang``, ``kind``, ``source``, ``path``, ``entity``, ``relevant_xling``.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.language import detect
from knowledge.passages import Chunk

_SEPARATOR = " › "


class CollectionError(Exception):
    """The collection cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what answers it."""

    id: str
    text: str
    language: str
    kind: str
    """Of question; empty where the collection knows no kinds."""
    source: str
    """Whose question it is; empty where the collection knows no sources."""
    page: str
    """Questions of one page are alike: intervals are drawn over pages."""
    relevant: frozenset[str]
    relevant_abroad: frozenset[str]
    """Right passages in the other language."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Passages in the order of their pages, and questions."""

    chunks: tuple[Chunk, ...]
    sources: tuple[str, ...]
    """Of each chunk, in the collection's words: a product, not a file."""
    questions: tuple[Asked, ...]


def load(folder: Path, *, own_headings: bool = False) -> Collection:
    """Read a collection; ``own_headings`` indexes each passage under its own heading too.

    A passage's heading is what the questions were made from: without it, search has to understand.

    Raises:
        CollectionError: a file is missing or a line cannot be read.
    """
    rows = list(_rows(folder / "kb.jsonl"))
    headings = {}
    if own_headings and (folder / "headings.jsonl").exists():
        headings = {str(row["id"]): str(row["heading"]) for row in _rows(folder / "headings.jsonl")}
    try:
        chunks = tuple(_chunk(row, headings, own_headings=own_headings) for row in rows)
        questions = tuple(_asked(row) for row in _rows(folder / "questions.jsonl"))
    except (KeyError, TypeError) as error:
        raise CollectionError(f"{folder}: a row lacks the field {error}.") from error
    return Collection(chunks, tuple(str(row.get("source", "")) for row in rows), questions)


def _rows(path: Path) -> Iterator[dict[str, object]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CollectionError(f"{path} cannot be read: a collection holds kb.jsonl and questions.jsonl.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CollectionError(f"{path}, line {number}: no JSON.") from error
        if not isinstance(row, dict):
            raise CollectionError(f"{path}, line {number}: an object is wanted.")
        yield row


def _chunk(row: dict[str, object], headings: dict[str, str], *, own_headings: bool) -> Chunk:
    text = str(row["text"])
    own = headings.get(str(row["id"])) or str(row.get("heading") or "") if own_headings else ""
    parents = [part for part in str(row.get("section") or "").split(_SEPARATOR) if part]
    return Chunk(
        id=str(row["id"]),
        source="/".join(part for part in (str(row.get("source") or ""), str(row.get("url_or_path") or "")) if part),
        title=str(row.get("title") or ""),
        breadcrumb=(*parents, own) if own else tuple(parents),
        text=text,
        language=str(row.get("lang") or detect(text) or "en"),
    )


def _asked(row: dict[str, object]) -> Asked:
    entity, text = str(row.get("entity") or ""), str(row["question"])
    return Asked(
        id=str(row["id"]),
        text=f"{entity} {text}".strip(),
        language=str(row.get("lang") or detect(text) or "en"),
        kind=str(row.get("kind") or ""),
        source=str(row.get("source") or ""),
        page=str(row.get("path") or entity or row["id"]),
        relevant=_ids(row["relevant"]),
        relevant_abroad=_ids(row.get("relevant_xling") or []),
    )


def _ids(value: object) -> frozenset[str]:
    if not isinstance(value, list):
        raise TypeError("relevant")
    return frozenset(map(str, value))
