"""Drafting a basket from the knowledge base: questions for people to put into customers' words."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final, TypeVar

from evaluation.baskets import KINDS, QUESTIONS, Asked, BasketError, identity
from knowledge.passages import Chunk
from support.jobs import Language
from workers import facts

MOST_FACTS: Final = 3
_FIELDS: Final = ("id", "language", "question", "sources", "facts", "route", "draft", "origin", "note")

ItemT = TypeVar("ItemT")


def from_knowledge(chunks: Iterable[Chunk], limit: int) -> tuple[Asked, ...]:
    """Make a question of each question–answer pair and heading, in turn from every article.

    The words are the articles' own, which are the easiest to find: until a person has put them otherwise they would
    flatter the search, so every item is a draft.
    """
    by_source: dict[str, list[Asked]] = {}
    seen: set[str] = set()
    for chunk in chunks:
        question = _question(chunk)
        if question.casefold() not in seen:
            seen.add(question.casefold())
            by_source.setdefault(chunk.source, []).append(_drafted(chunk, question))
    return balanced(list(by_source.values()), limit)


def balanced(groups: Sequence[Sequence[ItemT]], limit: int) -> tuple[ItemT, ...]:
    """Take one of each group, then another one of each, until there are ``limit``."""
    taken = (one for row in zip_longest(*groups) for one in row if one is not None)
    return tuple(one for one, _ in zip(taken, range(limit), strict=False))


def stated(text: str) -> tuple[str, ...]:
    """Return the numbers, links and codes of a text that an answer would have to repeat; none when there are many."""
    found = facts.extract(text)
    told = tuple(dict.fromkeys((*(number.shown for number in found.numbers), *sorted(found.links))))
    return told if len(told) <= MOST_FACTS else ()


def write(folder: Path, items: Sequence[Asked]) -> Path:
    """Write a basket of questions, and return the file.

    Raises:
        BasketError: there is nothing to write, or the folder holds a basket already.
        OSError: it cannot be written.
    """
    if not items:
        raise BasketError("There is nothing to draft a basket from.")
    if folder.exists() and (not folder.is_dir() or any((folder / name).exists() for name in KINDS)):
        raise BasketError(
            f"{folder}: holds a basket already, and people's work is not overwritten; name another folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / QUESTIONS
    file.write_text("".join(_line(item) + "\n" for item in items), encoding="utf-8")
    return file


def _question(chunk: Chunk) -> str:
    if chunk.question:
        return chunk.question.strip()
    heading = chunk.breadcrumb[-1] if chunk.breadcrumb else chunk.title
    if heading.rstrip().endswith("?"):
        return heading.strip()
    return f"{chunk.title}: {heading}?" if heading != chunk.title else f"{heading}?"


def _drafted(chunk: Chunk, question: str) -> Asked:
    language: Language = "ru" if chunk.language == "ru" else "en"
    return Asked(
        id=identity(question),
        language=language,
        question=question,
        sources=(chunk.source,),
        facts=stated(chunk.text),
        draft=True,
        origin="knowledge",
    )


def _line(item: Asked) -> str:
    fields = item.model_dump(mode="json", include=set(_FIELDS))
    return json.dumps({name: fields[name] for name in _told(fields)}, ensure_ascii=False)


def _told(fields: dict[str, object]) -> Iterator[str]:
    return (name for name in _FIELDS if fields[name] not in (None, "", [], ()) or name == "sources")
