"""A retrieval collection: passages with questions whose right passages are known, as JSON Lines in one folder.

``kb.jsonl``: ``{"id", "text"}``, besides ``lang``, ``source``, ``url_or_path``, ``title``, ``section``, ``heading``.
``headings.jsonl`` (optional): ``{"id", "heading"}``, the passages' own headings. ``questions.jsonl``: ``{"id",
"question", "relevant"}``, besides ``lang``, ``kind``, ``source``, ``path``, ``entity``, ``relevant_xling``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from evaluation import json_lines
from evaluation.json_lines import RowsError, some
from knowledge.language import detect
from knowledge.passages import Chunk

_SEPARATOR = " › "
_PASSAGE: Final = "an object with id and text; a collection holds kb.jsonl and questions.jsonl"
_HEADING: Final = "an object with id and heading"
_QUESTION: Final = "an object with id, question and relevant; a collection holds kb.jsonl and questions.jsonl"


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
    lost: frozenset[str] = frozenset()
    """Ids that are relevant to a question and no passage's: never found."""


def load(folder: Path, *, own_headings: bool = False) -> Collection:
    """Read a collection; ``own_headings`` indexes each passage under its own heading too.

    A passage's heading is what the questions were made from: without it, search has to understand.

    Raises:
        RowsError: a file is missing or empty, a line cannot be read, or ids do not fit together.
    """
    rows = json_lines.read(folder / "kb.jsonl", _PASSAGE)
    headings = {}
    if own_headings and (folder / "headings.jsonl").exists():
        told = json_lines.read(folder / "headings.jsonl", _HEADING, may_be_empty=True)
        headings = dict(_heading(row, where) for where, row in told)
    chunks = tuple(_chunk(row, where, headings, own_headings=own_headings) for where, row in rows)
    ids: set[str] = set()
    for (where, _), chunk in zip(rows, chunks, strict=True):
        if chunk.id in ids:
            raise RowsError(f"{where}: the id {chunk.id} occurs twice. Every passage needs its own.")
        ids.add(chunk.id)
    questions = tuple(_asked(row, where) for where, row in json_lines.read(folder / "questions.jsonl", _QUESTION))
    lost = {name for one in questions for name in (*one.relevant, *one.relevant_abroad)} - ids
    return Collection(chunks, tuple(str(row.get("source", "")) for _, row in rows), questions, frozenset(lost))


def warnings(collection: Collection) -> list[str]:
    """Return what makes the figures lower than they should be, in sentences."""
    if not collection.lost:
        return []
    told = f"{len(collection.lost)} ids in relevant of the questions are no passages of kb.jsonl"
    return [f"! {told} and count as never found: {some(collection.lost)}."]


def demand_questions(collection: Collection, language: str | None, kind: str | None) -> None:
    """Refuse where no question is left to ask.

    Raises:
        RowsError: there is none of the language and kind.
    """
    left = collection.questions
    for option, name, wanted in (("--lang", "language", language), ("--kind", "kind", kind)):
        known = {str(getattr(one, name)) for one in left}
        if wanted is not None and wanted not in known:
            raise RowsError(f"{option} {wanted}: no question is of it. There are: {some(known) or 'none'}.")
        left = tuple(one for one in left if wanted in {None, getattr(one, name)})


def _heading(row: dict[str, Any], where: str) -> tuple[str, str]:
    _demand(row, ("id", "heading"), where, _HEADING)
    return str(row["id"]), str(row["heading"])


def _demand(row: dict[str, Any], names: tuple[str, ...], where: str, wanted: str) -> None:
    for name in names:
        if name not in row:
            raise RowsError(f"{where}: lacks {name}. Each line must be {wanted}.")


def _chunk(row: dict[str, Any], where: str, headings: dict[str, str], *, own_headings: bool) -> Chunk:
    _demand(row, ("id", "text"), where, _PASSAGE)
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


def _asked(row: dict[str, Any], where: str) -> Asked:
    _demand(row, ("id", "question", "relevant"), where, _QUESTION)
    entity, text = str(row.get("entity") or ""), str(row["question"])
    return Asked(
        id=str(row["id"]),
        text=f"{entity} {text}".strip(),
        language=str(row.get("lang") or detect(text) or "en"),
        kind=str(row.get("kind") or ""),
        source=str(row.get("source") or ""),
        page=str(row.get("path") or entity or row["id"]),
        relevant=_ids(row["relevant"], where),
        relevant_abroad=_ids(row.get("relevant_xling") or [], where, may_be_empty=True),
    )


def _ids(value: object, where: str, *, may_be_empty: bool = False) -> frozenset[str]:
    if not isinstance(value, list) or not (value or may_be_empty):
        raise RowsError(f"{where}: relevant must be a list of at least one passage's id.")
    return frozenset(map(str, value))
