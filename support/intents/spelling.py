"""Typos: how far two words are apart, and the known word that was meant."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_MIN_LETTERS = 5


def distance(left: str, right: str, *, limit: int) -> int:
    """Return the number of insertions, deletions, substitutions and swaps of neighbours; ``limit + 1`` if more.

    Optimal string alignment (restricted Damerau–Levenshtein).
    """
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, letter in enumerate(left, start=1):
        current = [row]
        for column, other in enumerate(right, start=1):
            best = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == right[column - 2] and left[row - 2] == other:
                best = min(best, before[column - 2] + 1)
            current.append(best)
        if min(current) > limit:
            return limit + 1
        before, previous = previous, current
    return min(previous[-1], limit + 1)


@dataclass(frozen=True, slots=True)
class Speller:
    """Known words, found in spite of one typo by what is left when one letter is dropped."""

    words: frozenset[str]
    inflected: bool
    """Whether a word with another last letter is another form rather than a typo."""
    shortened: dict[str, str]

    @classmethod
    def fit(cls, words: Iterable[str], *, inflected: bool = True) -> Self:
        """Know these words; those shorter than five letters only as they stand."""
        known = frozenset(words)
        long = sorted(word for word in known if len(word) >= _MIN_LETTERS)
        shortened: dict[str, str] = {}
        for word in long:
            for key in _shortened(word):
                shortened.setdefault(key, word)
        return cls(known, inflected, shortened)

    def correct(self, word: str) -> str:
        """Return the known word one typo away, or the word itself."""
        if word in self.words or len(word) < _MIN_LETTERS - 1:
            return word
        candidates = (self.shortened[key] for key in _shortened(word) if key in self.shortened)
        typos = (known for known in candidates if not self.inflected or not _may_be_inflected(word, known))
        return next((known for known in typos if distance(word, known, limit=1) <= 1), word)


def _may_be_inflected(word: str, known: str) -> bool:
    return word[:-1] in {known, known[:-1]} or word == known[:-1]


def _shortened(word: str) -> list[str]:
    return [word, *(word[:index] + word[index + 1 :] for index in range(len(word)))]
