"""Buttons of the knowledge base: what they say, and the callback data behind them."""

from collections.abc import Sequence
from typing import Final

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.texts import Texts

KB: Final = "kb"
RELOAD: Final = "reload"
DIFF: Final = "diff"
ERRORS: Final = "errors"
ASK: Final = "ask"
"""Asks before switching to a release."""
SWITCH: Final = "to"
FORCE: Final = "force"
CANCEL: Final = "cancel"
ADD: Final = "add"
DROP: Final = "drop"
UNDO: Final = "undo"
ADDRESSES: Final = "addresses"
SHOW: Final = "show"
REFUSE: Final = "refuse"
ADDRESSES_OFFERED: Final = 8
"""To be decided about one by one in a message; the next ones come up as these are decided."""


def _button(text: str, *data: object) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=":".join(map(str, (KB, *data))))


def _rows(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def none() -> InlineKeyboardMarkup:
    """No button any more."""
    return InlineKeyboardMarkup(inline_keyboard=[])


def state(
    texts: Texts, *, older: int | None, newer: int | None, held: int | None, errors: int, waiting: int
) -> InlineKeyboardMarkup:
    """Offer what can be done with the knowledge base."""
    other = [
        _button(texts("button-kb-back", release=older), ASK, older) if older else None,
        _button(texts("button-kb-forward", release=newer), ASK, newer) if newer else None,
    ]
    return _rows(
        [_button(texts("button-kb-reload"), RELOAD)],
        [_button(texts("button-kb-diff"), DIFF)] if older else [],
        [button for button in other if button],
        [_button(texts("button-kb-force", release=held), FORCE, held)] if held else [],
        [_button(texts("button-kb-errors", n=errors), ERRORS)] if errors else [],
        _addresses(texts, waiting),
    )


def _addresses(texts: Texts, waiting: int) -> list[InlineKeyboardButton]:
    return [_button(texts("button-kb-addresses", n=waiting), ADDRESSES)] if waiting else []


def addresses(texts: Texts, waiting: Sequence[tuple[str, str]]) -> InlineKeyboardMarkup:
    """Offer to show or refuse what waits, one by one; ``waiting``: mark and address."""
    return _rows(
        *(
            [
                _button(texts("button-kb-show", address=address), SHOW, mark),
                _button(texts("button-kb-refuse", address=address), REFUSE, mark),
            ]
            for mark, address in waiting[:ADDRESSES_OFFERED]
        ),
    )


def confirm_switch(texts: Texts, to: int, current: int, issued: int) -> InlineKeyboardMarkup:
    """Ask before switching; the button knows from where, and when it was made."""
    yes = _button(texts("button-kb-switch", release=to), SWITCH, to, current, issued)
    return _rows([yes, _button(texts("button-kb-cancel"), CANCEL)])


def after_switch(texts: Texts, before: int) -> InlineKeyboardMarkup:
    """Offer the way back."""
    return _rows([_button(texts("button-kb-return", release=before), ASK, before)])


def done(texts: Texts, *, older: int | None, batch: str | None, waiting: int) -> InlineKeyboardMarkup:
    """Offer to take back what a build has brought: the received files, or the whole release."""
    return _rows(
        _addresses(texts, waiting),
        [_button(texts("button-kb-undo"), UNDO, batch)] if batch else [],
        [_button(texts("button-kb-back", release=older), ASK, older)] if older else [],
    )


def held(texts: Texts, release: int, batch: str | None) -> InlineKeyboardMarkup:
    """Offer to overrule the gate."""
    return _rows(
        [_button(texts("button-kb-force", release=release), FORCE, release)],
        [_button(texts("button-kb-undo"), UNDO, batch)] if batch else [],
    )


def again(texts: Texts) -> InlineKeyboardMarkup:
    """Offer another try."""
    return _rows([_button(texts("button-kb-reload"), RELOAD)])


def confirm_files(texts: Texts, batch: str) -> InlineKeyboardMarkup:
    """Ask before received files become articles."""
    return _rows([_button(texts("button-kb-add"), ADD, batch), _button(texts("button-kb-cancel"), DROP, batch)])
