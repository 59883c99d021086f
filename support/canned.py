"""Canned replies: found by name, words and meaning; variables in braces. Callers own the transaction."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.base import KnowledgeBase
from knowledge.concepts import concepts, concepts_of
from knowledge.tokens import normalise, terms, text_grams
from support.desk_tables import CannedReplyRow
from support.tables import AuditRow

NAME_LENGTH: Final = 64
VARIABLES: Final = ("name", "operator", "order")
IN_TEXT: Final = 0.6
"""What a word of the reply's text is worth beside one of its name."""
BY_GRAMS: Final = 0.5
"""Spelling alone: below it two words have nothing but an ending in common."""
BY_MEANING: Final = 0.55
"""Cosine of the base's own vectors: below it texts of one trade are alike anyway."""
_VARIABLE: Final = re.compile(r"\{([^{}\s]*)\}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A reply's text with its variables filled in, and the names of those that nothing is known for."""

    text: str
    missing: tuple[str, ...]


def unknown_variables(text: str) -> tuple[str, ...]:
    """Return what stands in braces and is no variable of ours."""
    return tuple(name for name in dict.fromkeys(_VARIABLE.findall(text)) if name not in VARIABLES)


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Put the values in the places of the variables; one without a value stays as it stands."""
    used = [name for name in dict.fromkeys(_VARIABLE.findall(text)) if name in VARIABLES]
    missing = tuple(name for name in used if not values.get(name))
    filled = _VARIABLE.sub(lambda match: values.get(match.group(1)) or match.group(), text)
    return Filled(filled, missing)


def find(
    replies: Sequence[CannedReplyRow], query: str, language: str, base: KnowledgeBase | None = None
) -> tuple[CannedReplyRow, ...]:
    """Return the replies that fit, best first; one whose name is the query stands alone.

    The customer's language goes first. Without a knowledge base words, spelling and the thesaurus must do.
    """
    ordered = sorted(replies, key=lambda row: (row.language != language, -row.uses, row.name))
    wanted = _folded(query)
    if not wanted:
        return tuple(ordered)
    exact = [row for row in ordered if _folded(row.name) == wanted]
    if exact:
        return tuple(exact[:1])
    alike = _meanings(ordered, query, base)
    scores = {row.id: _score(row, query) + cosine for row, cosine in zip(ordered, alike, strict=True)}
    found = [row for row in ordered if scores[row.id] > 0]
    # A reply in the customer's language stands above a better one that he cannot read.
    return tuple(sorted(found, key=lambda row: (row.language != language, -scores[row.id])))


def _score(row: CannedReplyRow, query: str) -> float:
    asked, meant = set(terms(query)), _meant(query)
    score = 0.0
    for text, weight in ((row.name.replace("_", " ").replace("-", " "), 1.0), (row.text, IN_TEXT)):
        score += weight * _share(asked, set(terms(text))) + weight * 0.5 * _share(meant, _meant(text))
        spelled = _share(set(text_grams(query)), set(text_grams(text)))
        score += weight * 0.3 * (spelled if spelled >= BY_GRAMS else 0.0)
    return score


def _meanings(rows: Sequence[CannedReplyRow], query: str, base: KnowledgeBase | None) -> list[float]:
    """Return how alike query and replies are in the base's own vectors; 0 for what is not alike, and without a base."""
    if base is None or not rows:
        return [0.0] * len(rows)
    vectors = base.index.embedder.embed([query, *(f"{row.name} {row.text}" for row in rows)])
    return [float(cosine) if cosine >= BY_MEANING else 0.0 for cosine in vectors[1:] @ vectors[0]]


def _meant(text: str) -> set[str]:
    """Return the text's concepts; of each word those of its stem too, for “delivery” is a parcel and what brings it."""
    return {*concepts(text), *(name for term in terms(text) for name in concepts_of(term))}


def _share(wanted: set[str], there: set[str]) -> float:
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _folded(name: str) -> str:
    return " ".join(re.findall(r"\w+", normalise(name.replace("_", " "))))


class CannedReplies:
    """Reads and writes of the canned_reply table."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> Sequence[CannedReplyRow]:
        """Return every reply by name."""
        return list(await self._session.scalars(select(CannedReplyRow).order_by(CannedReplyRow.name)))

    async def get(self, reply_id: int) -> CannedReplyRow | None:
        """Return a reply; None when it was deleted."""
        return await self._session.get(CannedReplyRow, reply_id)

    async def named(self, name: str) -> Sequence[CannedReplyRow]:
        """Return the replies of that name, one a language."""
        return [row for row in await self.all() if _folded(row.name) == _folded(name)]

    async def put(self, name: str, language: str, text: str, author: int, now: datetime) -> CannedReplyRow:
        """Add a reply, or give the one of that name and language another text."""
        row = next((one for one in await self.named(name) if one.language == language), None)
        if row is None:
            row = CannedReplyRow(name=name[:NAME_LENGTH], language=language, created_by=author, created_at=now)
            self._session.add(row)
        row.text = text
        self._session.add(AuditRow(at=now, actor_id=author, action="canned_reply_put", detail={"name": row.name}))
        await self._session.flush()
        return row

    async def delete(self, row: CannedReplyRow, operator_id: int, now: datetime) -> None:
        """Delete a reply."""
        audit = AuditRow(at=now, actor_id=operator_id, action="canned_reply_deleted", detail={"name": row.name})
        self._session.add(audit)
        await self._session.delete(row)
        await self._session.flush()
