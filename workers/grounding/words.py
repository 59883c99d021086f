"""A text as the alignment sees it: words with stems, which of them carry meaning, names, numbers, sentences."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Final

from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import normalise, stem, words
from workers.sentences import units

_LEXICON: Final = Path(__file__).with_name("lexicon.toml")
_CAPITAL: Final = re.compile(r"(?P<before>^|[.!?…\n]\s*[»\")]*\s*[«\"(]?)?\b(?P<name>[A-ZА-ЯЁ][\w’'-]*)")
_LATIN: Final = re.compile(r"[a-z]")
_CYRILLIC: Final = re.compile(r"[а-я]")
_MARKS: Final = re.compile(r"\s+([.,!?;:])")
_SPELT: Final = {
    "два": "2", "две": "2", "три": "3", "четыре": "4", "пять": "5", "шесть": "6", "семь": "7", "восемь": "8",
    "девять": "9", "десять": "10", "двух": "2", "трех": "3", "четырех": "4", "пяти": "5", "шести": "6", "семи": "7",
    "восьми": "8", "девяти": "9", "десяти": "10", "двадцать": "20", "тридцать": "30", "сто": "100",
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50",
    "hundred": "100",
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """A stretch of text, read once."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        """Every word in order, lower case."""
        return words(self.text)

    @cached_property
    def stems(self) -> list[str]:
        """Stem of every word, in order; spelt numbers as digits."""
        return [_SPELT.get(word) or stem(word) for word in self.words]

    @cached_property
    def content(self) -> list[str]:
        """Stems of the words that carry meaning, in order."""
        return [one for word, one in zip(self.words, self.stems, strict=True) if carries_meaning(word)]

    @cached_property
    def content_set(self) -> frozenset[str]:
        """The same, each once."""
        return frozenset(self.content)

    @cached_property
    def stem_set(self) -> frozenset[str]:
        """Every stem once."""
        return frozenset(self.stems)

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Words with a digit."""
        return tuple(word for word in self.stems if any(sign.isdigit() for sign in word))

    @cached_property
    def names(self) -> frozenset[str]:
        """Stems of capitalised words inside sentences, and of those at a beginning that are no function words."""
        found = (normalise(match["name"]) for match in _CAPITAL.finditer(self.text))
        return frozenset(
            stem(part) for name in found for part in words(name) if part not in STOP_WORDS and len(part) > 1
        )

    @cached_property
    def inner_names(self) -> frozenset[str]:
        """Stems of capitalised words inside sentences."""
        found = (normalise(m["name"]) for m in _CAPITAL.finditer(self.text) if m["before"] is None)
        return frozenset(
            stem(part) for name in found for part in words(name) if part not in STOP_WORDS and len(part) > 1
        )

    @cached_property
    def sentences(self) -> tuple["Reading", ...]:
        """Its sentences, list items and rows; itself when it has none."""
        found = [Reading(one) for one in units(self.text)]
        return tuple(one for one in found if one.words) or (self,)

    def count(self, kind: str) -> int:
        """How many of its words are of a kind of the lexicon."""
        known = lexicon(kind)
        return sum(word in known for word in self.words)


def carries_meaning(word: str) -> bool:
    """No function word and no lone letter."""
    return word not in STOP_WORDS and (len(word) > 1 or word.isdigit())


@cache
def lexicon(kind: str) -> frozenset[str]:
    """Return the words of a kind."""
    return frozenset(normalise(_lexicon()[kind]).split())


@cache
def opposites() -> frozenset[tuple[str, str]]:
    """Pairs of stems that contradict, both ways round."""
    pairs = [tuple(stem(word) for word in normalise(pair).split()) for pair in _lexicon()["opposites"]]
    return frozenset((a, b) for one, other in pairs for a, b in ((one, other), (other, one)))


@cache
def _lexicon() -> dict[str, str]:
    return tomllib.loads(_LEXICON.read_text(encoding="utf-8"))


def script(text: str) -> float:
    """Share of Cyrillic among the letters, 0..1."""
    low = normalise(text)
    cyrillic, latin = len(_CYRILLIC.findall(low)), len(_LATIN.findall(low))
    return cyrillic / (cyrillic + latin) if cyrillic + latin else 0.5


@lru_cache(maxsize=65_536)
def trigrams(word: str) -> frozenset[str]:
    """Character trigrams of a word with its edges marked."""
    marked = f"_{word}_"
    return frozenset(marked[i : i + 3] for i in range(max(1, len(marked) - 2)))
