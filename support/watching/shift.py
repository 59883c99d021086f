"""Whether customers ask about something else than before: the last week against the four weeks before it. Pure.

*Document*: all that one customer asked in one week, so that one who writes much counts once. *Feature*: something that
a document has or has not: a stem, or one of a group of stems that stand together in all five weeks (average linkage
of their cosines: a subject is asked about in many words); an intent; an outcome. What is tested is chosen by all five
weeks alike, so that the choice favours none of them. A feature's p-value is the larger of two, both one-sided (more
than before):

- Fisher's exact test (hypergeometric): the week is a random draw from all five weeks;
- a negative binomial whose variance also holds how much the four weeks differ among themselves, pooled over the
  features of its kind: topics wander by themselves, and a test that does not know it cries wolf at large companies.
  Groups of stems are a kind of their own: single stems are mostly words of every topic, which do not wander, and
  pooled with them the groups would seem steadier than they are.

The judge's scores are held against those before by the two-sided Mann–Whitney test. Bonferroni within each kind: half
of the level is divided by the number of stems, half by that of intents, outcomes and the scores. Seven and twenty-eight
days hold the same weekdays. Besides, a shift must be large: ``MORE`` times as much and ``FEWEST_WEEK`` customers.

``A_LOOK``, the level of one look, is a thirtieth of 5 %: with one look a day at most one month in twenty has a false
alarm, by the union bound, whatever the looks have in common; ``evaluation.alarm`` simulates it and what the alarm
notices. PSI (population stability index) of the intents is only shown: it has no error rate.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log
from typing import Final

import numpy as np
from scipy.sparse import csr_array

WEEK_DAYS: Final = 7
WEEKS_BEFORE: Final = 4
A_LOOK: Final = 0.05 / 30
MORE: Final = 1.5
FEWEST_WEEK: Final = 8
"""Customers with the feature this week: fewer are an anecdote."""
FEWEST_DOCUMENTS: Final = (30, 100)
"""Customers in the week and before it: with fewer nothing is said."""
MOST_TERMS: Final = 200
CLOSE: Final = 0.2
"""Mean cosine of the stems of a group, at least."""
MOST_TOLD: Final = 3
HEAVIEST: Final = 50
"""Documents a week beyond which a feature weighs no more where the wander is pooled."""
_TOGETHER: Final = 0.5
"""Stems of which the rarer one stands so often beside the other are one topic."""
_SCORE_STEP: Final = 0.05
_SMALLEST: Final = 0.005


@dataclass(frozen=True, slots=True)
class Document:
    """What one customer asked in one week."""

    terms: frozenset[str]
    """Stems."""
    marks: frozenset[str] = frozenset()
    """Intents and outcomes: ``intent:complaint``, ``outcome:no_answer``."""
    scores: tuple[float, ...] = ()
    """The judge's, of the drafts written for him."""


@dataclass(frozen=True, slots=True)
class Window:
    """One week, counted."""

    size: int
    """Documents."""
    terms: Mapping[str, int]
    """Stem → how many of them hold it."""
    marks: Mapping[str, int]
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Something that more customers than before had."""

    names: tuple[str, ...]
    """Stems that stand together, the strongest first; or one mark."""
    week: int
    """Customers this week."""
    before: int
    """In the four weeks before."""
    expected: float
    """This week, had nothing changed."""
    p: float
    """Adjusted for how many were tested."""

    @property
    def ratio(self) -> float:
        """How many times as many as expected."""
        return self.week / max(self.expected, 0.5)


@dataclass(frozen=True, slots=True)
class Shift:
    """What one look found."""

    enough: bool
    """Whether there was enough to say anything."""
    week: int
    before: int
    """Customers of both windows."""
    topics: tuple[Change, ...] = ()
    marks: tuple[Change, ...] = ()
    scores_p: float | None = None
    """Adjusted, too."""
    scores_fell: bool = False
    psi: float | None = None
    tested: int = field(default=0)
    """How many hypotheses."""
    least_p: float = 1.0
    """The level at which the alarm would just have gone off."""

    @property
    def alarms(self) -> bool:
        """Whether administrators are told."""
        return bool(self.topics or self.marks or self.scores_fell)


def count(documents: Sequence[Document], together: Sequence[tuple[str, ...]] = ()) -> Window:
    """Count one week's documents; stems of a group are counted as one, under their names joined by spaces."""
    names = {term: " ".join(group) for group in together for term in group}
    return Window(
        len(documents),
        Counter(name for one in documents for name in {names.get(term, term) for term in one.terms}),
        Counter(mark for one in documents for mark in one.marks),
        tuple(score for one in documents for score in one.scores),
    )


def compare(week: Sequence[Document], before: Sequence[Sequence[Document]], *, level: float = A_LOOK) -> Shift:
    """Hold the week against the weeks before; ``level``: the chance of a false alarm at this look, at most."""
    weeks = [week, *before]
    found = groups([document.terms for one in weeks for document in one])
    counted = [count(one, found) for one in weeks]
    shift = compare_counts(counted[0], counted[1:], level=level)
    return replace(shift, topics=_together(shift.topics, week)[:MOST_TOLD])


def groups(documents: Sequence[frozenset[str]]) -> list[tuple[str, ...]]:
    """Return stems that stand together, two at least in a group, the most frequent of each first."""
    held = Counter(term for one in documents for term in one)
    terms = sorted((term for term in held if held[term] >= FEWEST_WEEK), key=lambda term: (-held[term], term))
    terms = terms[:MOST_TERMS]
    if len(terms) <= 1:
        return []
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415  # a bot starts without it

    places = {term: place for place, term in enumerate(terms)}
    cells = [(row, places[term]) for row, one in enumerate(documents) for term in one if term in places]
    rows, columns = np.array(cells, dtype=np.int64).T
    table = csr_array((np.ones(len(cells)), (rows, columns)), shape=(len(documents), len(terms)))
    lengths = np.sqrt([held[term] for term in terms])
    distances = np.maximum(0.0, 1.0 - (table.T @ table).toarray() / np.outer(lengths, lengths))
    numbers = fcluster(linkage(distances[np.triu_indices(len(terms), k=1)], "average"), 1.0 - CLOSE, "distance")
    found = (tuple(term for term, own in zip(terms, numbers, strict=True) if own == number) for number in set(numbers))
    return sorted(one for one in found if len(one) > 1)


def compare_counts(week: Window, before: Sequence[Window], *, level: float = A_LOOK) -> Shift:
    """Do the same with weeks that are counted already; stems are not put together."""
    n_before = sum(one.size for one in before)
    if week.size < FEWEST_DOCUMENTS[0] or n_before < FEWEST_DOCUMENTS[1]:
        return Shift(enough=False, week=week.size, before=n_before)
    sizes = (week.size, tuple(one.size for one in before))
    terms = _tested(week.terms, [one.terms for one in before])
    marks = _tested(week.marks, [one.marks for one in before])
    n_marks = len(marks) + 1
    topics, grown_marks = _grown(terms, sizes, 2 * len(terms)), _grown(marks, sizes, 2 * n_marks)
    p, fell = _scores(week.scores, [score for one in before for score in one.scores])
    scores_p = None if p is None else min(1.0, 2 * n_marks * p)
    found = [one.p for one in (*topics, *grown_marks)] + ([scores_p] if fell and scores_p is not None else [])
    return Shift(
        enough=True,
        week=week.size,
        before=n_before,
        topics=tuple(one for one in topics if one.p <= level),
        marks=tuple(one for one in grown_marks if one.p <= level)[:MOST_TOLD],
        scores_p=scores_p,
        scores_fell=fell and scores_p is not None and scores_p <= level,
        psi=psi(_intents(week.marks), _intents(sum((Counter(one.marks) for one in before), Counter()))),
        tested=len(terms) + n_marks,
        least_p=min(found, default=1.0),
    )


def psi(now: Mapping[str, int], before: Mapping[str, int]) -> float | None:
    """Population stability index of two counts by name; None without both. 0: the same; over 0.25 is called large."""
    totals = sum(now.values()), sum(before.values())
    if not all(totals):
        return None
    pairs = ((now.get(name, 0) / totals[0], before.get(name, 0) / totals[1]) for name in {*now, *before})
    shares = [(max(a, _SMALLEST), max(b, _SMALLEST)) for a, b in pairs]
    return sum((a - b) * log(a / b) for a, b in shares)


Counts = dict[str, tuple[int, tuple[int, ...]]]
"""Feature → this week's documents, those of each week before."""


def _tested(week: Mapping[str, int], before: Sequence[Mapping[str, int]]) -> Counts:
    """Choose what is tested by all weeks together: a choice by the last one alone would spoil the test."""
    totals = Counter(week)
    for one in before:
        totals.update(one)
    chosen = sorted((name for name in totals if totals[name] >= FEWEST_WEEK), key=lambda name: (-totals[name], name))
    return {name: (week.get(name, 0), tuple(one.get(name, 0) for one in before)) for name in chosen[:MOST_TERMS]}


def _grown(counts: Counts, sizes: tuple[int, tuple[int, ...]], times: int) -> list[Change]:
    """Return what has grown by much, the surest first; p-values are multiplied by ``times``."""
    from scipy.stats import hypergeom  # noqa: PLC0415  # takes a second, once a day is soon enough

    n_week, n_before = sizes[0], sum(sizes[1])
    wander = {
        together: _wander({name: one for name, one in counts.items() if _is_group(name) is together}, sizes[1])
        for together in (False, True)
    }
    found = []
    for name, (week, each) in counts.items():
        before = sum(each)
        change = Change(tuple(name.split()), week, before, before * n_week / n_before, 1.0)
        if week < FEWEST_WEEK or change.ratio < MORE:
            continue
        exact = float(hypergeom.sf(week - 1, n_week + n_before, week + before, n_week))
        p = max(exact, _wandering(week, change.expected, before, wander[_is_group(name)] * (1 + 1 / len(each))))
        found.append(replace(change, p=min(1.0, p * times)))
    return sorted(found, key=lambda one: (one.p, one.names))


def _is_group(name: str) -> bool:
    return " " in name


def _wander(counts: Counts, sizes: Sequence[int]) -> float:
    """Return the variance of a feature's share from week to week beyond chance, relative to the share's square.

    By moments: Pearson's X² of the weeks is on average (k - 1)(1 + expected · variance). Pooled over the features, each
    weighing as much as it has documents a week, but no more than ``HEAVIEST``: a few words that stand in every second
    question and never wander would speak for all otherwise.
    """
    each = np.array([weeks for _, weeks in counts.values()], dtype=np.float64).reshape(len(counts), len(sizes))
    n = np.array(sizes, dtype=np.float64)
    share = each.sum(axis=1, keepdims=True) / n.sum()
    expected = share * n
    usable = (expected.mean(axis=1) > 1) & (share[:, 0] < 1)
    if not usable.any():
        return 0.0
    variance = (expected * (1 - share))[usable]
    surplus = ((each[usable] - expected[usable]) ** 2 / variance).sum(axis=1) / (len(sizes) - 1) - 1
    mean = expected[usable].mean(axis=1)
    weight = np.minimum(mean, HEAVIEST)
    return max(0.0, float((weight * surplus / mean).sum() / weight.sum()))


def _wandering(week: int, expected: float, before: int, variance: float) -> float:
    """Return P(at least ``week``) of a negative binomial around what is expected; what is expected is uncertain too."""
    if variance <= 0 or expected <= 0:
        return 0.0
    from scipy.stats import nbinom  # noqa: PLC0415

    spread = variance + 1 / max(before, 1)
    size = 1 / spread
    return float(nbinom.sf(week - 1, size, size / (size + expected)))


def _together(grown: Sequence[Change], week: Sequence[Document]) -> tuple[Change, ...]:
    """Put stems together that the same customers wrote: «деньги» and «вернуть» are one topic."""
    holders = {one: {n for n, doc in enumerate(week) if doc.terms.intersection(one.names)} for one in grown}
    topics: dict[Change, Change] = {}
    for change in grown:
        for first, topic in topics.items():
            both = holders[change] & holders[first]
            if len(both) >= _TOGETHER * min(len(holders[change]), len(holders[first])):
                topics[first] = replace(topic, names=tuple(dict.fromkeys((*topic.names, *change.names))))
                break
        else:
            topics[change] = change
    return tuple(topics.values())


def _scores(week: Sequence[float], before: Sequence[float]) -> tuple[float | None, bool]:
    if len(week) < FEWEST_DOCUMENTS[0] or len(before) < FEWEST_DOCUMENTS[0]:
        return None, False
    from scipy.stats import mannwhitneyu  # noqa: PLC0415

    p = float(mannwhitneyu(week, before, alternative="two-sided").pvalue)
    return p, float(np.median(week)) <= float(np.median(before)) - _SCORE_STEP


def _intents(marks: Mapping[str, int]) -> dict[str, int]:
    return {name: n for name, n in marks.items() if name.startswith("intent:")}
