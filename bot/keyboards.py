"""Buttons, and the callback data behind them (64 bytes at most)."""

from dataclasses import dataclass
from typing import Final, Literal

from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.texts import Texts
from support.ratings import SCORES

OPERATOR: Final = "op"
ORDER: Final = "order"
LANGUAGE: Final = "lang"
INTENT: Final = "intent"
RATE: Final = "rate"
SCORE: Final = "score"
WORD: Final = "word"
STARS: Final = "⭐"
LONGEST_NUMBER: Final = 16
"""Digits of a number behind a button: Telegram's ids have 52 bits at most (Bot API, User.id)."""
DESK: Final = "desk"
"""Begins what operators press: ``desk:<action>:<argument>…`` (bot.handlers.desk_buttons)."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """Callback data taken apart: ``name:argument:argument``."""

    name: str
    arguments: tuple[str, ...]


def parse(data: str) -> Pressed:
    """Take callback data apart; forged data has neither name nor arguments, as a button that nobody knows.

    Anybody can send anything: what handlers take for a number is one that every table and clock can hold.
    """
    name, *arguments = data.split(":")
    if any(not one or (one.isdecimal() and len(one) > LONGEST_NUMBER) for one in arguments):
        return Pressed("", ())
    return Pressed(name, tuple(arguments))


def _button(text: str, *data: object) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=":".join(map(str, data)))


def desk(text: str, action: str, *arguments: object) -> InlineKeyboardButton:
    """Return a button for operators."""
    return _button(text, DESK, action, *arguments)


def start(texts: Texts) -> InlineKeyboardMarkup:
    """Offer what the bot can do."""
    other = "en" if texts.language == "ru" else "ru"
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [_button(texts("button-order"), ORDER), _button(texts("button-operator"), OPERATOR)],
            [_button(texts("button-language"), LANGUAGE, other)],
        ]
    )


def operator(texts: Texts) -> InlineKeyboardMarkup:
    """Offer a person."""
    return InlineKeyboardMarkup(inline_keyboard=[[_button(texts("button-operator"), OPERATOR)]])


def answer(texts: Texts, answer_id: int) -> InlineKeyboardMarkup:
    """Ask for a rating and offer a person."""
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [
                _button(texts("button-useful"), RATE, answer_id, 1),
                _button(texts("button-useless"), RATE, answer_id, -1),
            ],
            [_button(texts("button-operator"), OPERATOR, answer_id)],
        ]
    )


def scores(texts: Texts, escalation_id: int, chosen: int | None = None) -> InlineKeyboardMarkup:
    """Ask how good an operator's help was; once a score is chosen, for a word about it."""
    row = [
        _button(f"{STARS} {score}" if score == chosen else str(score), SCORE, escalation_id, score) for score in SCORES
    ]
    word = [] if chosen is None else [[_button(texts("button-word"), WORD, escalation_id)]]
    return InlineKeyboardMarkup(inline_keyboard=[row, *word])


def clarify(texts: Texts, turn_id: int, options: tuple[tuple[str, str], ...]) -> InlineKeyboardMarkup:
    """Offer the likeliest intents, and a person."""
    rows = [[_button(label, INTENT, turn_id, name)] for name, label in options]
    return InlineKeyboardMarkup(inline_keyboard=[*rows, [_button(texts("button-operator"), OPERATOR)]])


def languages(names: dict[Literal["ru", "en"], str]) -> InlineKeyboardMarkup:
    """Offer the languages."""
    return InlineKeyboardMarkup(inline_keyboard=[[_button(name, LANGUAGE, code) for code, name in names.items()]])


def share_contact(texts: Texts) -> ReplyKeyboardMarkup:
    """Offer to share one's own contact."""
    button = KeyboardButton(text=texts("button-contact"), request_contact=True)
    return ReplyKeyboardMarkup(keyboard=[[button]], resize_keyboard=True, one_time_keyboard=True)


def gone() -> ReplyKeyboardRemove:
    """Take the contact button away."""
    return ReplyKeyboardRemove(remove_keyboard=True)
