"""What was said before a person was called, extracted word for word: so that nobody asks or answers it again."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.tables import AnswerRow, TurnRow
from support.turns import TurnState

MOST: Final = 2
"""Earlier questions in a summary: one or two lines."""
WITHIN: Final = timedelta(hours=12)
ASKED_LENGTH: Final = 90
ANSWERED_LENGTH: Final = 140
_SENTENCE: Final = re.compile(r"^.*?[.!?…](?=\s|$)", re.DOTALL)
_ANNOUNCED: Final = re.compile(r"\A[^\n]*:\s*\n+(?=\S)")
"""A first line that only announces what follows."""
_UNTOLD: Final = ("greeted", "ignored", "media", "clarify", "stopped")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A question of before, and what came of it."""

    asked: str
    outcome: str
    answered: str
    """Empty where the bot answered with something other than words of the knowledge base."""
    rating: int | None
    """1 or -1, the customer's."""


async def earlier(
    session: AsyncSession, customer_id: int, without: Collection[int], now: datetime
) -> tuple[Earlier, ...]:
    """Return what the customer asked shortly before and what he was told, oldest first."""
    query = (
        select(TurnRow, AnswerRow)
        .outerjoin(AnswerRow, AnswerRow.turn_id == TurnRow.id)
        .where(TurnRow.customer_id == customer_id, TurnRow.opened_at > now - WITHIN, TurnRow.id.not_in(without))
        .where(TurnRow.state == TurnState.ANSWERED, TurnRow.outcome.not_in(_UNTOLD))
        .order_by(TurnRow.id.desc())
        .limit(MOST)
    )
    rows = (await session.execute(query)).all()
    return tuple(_earlier(turn, answer) for turn, answer in reversed(rows))


def short(text: str, length: int) -> str:
    """Return the first sentence, cut between words where it is longer than that."""
    flat = " ".join(_ANNOUNCED.sub("", text).split())
    found = _SENTENCE.match(flat)
    sentence = found.group() if found and len(found.group()) >= length // 4 else flat
    return cut(sentence, length)


def cut(text: str, length: int) -> str:
    """Return the text in one line, cut between words."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:—-") + "…"


def _earlier(turn: TurnRow, answer: AnswerRow | None) -> Earlier:
    told = "" if answer is None else short(answer.text, ANSWERED_LENGTH)
    rating = None if answer is None else answer.rating
    return Earlier(short(turn.text, ASKED_LENGTH), turn.outcome or "", told, rating)
