"""Which of the product's languages a text is written in."""

import re
from typing import Literal

_MIN_LETTERS = 2
# Codes, addresses and links are in no language.
_CODE = re.compile(r"(?<!\S)[^\s\d@/_]*+[\d@/_]\S*+")
_CYRILLIC = re.compile("[а-яё]+")
_LATIN = re.compile("[a-z]+")


def detect(text: str) -> Literal["ru", "en"] | None:
    """Return the language by script, None when there are too few letters to tell."""
    words = _CODE.sub("", text.lower())
    cyrillic = len(words) - len(_CYRILLIC.sub("", words))
    latin = len(words) - len(_LATIN.sub("", words))
    if cyrillic + latin < _MIN_LETTERS:
        return None
    # Russian texts are full of Latin brand names and codes, so Cyrillic wins earlier than at one half.
    return "ru" if cyrillic * 3 >= latin else "en"
