"""What the guarantee is worth: thousands of simulated companies, whose true error rates are known, are calibrated.

A company is a distribution of scores and a share of wrong answers at each score, both on the grid of the thresholds, so
that the true share of wrong answers above a threshold is exact. Nothing here reads a database or a model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.stats import beta

from evaluation.calibration import GRID, Counts, allowed, choose, fewest, first_at
from evaluation.figures import Share

Shares = NDArray[np.float64]
COMPANIES: Final = 1_000
SIZES: Final = (100, 200, 300, 500, 1_000)
USUAL_SIZE: Final = 500
LOOKS: Final = 12
_BINS: Final = len(GRID)


@dataclass(frozen=True, slots=True)
class Companies:
    """float64[companies, len(GRID)] each, strictest threshold first."""

    weight: Shares
    """Share of a company's answers with this score."""
    risk: Shares
    """Share of those that are wrong."""

    @property
    def coverage(self) -> Shares:
        """Share of the answers that each threshold lets through."""
        return self.weight.cumsum(axis=1)

    @property
    def wrong_above(self) -> Shares:
        """Share of wrong ones among what each threshold lets through."""
        return (self.weight * self.risk).cumsum(axis=1) / np.maximum(self.coverage, 1e-300)

    def worse(self, times: float) -> "Companies":
        """Return them after a drift: so many times as many wrong answers at every score."""
        return Companies(self.weight, np.minimum(self.risk * times, 1.0))


class Row(BaseModel):
    """One scenario: shares over all companies, with 95 % intervals."""

    model_config = ConfigDict(frozen=True)

    scenario: str
    labels: int
    with_threshold: Share
    within: Share
    """Of those with a threshold: how many send at most ``max_wrong`` wrong answers."""
    broken: Share
    """Of all: how many were promised what is not so. The guarantee says: at most 1 - confidence."""
    coverage: float
    """Mean share of answers sent by all companies; no threshold is nothing sent."""
    oracle: float
    """The same with the best threshold that an all-knowing chooser would take."""


class Guarantee(BaseModel):
    """The table."""

    model_config = ConfigDict(frozen=True)

    max_wrong: float
    confidence: float
    companies: int
    seed: int
    rows: tuple[Row, ...]


def various(random: np.random.Generator, number: int) -> Companies:
    """Return companies of all kinds: 1 to 30 % wrong before any threshold, scores from useless to telling."""
    middle, spread = random.uniform(0.4, 0.95, number), random.uniform(2, 15, number)
    edges = np.arange(_BINS + 1) / _BINS
    weight = np.diff(beta.cdf(edges, (middle * spread)[:, None], ((1 - middle) * spread)[:, None]), axis=1)
    score = (edges[:-1] + edges[1:]) / 2
    pull = random.uniform(0, 2, number)[:, None] * np.log(score / (1 - score))
    base, low, high = random.uniform(0.01, 0.3, number), np.full(number, -20.0), np.full(number, 20.0)
    shift = np.zeros(number)
    for _ in range(50):
        share = (weight / (1 + np.exp(shift[:, None] + pull))).sum(axis=1)
        low, high = np.where(share > base, shift, low), np.where(share > base, high, shift)
        shift = (low + high) / 2
    risk = 1 / (1 + np.exp(shift[:, None] + pull))
    return Companies(weight[:, ::-1], risk[:, ::-1])


def at_the_edge(companies: Companies, max_wrong: float) -> Companies:
    """Return the hardest case: a useless score, and a hair more wrong answers than allowed, whatever the threshold."""
    return Companies(companies.weight, np.full_like(companies.risk, max_wrong + 1e-6))


def upside_down(companies: Companies) -> Companies:
    """Return companies whose score misleads: the higher it is, the more answers are wrong."""
    return Companies(companies.weight, companies.risk[:, ::-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Audits companies and chooses their thresholds by the same rule as the command."""

    random: np.random.Generator
    max_wrong: float
    confidence: float

    def audit(self, companies: Companies, labels: int) -> tuple[Counts, Counts]:
        """Return how many of a company's judged answers have each score, and how many of them are wrong."""
        weight = companies.weight / companies.weight.sum(axis=1, keepdims=True)
        seen = self.random.multinomial(labels, weight).astype(np.int64)
        return seen, self.random.binomial(seen, companies.risk).astype(np.int64)

    def judged_with_errors(self, seen: Counts, wrong: Counts, share: float) -> Counts:
        """Return the wrong ones as people call them who err about each answer so often."""
        return self.random.binomial(wrong, 1 - share) + self.random.binomial(seen - wrong, share)

    def chosen(self, seen: Counts, wrong: Counts, looks: int = 1) -> NDArray[np.intp]:
        """Return indices into GRID, -1 without a threshold; labels are counted over all scores, which may differ."""
        labels, level = int(seen.sum(axis=1).max()), (1 - self.confidence) / looks
        first = first_at(labels, fewest(self.max_wrong, level))
        answers = seen.cumsum(axis=1)
        passes = wrong.cumsum(axis=1) <= allowed(labels, self.max_wrong, level)[answers]
        return choose(answers, passes, first)

    def row(self, scenario: str, companies: Companies, index: NDArray[np.intp], labels: int) -> Row:
        """Hold what was chosen against the truth."""
        has, rows = index >= 0, np.arange(len(index))
        true = companies.wrong_above
        broken = has & (true[rows, index] > self.max_wrong)
        best = np.where(true <= self.max_wrong, companies.coverage, 0.0).max(axis=1)
        return Row(
            scenario=scenario,
            labels=labels,
            with_threshold=Share.of(has.tolist()),
            within=Share.of((~broken[has]).tolist()),
            broken=Share.of(broken.tolist()),
            coverage=float(np.where(has, companies.coverage[rows, index], 0.0).mean()),
            oracle=float(best.mean()),
        )


def simulate(
    *, max_wrong: float = 0.05, confidence: float = 0.95, companies: int = COMPANIES, seed: int = 20261127
) -> Guarantee:
    """Return the table; the same seed gives the same one."""
    study = Study(random=np.random.default_rng(seed), max_wrong=max_wrong, confidence=confidence)
    all_kinds = various(study.random, companies)
    rows = (*_as_promised(study, all_kinds), *_broken_assumptions(study, all_kinds), *_looks(study, all_kinds))
    return Guarantee(max_wrong=max_wrong, confidence=confidence, companies=companies, seed=seed, rows=rows)


def _as_promised(study: Study, companies: Companies) -> Iterator[Row]:
    for labels in SIZES:
        yield study.row("all kinds of companies", companies, study.chosen(*study.audit(companies, labels)), labels)
    hardest = at_the_edge(companies, study.max_wrong)
    for name, kind in (("useless score, error at the limit", hardest), ("score upside down", upside_down(companies))):
        yield study.row(name, kind, study.chosen(*study.audit(kind, USUAL_SIZE)), USUAL_SIZE)


def _broken_assumptions(study: Study, companies: Companies) -> Iterator[Row]:
    seen, wrong = study.audit(companies, USUAL_SIZE)
    index = study.chosen(seen, wrong)
    for times in (1.25, 1.5, 2.0):
        name = f"afterwards {times:g} times as many errors"
        yield study.row(name, companies.worse(times), index, USUAL_SIZE)
    for share in (0.02, 0.05):
        called = study.judged_with_errors(seen, wrong, share)
        name = f"operators err about {share:.0%} of the answers"
        yield study.row(name, companies, study.chosen(seen, called), USUAL_SIZE)
    for share in (0.1, 0.3):
        unseen = study.random.binomial(wrong, share)
        name = f"{share:.0%} of the wrong answers never judged, left out"
        yield study.row(name, companies, study.chosen(seen - unseen, wrong - unseen), USUAL_SIZE)
    overlooked = study.random.binomial(wrong, 0.3)
    yield study.row("30% of the wrong answers called right", companies, study.chosen(seen, wrong - overlooked), 500)
    # Nothing but whole conversations in the sample, and all answers of one right or all wrong.
    triples, wrong_triples = study.audit(companies, USUAL_SIZE // 3)
    index = study.chosen(3 * triples, 3 * wrong_triples)
    yield study.row("three answers a conversation, right or wrong together", companies, index, USUAL_SIZE)


def _looks(study: Study, companies: Companies) -> Iterator[Row]:
    """Look again after every batch and apply the first threshold that comes out."""
    hardest = at_the_edge(companies, study.max_wrong)
    batches = [study.audit(hardest, USUAL_SIZE // LOOKS * 2) for _ in range(LOOKS)]
    for looks in (1, LOOKS):
        index = np.full(len(hardest.weight), -1)
        seen = wrong = np.zeros_like(batches[0][0])
        for more_seen, more_wrong in batches:
            seen, wrong = seen + more_seen, wrong + more_wrong
            now = study.chosen(seen, wrong, looks)
            index = np.where(index >= 0, index, now)
        name = f"error at the limit, {LOOKS} looks" + (f" with --looks {LOOKS}" if looks > 1 else ", the first taken")
        yield study.row(name, hardest, index, int(seen.sum(axis=1).max()))


def render(table: Guarantee) -> str:
    """Return the table as lines of plain text."""
    lines = [
        f"{table.companies} companies; promised: at most {table.max_wrong:.0%} of what is sent is wrong, "
        f"in {table.confidence:.0%} of the cases",
        f"{'scenario':54}{'labels':>7}{'have τ':>8}{'within':>8}  {'promise broken [95 %]':24}{'sent':>6}{'oracle':>8}",
    ]
    for row in table.rows:
        low, high = row.broken.interval
        within = f"{row.within.value:.1%}" if row.within.total else "–"
        lines.append(
            f"{row.scenario:54}{row.labels:>7}{row.with_threshold.value:>8.1%}{within:>8}  "
            f"{row.broken.value:>6.1%} [{low:>5.1%}–{high:>5.1%}]    {row.coverage:>7.1%}{row.oracle:>8.1%}"
        )
    return "\n".join(lines)
