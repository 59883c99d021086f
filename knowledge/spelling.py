"""Mends one slip of the finger in words that nobody knows: «доствака» → «доставк», a stem that the base holds."""

import re
from collections.abc import Callable, Iterator

from knowledge.tokens import stem, words

_FEWEST_LETTERS = 6
"""Shorter stems have too many neighbours that mean something else: “train” and “trail”."""
_FEWEST_TO_SWAP = 8
"""One letter for another changes meaning sooner than a doubled, lost or misplaced one: «проводит» and «проходит»."""
_WORD = re.compile(r"[^\W\d_]+")
_LETTERS = {True: "абвгдежзийклмнопрстуфхцчшщъыьэюя", False: "abcdefghijklmnopqrstuvwxyz"}


def mend(text: str, known: Callable[[str], bool], holders: Callable[[str], int]) -> str:
    """Return the text with unknown words replaced by the stem one slip away that most chunks hold.

    ``known`` is asked for normalised words, ``holders`` for the number of chunks that hold a stem.
    """

    def mended(match: re.Match[str]) -> str:
        found = words(match[0])
        if len(found) != 1 or len(stem(found[0])) < _FEWEST_LETTERS or known(found[0]):
            return match[0]
        near = max(_one_slip_away(stem(found[0])), key=lambda candidate: (holders(candidate), candidate))
        return near if holders(near) else match[0]

    return _WORD.sub(mended, text)


def _one_slip_away(word: str) -> Iterator[str]:
    letters = _LETTERS["а" <= word[0] <= "я"]
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        if after:
            if len(word) > _FEWEST_LETTERS:
                yield before + after[1:]
            if len(word) >= _FEWEST_TO_SWAP:
                yield from (before + letter + after[1:] for letter in letters)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        yield from (before + letter + after for letter in letters)
