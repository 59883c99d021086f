"""Which of the product's languages a text is written in."""

import re
from typing import Literal

_MIN_LETTERS = 2
# Codes, addresses and links are in no language.
_CODE = re.compile(r"\S*[\d@/_]\S*")


def detect(text: str) -> Literal["ru", "en"] | None:
    """Return the language by script, None when there are too few letters to tell."""
    words = _CODE.sub(" ", text.lower())
    cyrillic = sum("а" <= c <= "я" or c == "ё" for c in words)
    latin = sum("a" <= c <= "z" for c in words)
    if cyrillic + latin < _MIN_LETTERS:
        return None
    # Russian texts are full of Latin brand names and codes, so Cyrillic wins earlier than at one half.
    return "ru" if cyrillic * 3 >= latin else "en"
