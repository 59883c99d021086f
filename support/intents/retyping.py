"""What a message may be when it was typed in the wrong keyboard layout, or Russian in Latin letters."""

import re
from collections.abc import Iterator
from typing import Final

from knowledge.keyboard import CYRILLIC_TO_LATIN, LATIN_TO_CYRILLIC

_SOUNDS: Final = {
    "shch": "щ", "sch": "щ", "zh": "ж", "kh": "х", "ch": "ч", "sh": "ш", "ts": "ц", "yu": "ю", "ju": "ю", "ya": "я",
    "ja": "я", "yo": "е", "a": "а", "b": "б", "v": "в", "w": "в", "g": "г", "d": "д", "e": "е",
    "z": "з", "i": "и", "k": "к", "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "r": "р", "s": "с", "t": "т",
    "u": "у", "f": "ф", "h": "х", "c": "ц", "x": "х", "j": "й", "q": "к",
}  # fmt: skip
_SOUND: Final = re.compile("|".join(sorted(_SOUNDS, key=lambda sound: (-len(sound), sound))))
_SHORT_I: Final = re.compile(r"(?<=[aeiou])y(?![aou])")
_INFINITIVE: Final = re.compile(r"(?<=[аи])т\b")
_LATIN: Final = re.compile(r"[a-z]")
_CYRILLIC: Final = re.compile(r"[а-я]")
_ENGLISH_DAY: Final = re.compile(r"\bdays?\b")
"""Would read «give»."""


def readings(folded: str) -> Iterator[str]:
    """Yield the folded text, then what its letters of one alphabet would be in the other."""
    yield folded
    if _LATIN.search(folded):
        yield folded.translate(LATIN_TO_CYRILLIC).replace("ё", "е")
        yield _in_cyrillic(_ENGLISH_DAY.sub(" ", folded))
    if _CYRILLIC.search(folded):
        yield folded.translate(CYRILLIC_TO_LATIN)


def _in_cyrillic(latin: str) -> str:
    text = _SOUND.sub(lambda match: _SOUNDS[match.group()], _SHORT_I.sub("j", latin))
    return _INFINITIVE.sub("ть", text.replace("y", "ы"))
