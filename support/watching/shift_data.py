"""What customers asked in the last week and in the four weeks before it, as documents of support.watching.shift."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import is_code, stem, words
from support.tables import AnswerRow, TurnRow
from support.watching.gaps import REASONS
from support.watching.shift import WEEK_DAYS, WEEKS_BEFORE, Document, Shift, compare
from support.watching.talks import ASKS_NOTHING, LEFT_OUT

MOST_CUSTOMERS: Final = 20_000
SHORTEST: Final = 3
Row = tuple[int, datetime, str, str | None, str | None, float | None]
"""Customer, when, text, intent, outcome, the judge's score."""


async def look(session: AsyncSession, now: datetime) -> tuple[Shift, dict[str, str]]:
    """Compare the last week with the time before; also return stem → the word as customers wrote it."""
    since = now - timedelta(days=WEEK_DAYS * (1 + WEEKS_BEFORE))
    score = AnswerRow.draft["verdict"]["score"].as_float()
    columns = (TurnRow.customer_id, TurnRow.opened_at, TurnRow.text, TurnRow.intent, TurnRow.outcome, score)
    query = select(*columns).outerjoin(AnswerRow, AnswerRow.turn_id == TurnRow.id)
    query = query.where(TurnRow.opened_at >= since, TurnRow.opened_at < now, TurnRow.state.not_in(LEFT_OUT))
    query = query.where(TurnRow.outcome.not_in(ASKS_NOTHING))
    rows = [tuple(row) for row in await session.execute(query.order_by(TurnRow.id))]
    return await asyncio.to_thread(_look, rows, now)


def _look(rows: list[Row], now: datetime) -> tuple[Shift, dict[str, str]]:
    weeks: list[list[Row]] = [[] for _ in range(1 + WEEKS_BEFORE)]
    for row in rows:
        # What was asked at the very moment belongs to the last week.
        weeks[min(max(0, (now - row[1]).days // WEEK_DAYS), WEEKS_BEFORE)].append(row)
    week, *before = (documents(one) for one in weeks)
    shift = compare(week, before)
    return shift, _written([row[2] for row in weeks[0]], {name for topic in shift.topics for name in topic.names})


def documents(rows: list[Row]) -> list[Document]:
    """Return one document a customer."""
    by_customer: dict[int, list[Row]] = {}
    for row in rows:
        by_customer.setdefault(row[0], []).append(row)
    return [_document(his) for his in list(by_customer.values())[:MOST_CUSTOMERS]]


def _document(rows: list[Row]) -> Document:
    terms = frozenset(stem(word) for row in rows for word in spoken(row[2]))
    intents = {f"intent:{intent}" for _, _, _, intent, _, _ in rows if intent}
    outcomes = {f"outcome:{outcome}" for _, _, _, _, outcome, _ in rows if outcome in REASONS}
    scores = tuple(score for *_, score in rows if score is not None)
    return Document(terms, frozenset(intents | outcomes), scores)


def spoken(text: str) -> list[str]:
    """Return the words that may be a topic: no numbers, no codes. What eight customers write alike is nobody's own."""
    return [
        word
        for word in words(text)
        if len(word) >= SHORTEST and word not in STOP_WORDS and not is_code(word) and not word[0].isdigit()
    ]


def _written(texts: list[str], stems: set[str]) -> dict[str, str]:
    counts: dict[str, dict[str, int]] = {}
    for text in texts if stems else ():
        for word in spoken(text):
            if (root := stem(word)) in stems:
                counts.setdefault(root, {})[word] = counts.get(root, {}).get(word, 0) + 1
    return {root: max(found, key=lambda word: (found[word], word)) for root, found in counts.items()}
