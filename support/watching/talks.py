"""Talks: what a customer asked the bot without a longer pause, and how each of them ended.

A *talk* is a run of one customer's turns in which each opens at most ``PAUSE`` after the one before had its outcome.
The pause is the bot's own memory of a talk (``support.turns.HISTORY_AGE``): after it a follow-up is not understood
either. Turns that ask nothing (greetings, thanks, media without words, what a newer message took back) and suggestions
to operators are left out; a talk without any other turn is none. A person who is called outside all of them (/operator
and nothing else) is a talk of its own, so that it counts against the bot.

- *contained*: no person was called in it, nor within ``PAUSE`` after its last turn, for whatever reason but that an
  operator wrote by himself.
- *resolved*: contained; the bot answered or showed an order; no answer of it was rated 👎; nothing was asked twice in
  it; and within ``RETURN`` (three days) the customer neither asked anything at all nor had a person. Any question
  counts as a return, also one about something else: the figure errs downwards. It is known of talks that ended at
  least three days ago (``ripe``), so the period for it lies three days earlier.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.tokens import terms
from support.escalations import EscalationReason
from support.shares import Part
from support.tables import AnswerRow, EscalationRow, TurnRow
from support.turns import HISTORY_AGE, OPEN_STATES, TurnState

PAUSE: Final = HISTORY_AGE
RETURN: Final = timedelta(days=3)
SAME: Final = 0.6
"""Two questions of one talk that share so much of their stems (Jaccard) are the same one, asked again."""
FEWEST_STEMS: Final = 2
ASKS_NOTHING: Final = frozenset({"greeted", "ignored", "media"})
HELPED: Final = frozenset({"answered", "order_shown"})
LEFT_OUT: Final = (*OPEN_STATES, TurnState.SUPERSEDED, TurnState.SUGGESTING, TurnState.SUGGESTED)


@dataclass(frozen=True, slots=True)
class Asked:
    """One turn of a customer as far as talks are made of it."""

    turn_id: int
    customer_id: int
    opened_at: datetime
    finished_at: datetime
    outcome: str
    text: str = ""
    rating: int | None = None
    """Of its answer: 1, -1 or None."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A run of turns of one customer, oldest first."""

    turns: tuple[Asked, ...]
    """Empty: a person was called without a question."""
    start: datetime
    end: datetime
    contained: bool
    resolved: bool | None
    """None: three days have not passed."""


def talks(turns: Iterable[Asked], called: Iterable[tuple[int, datetime]], now: datetime) -> list[Talk]:
    """Make talks of turns; ``called``: (customer, when) of each escalation. Both may be in any order."""
    persons: dict[int, list[datetime]] = {}
    for customer_id, at in called:
        persons.setdefault(customer_id, []).append(at)
    ordered = sorted(turns, key=lambda one: (one.customer_id, one.opened_at, one.turn_id))
    found: list[Talk] = []
    for customer_id, his in groupby(ordered, key=lambda one: one.customer_id):
        runs = _runs(list(his))
        theirs = persons.get(customer_id, [])
        for run, following in zip(runs, [*runs[1:], None], strict=True):
            returns = following[0].opened_at if following else None
            talk = _talk(run, theirs, returns, now)
            theirs = [at for at in theirs if not talk.start <= at <= talk.end + PAUSE]
            found.append(talk)
        persons[customer_id] = theirs
    alone = (at for theirs in persons.values() for at in theirs)
    return [*found, *(Talk((), at, at, False, None if now - at < RETURN else False) for at in alone)]


async def load_talks(session: AsyncSession, start: datetime, end: datetime, now: datetime) -> list[Talk]:
    """Return the talks that begin from ``start`` to ``end``; what came until ``now`` decides about them."""
    # A talk may have begun before: it is known by its turns within a day.
    since = start - timedelta(days=1)
    columns = (TurnRow.id, TurnRow.customer_id, TurnRow.opened_at, TurnRow.finished_at, TurnRow.outcome, TurnRow.text)
    query = select(*columns, AnswerRow.rating).outerjoin(AnswerRow, AnswerRow.turn_id == TurnRow.id)
    query = query.where(TurnRow.opened_at >= since, TurnRow.opened_at <= min(now, end + RETURN + PAUSE))
    query = query.where(TurnRow.state.not_in(LEFT_OUT), TurnRow.outcome.not_in(ASKS_NOTHING))
    rows = await session.execute(query)
    turns = [
        Asked(turn_id, customer_id, opened, finished or opened, outcome or "", text, rating)
        for turn_id, customer_id, opened, finished, outcome, text, rating in rows
    ]
    called = select(EscalationRow.customer_id, EscalationRow.opened_at).where(
        EscalationRow.opened_at >= since, EscalationRow.reason != EscalationReason.OPERATOR_WROTE
    )
    escalations = [(customer_id, at) for customer_id, at in await session.execute(called)]
    return [talk for talk in talks(turns, escalations, now) if start <= talk.start < end]


def containment(found: Sequence[Talk]) -> Part:
    """Return how many of the talks ended without a person."""
    return Part(sum(talk.contained for talk in found), len(found))


def resolution(found: Sequence[Talk]) -> Part:
    """Return how many of the talks that are ripe were resolved."""
    ripe = [talk.resolved for talk in found if talk.resolved is not None]
    return Part(sum(ripe), len(ripe))


def _runs(turns: list[Asked]) -> list[tuple[Asked, ...]]:
    runs: list[list[Asked]] = []
    for turn in turns:
        if runs and turn.opened_at - runs[-1][-1].finished_at <= PAUSE:
            runs[-1].append(turn)
        else:
            runs.append([turn])
    return [tuple(run) for run in runs]


def _talk(run: tuple[Asked, ...], persons: Sequence[datetime], returns: datetime | None, now: datetime) -> Talk:
    start, end = run[0].opened_at, run[-1].finished_at
    contained = not any(start <= at <= end + PAUSE for at in persons)
    if now - end < RETURN:
        return Talk(run, start, end, contained, None)
    came_back = returns is not None and returns - end <= RETURN
    had_person = any(start <= at <= end + RETURN for at in persons)
    good = any(one.outcome in HELPED for one in run) and all(one.rating != -1 for one in run)
    resolved = good and not came_back and not had_person and not _asked_twice(run)
    return Talk(run, start, end, contained, resolved)


def _asked_twice(run: tuple[Asked, ...]) -> bool:
    stems = [set(terms(one.text)) for one in run]
    pairs = ((one, other) for place, one in enumerate(stems) for other in stems[place + 1 :])
    return any(
        min(len(one), len(other)) >= FEWEST_STEMS and len(one & other) >= SAME * len(one | other)
        for one, other in pairs
    )
