"""What the words of a message stand for where people are asked for: classes of words, found in spite of typos."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Self

from knowledge.stopwords import STOP_WORDS
from support.intents.cues import cue_words
from support.intents.examples import Route, load_intents
from support.intents.features import stem
from support.intents.spelling import distance

WORDS: Final = Path(__file__).with_name("person_words.toml")
_WORD: Final = re.compile(r"[a-zа-я0-9]+(?:-[a-zа-я]+)*|\?")
_LETTERS: Final = re.compile(r"[a-zа-я]+")
_END: Final = re.compile(r"[.!?;…\n]+")
_PAUSE: Final = re.compile(r"[,:]|\s[-–—]+\s")
_SPACED: Final = re.compile(r"(?<!\w)\w(?:[ .\-_*]\w){3,}(?!\w)")
_ADDRESS: Final = re.compile(r"(?<!\S)\S+@\S+|https?://\S+")
_REPEATED: Final = re.compile(r"(.)\1\1+")
_INDEFINITE: Final = re.compile(r"\b(к(?:то|ого|ем|ому)) ?-? ?(нибу[дт]ь?|нить|то|либо)\b")
# Letters that look the same, for words that hold both alphabets.
_LOOKS_LIKE: Final = str.maketrans("aceopxykmtbhn", "асеорхукмтвнп")
_SOUNDS_LIKE: Final = str.maketrans("оеэыяюд", "аиииаут", "ьъ")
_TYPO_FROM, _TWO_TYPOS_FROM = 4, 8
_LONG_ENOUGH_TO_SPLIT = 8
_SHORTEST_PART = 3
_LONGEST = 20
_PROSE: Final = 0.3
_WORDLIKE: Final = 0.65
_SAMPLE: Final = 200
_AS_SPELT: Final = frozenset({"NAME", "YOU", "ME", "NOT", "NOW", "CAN"})
"""Classes of words that are too short or too many to be found in spite of typos."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a message."""

    text: str
    """As typed, folded."""
    sense: str
    """Its class, ``~`` and its class if it is written with a typo, its stem if it has none."""


def sentences(text: str, *, typos: bool = True) -> list[list[Word]]:
    """Return the words of each sentence of a folded text that has any; without ``typos`` words are taken as spelt."""
    told = (
        read(sentence, typos=typos)
        for sentence in _END.sub(lambda end: "?\n" if "?" in end.group() else "\n", text).split("\n")
    )
    return [found for found in told if found]


def clauses(text: str) -> str:
    """Return a folded text whose commas and dashes end sentences: «человека дайте, и сколько стоит доставка»."""
    return _PAUSE.sub("\n", text)


def fold(text: str) -> str:
    """Return the whole text in lower case, ё = е, no apostrophes and addresses, «о п е р а т о р» in one word."""
    folded = _ADDRESS.sub(" ", text).lower().replace("ё", "е").replace("'", "").replace("’", "").replace("`", "")
    folded = _SPACED.sub(lambda match: re.sub(r"[ .\-_*]", "", match.group()), folded)
    return _INDEFINITE.sub(r"\1-\2", folded)


def may_be_meant(typed: str, reading: str) -> bool:
    """Whether a folded text may have been typed in the wrong alphabet: it is no plain prose as it stands, and the
    reading's letters follow each other as in words.
    """
    found = _LETTERS.findall(typed)
    if sum(len(word) > _SHORTEST_PART - 1 and word in STOP_WORDS for word in found) > _PROSE * len(found):
        return False
    pairs = [word[at : at + 2] for word in _LETTERS.findall(reading[:_SAMPLE]) for at in range(len(word) - 1)]
    known = _pairs()
    return sum(pair in known for pair in pairs) >= _WORDLIKE * len(pairs)


def read(sentence: str, *, typos: bool = True) -> list[Word]:
    """Return the words of a folded sentence; two that are one, or one that is two, are set right."""
    typed = [_one_alphabet(word) for word in _WORD.findall(sentence)]
    if not typos:
        return [Word(word, _senses().exact(word) or word) for word in typed]
    found: list[Word] = []
    at = 0
    while at < len(typed):
        together = _together(typed[at], typed[at + 1]) if at + 1 < len(typed) else None
        found += together or _alone(typed[at])
        at += 2 if together else 1
    return found


@lru_cache(maxsize=20_000)
def _together(left: str, right: str) -> tuple[Word, ...] | None:
    """Return the words that two unknown ones are when the blank between them is taken away or moved."""
    senses, pair = _senses(), left + right
    if len(pair) < _TYPO_FROM or _class_of(left) or _class_of(right):
        return None
    if whole := senses.exact(pair):
        return (Word(pair, f"~{whole}"),)
    return senses.split(pair) if len(pair) >= _LONG_ENOUGH_TO_SPLIT else None


@lru_cache(maxsize=20_000)
def _alone(word: str) -> tuple[Word, ...]:
    if known := _class_of(word):
        return (Word(word, known),)
    if len(word) >= _LONG_ENOUGH_TO_SPLIT and (parts := _senses().split(word)):
        return parts
    if word.isdecimal() or word == "?":
        return (Word(word, "0" if word != "?" else "?"),)
    return (Word(word, stem(word)),)


@lru_cache(maxsize=50_000)
def _class_of(word: str) -> str | None:
    return _senses().of(word)


@lru_cache(maxsize=20_000)
def _one_alphabet(word: str) -> str:
    word = _REPEATED.sub(r"\1", word)
    if re.search(r"[a-z]", word) and re.search(r"[а-я]", word):
        word = word.translate(_LOOKS_LIKE)
    return re.sub(r"(?<=[a-zа-я])0|^0(?=[a-zа-я])", "о" if re.search(r"[а-я]", word) else "o", word)


@dataclass(frozen=True, slots=True)
class _Senses:
    """The classes of known words by how they are spelt, by their stems, and by their stems' sound less a letter."""

    spelt: dict[str, str]
    stems: dict[str, str]
    near: dict[str, tuple[str, ...]]
    order: dict[str, int]
    """Of the classes in the file: of two words that may be meant, the earlier one's is taken."""

    @classmethod
    def load(cls) -> Self:
        lists: dict[str, dict[str, str]] = tomllib.loads(WORDS.read_text(encoding="utf-8"))
        spelt = {word: name for name, of in lists.items() for words in of.values() for word in words.split()}
        stems: dict[str, str] = {}
        near: dict[str, set[str]] = {}
        for word, name in spelt.items():
            root = stem(word)
            stems.setdefault(root, name)
            for form in {_sound(root), _sound(word)}:
                if len(form) >= _TYPO_FROM and name not in _AS_SPELT:
                    for key in _shortened(form):
                        near.setdefault(key, set()).add(f"{form}/{name}")
        order = {name: place for place, name in enumerate(lists)}
        return cls(spelt, stems, {key: tuple(sorted(forms)) for key, forms in near.items()}, order)

    def exact(self, word: str) -> str | None:
        """Return the class of a word without typos."""
        return self.spelt.get(word) or (self.stems.get(stem(word)) if len(word) >= _SHORTEST_PART else None)

    def of(self, word: str) -> str | None:
        """Return the class of a word, marked where it has a typo."""
        if word.isdecimal() or word == "?":
            return None
        return self.exact(word) or self._with_typo(word)

    def _with_typo(self, word: str) -> str | None:
        if not _TYPO_FROM <= len(word) <= _LONGEST or word in _ordinary():
            return None
        best: tuple[int, int, str] | None = None
        for form in dict.fromkeys((_sound(word), _sound(stem(word)))):
            if len(form) < _TYPO_FROM - 1:
                continue
            for key in _shortened(form):
                for known in self.near.get(key, ()):
                    told, _, name = known.partition("/")
                    limit = 2 if len(told) >= _TWO_TYPOS_FROM else 1
                    if form[0] != told[0] and len(told) < _TWO_TYPOS_FROM:
                        continue
                    apart = distance(form, told, limit=limit)
                    candidate = (apart, self.order[name], name)
                    if apart <= limit and (best is None or candidate < best):
                        best = candidate
        return None if best is None else f"~{best[2]}"

    def split(self, word: str) -> tuple[Word, ...] | None:
        """Return the two known words that were written in one."""
        for at in range(1, min(len(word) - _SHORTEST_PART, _LONGEST) + 1):
            left, right = word[:at], word[at:]
            if (one := self.spelt.get(left) or ("to" if left in _SMALL else None)) and (two := self.exact(right)):
                return Word(left, one), Word(right, two)
        return None


_SMALL: Final = frozenset({"с", "со", "к", "на", "to", "with", "a", "the"})


@cache
def _ordinary() -> frozenset[str]:
    """Return words that are meant as they are spelt: customers use them for other things."""
    spelt = {word for intent in load_intents(None) if intent.route is not Route.OPERATOR for example in intent.examples
             for word in _WORD.findall(fold(example))}  # fmt: skip
    return frozenset(spelt | STOP_WORDS | cue_words())


@cache
def _pairs() -> frozenset[str]:
    """Return the pairs of letters of the words that have a class or are ordinary."""
    words = [*_senses().spelt, *_ordinary()]
    return frozenset(word[at : at + 2] for word in words for at in range(len(word) - 1))


@cache
def _senses() -> _Senses:
    return _Senses.load()


def _sound(word: str) -> str:
    return re.sub(r"(.)\1", r"\1", word.translate(_SOUNDS_LIKE).replace("тс", "ц")) or word


def _shortened(word: str) -> list[str]:
    once = [word[:at] + word[at + 1 :] for at in range(len(word))]
    if len(word) < _TWO_TYPOS_FROM - 1:
        return [word, *once]
    twice = {one[:at] + one[at + 1 :] for one in once for at in range(len(one))}
    return [word, *once, *sorted(twice)]
