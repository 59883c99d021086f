"""Sparse features of a message: TF-IDF over word stems, and over characters inside words."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self, cast

import numpy as np
import Stemmer
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from support.intents.cues import cue_terms, cue_words, has_cue
from support.intents.spelling import Speller
from support.orders.numbers import find_order_number

MAX_CHARACTERS = 600
_CHARACTER_SIZES = (2, 3, 4, 5)
_SHORT, _LONG = 2, 9
_SENSE_WEIGHT = 0.7
_SAYS_MORE = 3
# Below this share of known pairs of letters a text is in no language of the examples.
_FAMILIAR = 0.8
_LETTERS = re.compile(r"[a-zа-яё]+")
_GREETING = re.compile(
    r"^\W*(?:здра\w*|привет\w*|добр\w+ (?:день|дня|вечер|утро|времени суток)|hello|hi|hey|hiya|"
    r"good (?:morning|afternoon|evening|day))"
    r"(?:\s+(?:there|all|team|всем))?\b[\s,.!)—-]*",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-zа-я]+|\d+|\?")
_STEMMERS = {"ru": Stemmer.Stemmer("russian"), "en": Stemmer.Stemmer("english")}


def fold(text: str) -> str:
    """Return the text in lower case, ё = е, without apostrophes, cut to ``MAX_CHARACTERS``."""
    return text[:MAX_CHARACTERS].lower().replace("ё", "е").replace("'", "").replace("’", "")


def without_greeting(text: str) -> str:
    """Drop «Hello!» before a message that says more."""
    rest = _GREETING.sub("", text, count=1)
    return rest if len(_LETTERS.findall(rest.lower())) >= _SAYS_MORE else text


def words(text: str) -> list[str]:
    """Return folded words; a number is ``0``, a question mark ``?``."""
    return ["0" if word.isdecimal() else word for word in _WORD.findall(fold(text))]


@cache
def stem(word: str) -> str:
    """Return the Snowball stem of a Russian or English word."""
    return cast("str", _STEMMERS["ru" if "а" <= word[0] <= "я" else "en"].stemWord(word))


def word_terms(text: str) -> list[str]:
    """Return stems, and pairs of neighbours."""
    stems = [stem(word) for word in words(text)]
    pairs = [f"{left} {right}" for left, right in zip(["^", *stems], [*stems, "$"], strict=True)]
    return [*stems, *pairs]


def character_terms(text: str, sizes: tuple[int, ...] = _CHARACTER_SIZES) -> list[str]:
    """Return character n-grams inside words, with a blank at both ends of each."""
    padded = [f" {word} " for word in words(text) if word.isalpha()]
    return [word[start : start + size] for word in padded for size in sizes for start in range(len(word) - size + 1)]


def letter_pairs(text: str) -> list[str]:
    """Return the pairs of neighbouring letters, a blank at both ends of each word."""
    return character_terms(text, (2,))


def sense_terms(text: str) -> list[str]:
    """Return the cues of the text and how it is built: a question, short or long, with or without an order number."""
    size = len(words(text))
    return [
        *cue_terms(fold(text)),
        "short" if size <= _SHORT else "long" if size >= _LONG else "medium",
        *(["question mark"] if "?" in text else []),
        *(["order number"] if find_order_number(text[:MAX_CHARACTERS]) else []),
    ]


@dataclass(frozen=True, slots=True)
class TfIdf:
    """Sublinear TF-IDF over one kind of terms."""

    terms: Callable[[str], list[str]]
    columns: dict[str, int]
    idf: NDArray[np.float64]
    """float64[n_terms]."""
    n_texts: int

    @classmethod
    def fit(cls, texts: Sequence[str], terms: Callable[[str], list[str]], *, min_texts: int) -> Self:
        """Keep the terms that stand in at least ``min_texts`` texts."""
        counts = Counter(term for text in texts for term in set(terms(text)))
        kept = sorted(term for term, count in counts.items() if count >= min_texts)
        idf = np.array([np.log((1 + len(texts)) / (1 + counts[term])) + 1 for term in kept])
        return cls(terms, {term: column for column, term in enumerate(kept)}, idf, len(texts))

    def rows(self, texts: Sequence[str]) -> csr_array:
        """Return float64[n_texts, n_terms]; a row's length is 1, less what terms without a column take of it."""
        rare = float(np.log((1 + self.n_texts) / 2) + 1)
        data: list[float] = []
        indices: list[int] = []
        ends = [0]
        for text in texts:
            counts = Counter(self.terms(text))
            found = {self.columns[term]: count for term, count in counts.items() if term in self.columns}
            strange = [(1 + np.log(count)) * rare for term, count in counts.items() if term not in self.columns]
            columns = np.fromiter(found, dtype=np.int64, count=len(found))
            weights = (1 + np.log(np.fromiter(found.values(), dtype=np.float64, count=len(found)))) * self.idf[columns]
            norm = float(np.hypot(np.linalg.norm(weights), np.linalg.norm(strange))) or 1.0
            data.extend(weights / norm)
            indices.extend(columns)
            ends.append(len(indices))
        return csr_array((data, indices, ends), shape=(len(texts), len(self.idf)))


@dataclass(frozen=True, slots=True)
class MessageFeatures:
    """Word stems, characters and cues side by side."""

    stems: TfIdf
    characters: TfIdf
    senses: TfIdf
    speller: Speller
    pairs: frozenset[str]
    """Pairs of letters that real words have: keys hit at random have others."""

    @classmethod
    def fit(cls, texts: Iterable[str]) -> Self:
        """Learn the terms of the examples."""
        kept = [without_greeting(text) for text in texts]
        return cls(
            TfIdf.fit(kept, word_terms, min_texts=1),
            TfIdf.fit(kept, character_terms, min_texts=2),
            TfIdf.fit(kept, sense_terms, min_texts=2),
            Speller.fit(cue_words().union(*(_LETTERS.findall(fold(text)) for text in kept))),
            frozenset(pair for text in kept for pair in letter_pairs(text)),
        )

    def rows(self, texts: Sequence[str]) -> csr_array:
        """Return float64[n_texts, n_features]; typos are corrected first and a leading greeting is dropped."""
        read = [self.read(text) for text in texts]
        return csr_array(
            hstack(
                [self.stems.rows(read), self.characters.rows(read), _SENSE_WEIGHT * self.senses.rows(read)],
                format="csr",
            )
        )

    def read(self, text: str) -> str:
        """Return the text as it is understood: folded, without a leading greeting, one typo a word corrected."""
        return _LETTERS.sub(lambda match: self.speller.correct(match.group()), fold(without_greeting(text)))

    def says(self, text: str, *cues: str) -> bool:
        """Whether one of the cues stands in the text."""
        return has_cue(self.read(text), *cues)

    def is_gibberish(self, text: str) -> bool:
        """Whether there is no word, or only such as no language of the examples has."""
        read = self.read(text)
        if not _LETTERS.search(read):
            return True
        pairs = letter_pairs(read)
        return not has_cue(read) and sum(pair in self.pairs for pair in pairs) < _FAMILIAR * len(pairs)
