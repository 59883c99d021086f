"""Each part of an answer against the few sentences of its context that say most of it, rare words weighing more."""

import re
from collections import Counter
from collections.abc import Sequence
from math import log, log1p
from typing import Final

from workers.grounding.alignment import likeness
from workers.grounding.words import Reading

_CLAUSE: Final = re.compile(
    r"[,;:()—]|\s[-–]\s|\b(?:and|but|or|who|which|while|where|when|with|и|а|но|или|который|которая|которое|которые|где|когда)\b",
    re.IGNORECASE,
)
_WIDEST: Final = 3
# A clause of fewer words that carry meaning is no statement of its own.
_STATEMENT: Final = 2
_MOST_LIKENED: Final = 12
_ALIKE: Final = 0.5


def windows(a: Reading, c: Reading) -> dict[str, float]:
    """Return shares 0..1 of weight, and logarithms of the weight that is nowhere."""
    sets = [one.content_set for one in c.sentences]
    weight = _Weights(sets)
    wide = [frozenset().union(*sets[i : i + _WIDEST]) for i in range(max(1, len(sets) - _WIDEST + 1))]
    content = list(dict.fromkeys(a.content))
    everything = c.stem_set
    best = max(wide, key=lambda one: weight.share(content, one))
    clauses = _clauses(a) or [content]
    by_clause = [max(weight.share(one, some) for some in wide) for one in clauses]
    alone = [max(weight.share(one, some) for some in sets) for one in clauses]
    unknown = [stem for stem in content if stem not in everything]
    likened = [weight.of(stem) * (1 - _like(stem, c.content_set)) for stem in unknown[:_MOST_LIKENED]]
    pairs = list(zip(a.content, a.content[1:], strict=False))
    together = sum(any(x in one and y in one for one in sets) for x, y in pairs)
    facts = (a.inner_names | frozenset(a.numbers)) or frozenset(content)
    beside = max((len(facts & one) / len(facts) for one in wide), default=0.0) if facts else 1.0
    return {
        "rare_recall": weight.share(content, everything),
        "wide_recall": weight.share(content, best),
        "wide_unknown": log1p(sum(weight.of(stem) for stem in content if stem not in best)),
        "rare_unknown": log1p(sum(weight.of(stem) for stem in unknown)),
        "rare_unlike": log1p(sum(likened)),
        "clauses": log(len(clauses)),
        "clause_min": min(by_clause),
        "clause_mean": sum(by_clause) / len(by_clause),
        "clause_alone_min": min(alone),
        "clause_alone_mean": sum(alone) / len(alone),
        "pairs_together": together / len(pairs) if pairs else weight.share(content, everything),
        "facts_together": beside,
    }


class _Weights:
    """How telling a stem is in one context: one that half of its sentences hold tells little."""

    def __init__(self, sets: Sequence[frozenset[str]]) -> None:
        self._n = len(sets)
        self._times = Counter(stem for one in sets for stem in one)

    def of(self, stem: str) -> float:
        return log(1 + (self._n + 1) / (self._times[stem] + 1))

    def share(self, stems: Sequence[str], among: frozenset[str]) -> float:
        total = sum(self.of(stem) for stem in stems)
        return sum(self.of(stem) for stem in stems if stem in among) / total if total else 0.0


def _clauses(a: Reading) -> list[list[str]]:
    found: list[list[str]] = []
    rest: list[str] = []
    for part in _CLAUSE.split(a.text):
        rest = list(dict.fromkeys([*rest, *Reading(part).content]))
        if len(rest) >= _STATEMENT:
            found.append(rest)
            rest = []
    if rest and found:
        found[-1] = list(dict.fromkeys([*found[-1], *rest]))
    return found


def _like(stem: str, others: frozenset[str]) -> float:
    found = likeness(stem, others)
    return found if found > _ALIKE else 0.0
