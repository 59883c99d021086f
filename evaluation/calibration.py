"""Chooses the threshold so that at most so many of the answers that are sent are wrong, with a stated confidence.

The labels are a random sample of the answers that could be sent, with their scores. For a threshold τ fixed beforehand
the wrong ones among the sampled answers at or above it are binomial, so "R(τ) > ``max_wrong``" is rejected by the exact
test (Clopper and Pearson 1934). Thresholds are tested from the strictest on a fixed grid downwards, each at the full
level, until one is not rejected (fixed-sequence testing: Angelopoulos et al., «Learn then Test», 2021): that corrects
for the choice without a second half of the labels. The first one tested is the strictest above which a fifth of the
labels lie, and as many as a test needs at least: the scores decide about it, never the verdicts.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.stats import beta, binom

GRID: Final = tuple(step / 100 for step in range(100, -1, -1))
"""The thresholds that can be chosen, strictest first. Fixed: a threshold made from the labels would fit them."""
FIRST_SHARE: Final = 0.2
"""Of the labels, above the first threshold tested: a compromise, found on simulated companies. With 0 about as many get
a threshold and less is sent by it; with 1/4 to 1/2 fewer get one."""
_BLOCK: Final = 1024
"""How many numbers of further labels are tried at a time."""
Counts = NDArray[np.int64]
"""int64[..., len(GRID)]: how many of something score at least each threshold."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Label(_Value):
    """An answer with its score that somebody has judged."""

    score: float
    """0..1, as it was when the answer was settled."""
    wrong: bool
    """What could not be judged is wrong here: the bound then holds whatever it was."""
    language: str


class Tested(_Value):
    """One threshold, and what is known about the answers that it lets through."""

    threshold: float
    answers: int
    wrong: int
    bound: float
    """At most this share is wrong, with the confidence asked for: exact for this threshold alone."""
    passed: bool


class InForce(_Value):
    """The threshold that decides now, which was not chosen from these labels, and what they say about it."""

    threshold: float
    answers: int
    wrong: int
    bound: float
    """At most this share of what is sent is wrong, with the confidence asked for."""
    at_least: float
    """At least this share is, with the same confidence."""


class LanguageCalibration(_Value):
    """What the labels of one language allow."""

    language: str
    labels: int
    wrong: int
    in_force: InForce | None
    chosen: Tested | None
    """The lowest threshold whose answers are known to be good enough; None: there is none yet."""
    missing: int
    """With how many more judged answers a threshold is chosen, if they score like these and all of them are right; 0
    when one is chosen. Exact while none is wrong, an expectation otherwise: where they fall decides."""
    tested: tuple[Tested, ...]
    """In the order of testing."""


class Calibration(_Value):
    """Thresholds by language. Each is a claim of its own: two hold together with 2 · confidence - 1 at least."""

    max_wrong: float
    """0..1."""
    confidence: float
    """0..1, of each language's claim."""
    looks: int
    """Among how many looks the doubt is split: each is made at (1 - confidence) / looks."""
    is_random: bool = True
    """False: the labels are no random audit, and nothing here is a promise."""
    fewest: int
    """How many judged answers a language needs at the least, all of them right; one without any lacks so many."""
    languages: tuple[LanguageCalibration, ...]


def calibrate(
    labels: Sequence[Label],
    *,
    max_wrong: float = 0.05,
    confidence: float = 0.95,
    looks: int = 1,
    in_force: Mapping[str, float] | None = None,
    is_random: bool = True,
) -> Calibration:
    """Choose a threshold for each language that has labels. Pure; shares are 0..1.

    ``is_random``: whether the labels are a random audit; it is told, and changes no figure.
    ``in_force``: the threshold that decides now, by language; languages without labels are told of as well then.
    """
    level = (1 - confidence) / looks
    now = dict(in_force or {})
    languages = sorted({label.language for label in labels} | now.keys())
    found = tuple(
        _language([label for label in labels if label.language == name], name, now.get(name), max_wrong, level)
        for name in languages
    )
    return Calibration(
        max_wrong=max_wrong,
        confidence=confidence,
        looks=looks,
        is_random=is_random,
        fewest=fewest(max_wrong, level),
        languages=found,
    )


def fewest(max_wrong: float, level: float) -> int:
    """Return how many answers without a wrong one it takes: 59 for 5 %, 149 for 2 %, 299 for 1 % at a level of 5 %."""
    return int(np.ceil(np.log(level) / np.log1p(-max_wrong)))


def upper_bound(wrong: int, answers: int, level: float) -> float:
    """Return the exact one-sided upper bound of a share, 0..1 (Clopper and Pearson 1934); 1 of nothing."""
    return float(beta.ppf(1 - level, wrong + 1, answers - wrong)) if wrong < answers else 1.0


def allowed(most: int, max_wrong: float, level: float) -> Counts:
    """Return int64[most + 1]: how many wrong ones among 0..most answers still pass the test; -1: none would."""
    answers = np.arange(most + 1)
    wrong = np.asarray(binom.ppf(level, answers, max_wrong), dtype=np.int64)
    return np.where(binom.cdf(wrong, answers, max_wrong) <= level, wrong, wrong - 1)


def first_at(labels: int, smallest: int) -> int:
    """Return how many labels lie above the first threshold that is tested."""
    return max(smallest, int(np.ceil(FIRST_SHARE * labels)))


def choose(answers: Counts, passes: NDArray[np.bool_], first: int | Counts) -> NDArray[np.intp]:
    """Return intp[...]: the last threshold, as an index into GRID, before one fails; -1 where none passes.

    ``passes``: bool[..., len(GRID)], whether few enough of the answers at a threshold are wrong. ``first``: above how
    many labels the first threshold is tested, for all or int64[...].

    Of several that let the same answers through the strictest is taken: nobody judged what lies between them.
    """
    reached = answers >= np.asarray(first)[..., None]
    begin = np.where(reached.any(axis=-1), reached.argmax(axis=-1), len(GRID))
    failed = ~passes & (np.arange(len(GRID)) >= begin[..., None])
    last = np.where(failed.any(axis=-1), failed.argmax(axis=-1), len(GRID)) - 1
    same = answers == np.take_along_axis(answers, np.maximum(last, 0)[..., None], axis=-1)
    return np.where(last >= begin, same.argmax(axis=-1), -1)


def _language(
    labels: Sequence[Label], name: str, in_force: float | None, max_wrong: float, level: float
) -> LanguageCalibration:
    grid = np.array(GRID)
    above = np.array([label.score for label in labels])[:, None] >= grid
    answers = above.sum(axis=0).astype(np.int64)
    wrong = above[np.array([label.wrong for label in labels], dtype=bool)].sum(axis=0).astype(np.int64)
    passes = wrong <= allowed(len(labels), max_wrong, level)[answers]
    first = first_at(len(labels), fewest(max_wrong, level))
    index = int(choose(answers, passes, first))
    tested = [
        Tested(
            threshold=GRID[place],
            answers=int(answers[place]),
            wrong=int(wrong[place]),
            bound=upper_bound(int(wrong[place]), int(answers[place]), level),
            passed=bool(passes[place]),
        )
        for place in range(len(GRID))
        # One of those that let the same answers through.
        if answers[place] >= first and (place == 0 or answers[place] != answers[place - 1])
    ]
    ended = next((number + 1 for number, one in enumerate(tested) if not one.passed), len(tested))
    return LanguageCalibration(
        language=name,
        labels=len(labels),
        wrong=int(wrong[-1]),
        in_force=None if in_force is None else _in_force(labels, in_force, level),
        chosen=next((one for one in tested if index >= 0 and one.threshold == GRID[index]), None),
        missing=0 if index >= 0 else missing(answers, wrong, max_wrong, level),
        tested=tuple(tested[:ended]),
    )


def _in_force(labels: Sequence[Label], threshold: float, level: float) -> InForce:
    verdicts = [label.wrong for label in labels if label.score >= threshold]
    answers, wrong = len(verdicts), sum(verdicts)
    return InForce(
        threshold=threshold,
        answers=answers,
        wrong=wrong,
        bound=upper_bound(wrong, answers, level),
        at_least=1 - upper_bound(answers - wrong, answers, level),
    )


def missing(answers: Counts, wrong: Counts, max_wrong: float, level: float) -> int:
    """Return with how many further right labels, spread over the scores like the present ones, a threshold is chosen.

    ``answers`` and ``wrong``: int64[len(GRID)]. The smallest such number up to 1,024, above that within 0.2 % of it.
    The expected counts are fractions: rounded down, up and to the nearest the procedure must choose one each time. More
    labels also move the first threshold tested, so that fewer may do where more do not.
    """
    smallest, labels = fewest(max_wrong, level), int(answers[-1])
    if not labels:
        return smallest
    enough_for = _enough(wrong, max_wrong, level)
    start, step = 0, 1
    while True:
        more = start + step * np.arange(1, _BLOCK + 1)
        first = np.maximum(smallest, np.ceil(FIRST_SHARE * (labels + more)).astype(np.int64))
        product = more[:, None] * answers
        chosen = np.ones(_BLOCK, dtype=np.bool_)
        for rounding in (0, labels // 2, labels - 1):
            then = answers + (product + rounding) // labels
            chosen &= choose(then, then >= enough_for, first) >= 0
        if chosen.any():
            return int(more[chosen.argmax()])
        start, step = int(more[-1]), 2 * step


def _enough(wrong: Counts, max_wrong: float, level: float) -> Counts:
    """Return int64[...]: among how many answers so many wrong ones just pass the test; bisection."""
    low, high = np.zeros_like(wrong), wrong + 1
    while np.any(short := binom.cdf(wrong, high, max_wrong) > level):
        high = np.where(short, 2 * high, high)
    while (high - low > 1).any():
        middle = (low + high) // 2
        passes = binom.cdf(wrong, middle, max_wrong) <= level
        low, high = np.where(passes, low, middle), np.where(passes, middle, high)
    return high
