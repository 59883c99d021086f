"""Repairs what was typed in the wrong keyboard layout: «ghbdtn» → «привет», «куегкт» → “return”."""

from collections.abc import Callable

from knowledge.tokens import words

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_CYRILLIC = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_LATIN_SHIFTED = '~QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>'
LATIN_TO_CYRILLIC = str.maketrans(_LATIN + _LATIN_SHIFTED, _CYRILLIC + _CYRILLIC.upper())
CYRILLIC_TO_LATIN = str.maketrans(_CYRILLIC + _CYRILLIC.upper(), _LATIN + _LATIN_SHIFTED)
_MIN_LETTERS = 3
_END_SIGNS = ",.?!:;"


def repair(text: str, known: Callable[[str], bool]) -> str:
    """Return the text retyped in the other layout if that makes known words of unknown ones, else unchanged.

    ``known`` is asked for normalised words. Words that are known as typed, and codes, stay as they are.
    """
    for table in (LATIN_TO_CYRILLIC, CYRILLIC_TO_LATIN):
        pieces = text.split(" ")
        retyped = [_retype(piece, table, known) for piece in pieces]
        changed = [new for old, new in zip(pieces, retyped, strict=True) if new != old]
        good = [new for new in changed if _all_known(new, known)]
        if any(len(new) >= _MIN_LETTERS for new in good) and len(good) * 2 > len(changed):
            return " ".join(retyped)
    return text


def _all_known(piece: str, known: Callable[[str], bool]) -> bool:
    found = words(piece)
    return bool(found) and all(known(word) for word in found)


def _retype(piece: str, table: dict[int, int], known: Callable[[str], bool]) -> str:
    typed = words(piece)
    letters = [c for c in piece if c.isalpha()]
    foreign = any(ord(c) not in table for c in letters)
    if not letters or foreign or any(c.isdigit() for c in piece) or (typed and all(known(word) for word in typed)):
        return piece
    whole = piece.translate(table)
    if _all_known(whole, known):
        return whole
    # A sign at the end is a letter of the other layout («,» = «б») or really a sign: only known words tell.
    core = piece.rstrip(_END_SIGNS)
    return core.translate(table) + piece[len(core) :]
