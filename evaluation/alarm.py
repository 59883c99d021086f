"""What the alarm about shifted questions is worth: false alarms a month, and how often a doubled topic is noticed.

Simulated companies look once a day at the last seven days and the twenty-eight before them. Each customer of a day has
one topic of ``TOPICS`` (Zipf shares) and writes some of its words and some that belong to none. ``python -m
evaluation.alarm [--companies N]`` prints the tables of docs/operations.md, «Watching».
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from support.shares import Part
from support.watching.shift import WEEK_DAYS, WEEKS_BEFORE, Document, Shift, compare

TOPICS: Final = 60
WORDS_OF_TOPIC: Final = 8
WORDS_WRITTEN: Final = 3
COMMON_WORDS: Final = 300
COMMON_WRITTEN: Final = 3
LOOKS: Final = 30
WITHIN: Final = 10
"""Looks in which a doubled topic is to be noticed."""
UNANSWERED: Final = 0.15
SHARES: Final = (0.03, 0.05, 0.10)
"""Of a topic before it doubles."""
CUSTOMERS: Final = (100, 300, 1000)
"""A week."""
WANDER: Final = (0.0, 0.2)
"""Standard deviation of a topic's logarithm from week to week."""
SEED: Final = 2026


@dataclass(frozen=True, slots=True)
class Company:
    """How its customers write."""

    customers: int
    """A week."""
    wander: float = 0.0
    doubled: float = 0.0
    """The share of the topic that doubles with the first look's day; 0: none does."""


def looks(company: Company, chance: np.random.Generator, n_looks: int = LOOKS) -> Iterator[Shift]:
    """Yield what each daily look finds."""
    first = WEEK_DAYS * (1 + WEEKS_BEFORE)
    known = list(days(company, first + n_looks, chance))
    for last in range(first + 1, len(known) + 1):
        ends = (last - WEEK_DAYS * n for n in range(1 + WEEKS_BEFORE))
        week, *before = ([one for day in known[end - WEEK_DAYS : end] for one in day] for end in ends)
        yield compare(week, before)


def days(company: Company, n_days: int, chance: np.random.Generator) -> Iterator[list[Document]]:
    """Yield what was asked on each day; a topic doubles after the weeks that the first look needs."""
    shares: NDArray[np.float64] = 1.0 / np.arange(1, TOPICS + 1, dtype=np.float64) ** 0.8
    common = 1.0 / np.arange(1, COMMON_WORDS + 1)
    common /= common.sum()
    now: NDArray[np.float64] = shares
    for day in range(n_days):
        if day % WEEK_DAYS == 0:
            now = shares * np.exp(company.wander * chance.standard_normal(TOPICS))
        doubled = day >= WEEK_DAYS * (1 + WEEKS_BEFORE)
        today = _with_topic(now, company.doubled * (2 if doubled else 1))
        amount = chance.poisson(company.customers / WEEK_DAYS)
        yield _documents(chance.choice(len(today), amount, p=today), common, chance)


def false_alarms(company: Company, companies: int) -> Part:
    """Count the companies that hear of something within a month although nothing has changed."""
    return Part(sum(any(look.alarms for look in looks(company, _chance(n))) for n in range(companies)), companies)


def noticed(company: Company, companies: int) -> tuple[Part, float | None]:
    """Count the companies that hear of the doubled topic within WITHIN looks, and the median day of those that do."""
    found = []
    for number in range(companies):
        for day, look in enumerate(looks(company, _chance(number), WITHIN), start=1):
            if any(name.startswith("t0w") for topic in look.topics for name in topic.names):
                found.append(day)
                break
    return Part(len(found), companies), float(np.median(found)) if found else None


def _with_topic(shares: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Put the topic 0 that may double before the others."""
    rest: NDArray[np.float64] = (1.0 - share) * shares / shares.sum()
    return np.concatenate([[share], rest])


def _documents(topics: NDArray[np.int64], common: NDArray[np.float64], chance: np.random.Generator) -> list[Document]:
    n = len(topics)
    written = np.argsort(chance.random((n, WORDS_OF_TOPIC)), axis=1)[:, :WORDS_WRITTEN]
    others = chance.choice(COMMON_WORDS, (n, COMMON_WRITTEN), p=common)
    unanswered, scores = chance.random(n) < UNANSWERED, chance.beta(5, 2, n)
    return [
        Document(
            frozenset({f"t{topic}w{word}" for word in written[row]} | {f"c{word}" for word in others[row]}),
            # A topic is a small part of one of six intents.
            frozenset({f"intent:{topic % 6 + 1}"} | ({"outcome:no_answer"} if unanswered[row] else set())),
            (float(scores[row]),),
        )
        for row, topic in enumerate(topics.tolist())
    ]


def _chance(number: int) -> np.random.Generator:
    return np.random.default_rng((SEED, number))


def _told(part: Part) -> str:
    low, high = part.interval
    return f"{part.hits} of {part.total} = {part.value or 0.0:.1%} [{low:.1%}, {high:.1%}]"


def lines(companies: int) -> Iterator[str]:
    """Yield both tables, a line each."""
    for wander in WANDER:
        for customers in CUSTOMERS:
            rate = _told(false_alarms(Company(customers, wander), companies))
            yield f"months with a false alarm, {customers} customers a week, wander {wander}: {rate}"
    for share in SHARES:
        for customers in CUSTOMERS:
            part, day = noticed(Company(customers, doubled=share), companies)
            yield f"a topic of {share:.0%} doubles, {customers} customers a week: {_told(part)}, median day {day}"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=200)
    for line in lines(parser.parse_args().companies):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
