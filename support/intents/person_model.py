"""How much a message reads like a request for a person: logistic regression over what its words stand for."""

import zlib
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.hashed import HashedModel, probability
from support.intents import retyping, senses
from support.intents.features import stem
from support.intents.senses import Word

FILE: Final = Path(__file__).with_name("person_weights.json")
SIZE: Final = 1 << 15
"""Of the table that features are hashed into."""
MOST_CHARACTERS: Final = 4096
"""A message of Telegram."""
_SHORT: Final = 300
"""Characters of a text whose other readings are searched for typos as well."""
_MEDIUM: Final = 1000
"""Characters of a text whose clauses are looked at apart as well."""
WINDOW: Final = 8
"""Words that are looked at together where a sentence has more."""
_ENDLESS: Final = 60
"""Words from which on a sentence is looked at in coarser steps."""
_SENSES, _STEMS, _LETTERS = 1.0, 0.7, 0.7
_GRAMS: Final = (3, 4, 5)
_SIZES: Final = (2, 4, 8, 12)
"""Words from which on a part is one of another size."""
_FEW: Final = 6
# Unless it has few words, a part is worth a look only if it holds one of these; the first, if it was typed otherwise.
_PEOPLE: Final = frozenset({"HUMAN", "SOMEONE", "JOB", "EXPERT", "BOSS", "TEAM", "CONNECT", "FETCH"})
_ANYTHING: Final = _PEOPLE | {"LIVE", "NAME", "PHONE", "TALK", "ANSWER", "BOT"}


def parts(text: str) -> list[tuple[Word, ...]]:
    """Return what is scored apart: sentences, their clauses and pieces, in every way that the text can be read."""
    folded = senses.fold(text[:MOST_CHARACTERS])
    short = len(folded) < _SHORT
    found: list[tuple[Word, ...]] = []
    for number, reading in enumerate(retyping.readings(folded)):
        if number and not senses.may_be_meant(folded, reading):
            continue
        wanted = _PEOPLE if number else _ANYTHING
        told = [reading, senses.clauses(reading)] if number == 0 and len(folded) < _MEDIUM else [reading]
        for sentence in senses.sentences("\n".join(told), typos=number == 0 or short):
            found += [
                part
                for part in _windows(tuple(sentence))
                if (short and number == 0 and len(part) <= _FEW)
                or any(word.sense.lstrip("~") in wanted for word in part)
            ]
    return list(dict.fromkeys(found))


def _windows(sentence: tuple[Word, ...]) -> Iterator[tuple[Word, ...]]:
    yield sentence[: 3 * WINDOW]
    if len(sentence) > WINDOW:
        step = WINDOW // 2 if len(sentence) <= _ENDLESS else WINDOW * 3 // 4
        starts = [*range(0, len(sentence) - WINDOW, step), len(sentence) - WINDOW]
        yield from (sentence[start : start + WINDOW] for start in starts)


def row(part: Sequence[Word]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the slots of a part's features and their values."""
    kinds = [(_SENSES, _sense_features(part)), (_STEMS, _stem_features(part))]
    letters = list({slot for word in part for slot in _letter_slots(word.text)})
    slots = [[_slot(name) for name in set(names)] for _, names in kinds] + [letters]
    values = [
        np.full(len(some), weight / np.sqrt(len(some) or 1))
        for (weight, some) in zip((_SENSES, _STEMS, _LETTERS), slots, strict=True)
    ]
    return np.array([slot for some in slots for slot in some], dtype=np.int64), np.concatenate(values)


def _sense_features(part: Sequence[Word]) -> list[str]:
    """Return neighbours up to three apart, classes without the mark of a typo beside those with it."""
    told = ["^", *(word.sense for word in part), "$"]
    plain = [sense.lstrip("~") for sense in told]
    named = [f"1 {sense}" for sense in told]
    named += [f"2 {left} {right}" for left, right in pairwise(plain)]
    named += [f"3 {left} {middle} {right}" for left, middle, right in zip(plain, plain[1:], plain[2:], strict=False)]
    classes = [sense for sense in plain if sense[0].isupper() or sense in "^$"]
    named += [f"c {left} {right}" for left, right in pairwise(classes)]
    named += [f"d {a} {b} {c}" for a, b, c in zip(classes, classes[1:], classes[2:], strict=False)]
    named += [f"s {left} {right}" for left, right in zip(plain, plain[2:], strict=False)]
    named.append(f"size {sum(len(part) >= size for size in _SIZES)}")
    return named


def _stem_features(part: Sequence[Word]) -> list[str]:
    stems = [stem(word.text) if word.text[0].isalpha() else word.sense for word in part]
    told = ["^", *stems, "$"]
    return [*(f"w {one}" for one in stems), *(f"v {left} {right}" for left, right in pairwise(told))]


@lru_cache(maxsize=20_000)
def _letter_slots(word: str) -> tuple[int, ...]:
    padded = f" {word} "
    return tuple({_slot("l" + padded[at : at + size]) for size in _GRAMS for at in range(len(padded) - size + 1)})


@lru_cache(maxsize=50_000)
def _slot(name: str) -> int:
    return zlib.crc32(name.encode()) & (SIZE - 1)


class PersonModel(HashedModel):
    """Fitted weights; made by ``python -m evaluation.person_training``."""

    __slots__ = ()

    def probability(self, text: str) -> float:
        """Return how likely the message asks for a person, 0..1, by the part of it that does so most."""
        scores = [self.score(*row(part)) for part in parts(text)]
        return probability(max(scores)) if scores else 0.0


@cache
def bundled() -> PersonModel:
    """Return the model of the package."""
    return PersonModel.from_json(FILE.read_text(encoding="utf-8"))
