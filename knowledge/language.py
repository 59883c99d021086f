"""Which of the product's languages a text is written in."""

from typing import Literal

_MIN_LETTERS = 2


def detect(text: str) -> Literal["ru", "en"] | None:
    """Return the language by script, None when there are too few letters to tell."""
    cyrillic = sum("а" <= c <= "я" or c == "ё" for c in text.lower())
    latin = sum("a" <= c <= "z" for c in text.lower())
    if cyrillic + latin < _MIN_LETTERS:
        return None
    # Russian texts are full of Latin brand names and codes, so Cyrillic wins earlier than at one half.
    return "ru" if cyrillic * 3 >= latin else "en"
