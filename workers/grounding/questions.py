"""Does the answer fit the question: its kind, and how near to the question's words it stands in the context."""

from collections import Counter
from collections.abc import Sequence
from math import exp, log
from typing import Final

import numpy as np

from workers.grounding.alignment import share
from workers.grounding.words import Reading

_WHEN: Final = frozenset(["when", "year", "date", "century", "когда", "году", "год", "века", "веке", "лет"])
_COUNT: Final = frozenset(["сколько", "каков", "какова", "many", "much", "number", "число", "percentage", "процент"])
_WHO: Final = frozenset(["who", "whom", "whose", "кто", "кого", "кем", "кому", "чей", "чья"])
_WHERE: Final = frozenset(["where", "country", "city", "где", "куда", "стране", "городе"])
_MEASURES: Final = frozenset(["long", "far", "old", "often", "large", "tall", "fast"])
_YEAR_DIGITS: Final = 4
# Words away at which a word of the question counts e times less; the second sees the same phrase only.
_NEAR_WORDS: Final = 12.0
_BESIDE_WORDS: Final = 4.0
_STEP: Final = 3
_MOST_PLACES: Final = 40
_MOSTLY: Final = 0.6
_PLACED: Final = (
    "near",
    "near_rank",
    "near_gap",
    "near_side",
    "asked_known",
    "asked_sentence",
    "asked_sentence_gap",
    "found",
)


def fit_to_question(a: Reading, c: Reading, q: Reading) -> dict[str, float]:
    """Return the features; without a question all of them are 0."""
    found = _kind(a, q)
    if not q.content_set or not c.stems or not a.stems:
        return found | dict.fromkeys(_PLACED, 0.0)
    return found | _placed(a, c, q)


def _kind(a: Reading, q: Reading) -> dict[str, float]:
    asked, words = bool(q.content_set), frozenset(q.words)
    measured = any(one == "how" and two in _MEASURES for one, two in zip(q.words, q.words[1:], strict=False))
    when, wants_number = bool(words & _WHEN), bool(words & (_WHEN | _COUNT)) or measured
    number, name = (2 * bool(one) - 1 for one in (a.numbers, a.names))
    return {
        "asked": float(asked),
        "number_wanted": float(wants_number),
        "number_fit": float(wants_number) * number,
        "number_unwanted": float(asked and not wants_number and bool(a.numbers)),
        "who_fit": float(bool(words & _WHO)) * name,
        "where_fit": float(bool(words & _WHERE)) * name,
        "year_fit": float(when and any(len(one) == _YEAR_DIGITS and one.isdigit() for one in a.numbers)),
        "asked_echo": share(a.content_set, q.content_set, 0.0),
    }


def _placed(a: Reading, c: Reading, q: Reading) -> dict[str, float]:
    stems, times = c.stems, Counter(c.stems)
    wanted = q.content_set - a.content_set
    weights = {stem: 1 / (1 + log(times[stem])) for stem in wanted if stem in times}
    total = sum(weights.values()) + len(wanted) - len(weights)
    at = {stem: np.array([i for i, one in enumerate(stems) if one == stem]) for stem in weights}
    width = len(a.stems)

    def near(place: int, within: float) -> float:
        worth = 0.0
        for stem, places in at.items():
            away = np.maximum(np.maximum(place - places, places - (place + width - 1)), 0).min()
            worth += weights[stem] * exp(-float(away) / within)
        return worth / total if total else 0.0

    whole = _occurrences(a.stems, stems)
    places = whole or [i for i, stem in enumerate(stems) if stem in a.content_set][:_MOST_PLACES]
    here = max((near(place, _NEAR_WORDS) for place in places), default=0.0)
    everywhere = np.array([near(place, _NEAR_WORDS) for place in range(0, len(stems), _STEP)])
    said = [sum(weights[x] for x in weights if x in one.stem_set) / total if total else 0.0 for one in c.sentences]
    own = [worth for one, worth in zip(c.sentences, said, strict=True) if _holds(one, a)]
    return {
        "near": here,
        "near_rank": float((everywhere > here).mean()),
        "near_gap": float(everywhere.max()) - here,
        "near_side": max((near(place, _BESIDE_WORDS) for place in places), default=0.0),
        "asked_known": share(q.content_set, c.stem_set, 0.0),
        "asked_sentence": max(own, default=0.0),
        "asked_sentence_gap": max(said) - max(own, default=0.0),
        "found": float(bool(whole)),
    }


def _holds(sentence: Reading, a: Reading) -> bool:
    return share(a.content_set, sentence.stem_set, 0.0) > _MOSTLY or bool(_occurrences(a.stems, sentence.stems))


def _occurrences(a: Sequence[str], stems: Sequence[str]) -> list[int]:
    n = len(a)
    return [i for i in range(len(stems) - n + 1) if stems[i] == a[0] and list(stems[i : i + n]) == list(a)]
