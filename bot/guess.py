"""What a card says the bot took a message for, and the button with which administrators correct it."""

from collections.abc import Mapping
from typing import Final

from aiogram.types import InlineKeyboardButton
from sqlalchemy.ext.asyncio import AsyncSession

from bot import keyboards
from bot.texts import Texts
from support import learned_intents, tried
from support.tables import TurnRow

MISREAD: Final = "misread"
"""The action behind the button (bot.handlers.correcting)."""
NO_LABELS: Final[Mapping[str, str]] = {}


def in_words(texts: Texts, turn: TurnRow, labels: Mapping[str, str]) -> str:
    """Say what a turn was taken for and how sure that was; empty when nobody has asked what it is about.

    ``labels``: what people call each intent, by its name.
    """
    guess = tried.guess(turn.trace)
    if guess is None:
        return ""
    key = f"guess-{guess.source.replace('_', '-')}"
    return texts(key, label=labels.get(guess.intent, guess.intent), sure=round(100 * guess.confidence))


async def shown(texts: Texts, session: AsyncSession, turn: TurnRow, labels: Mapping[str, str]) -> str:
    """Say what a turn was taken for, and what an administrator has made of it since."""
    guess = in_words(texts, turn, labels)
    corrected = await learned_intents.intent_of(session, turn.id) if guess else None
    if corrected is None:
        return guess
    return texts("guess-corrected", guess=guess, label=labels.get(corrected, corrected))


def row(texts: Texts, turn: TurnRow) -> list[InlineKeyboardButton]:
    """Return the button's row; empty for a turn without words or that nothing was guessed about."""
    if tried.guess(turn.trace) is None or not turn.text.strip():
        return []
    return [keyboards.desk(texts("button-misread"), MISREAD, turn.id)]
