"""The words of the operators' digest: who waits, what is stuck, today's numbers, whether the desk is open."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiogram.utils.formatting import Bold, Text, TextLink

from bot.card import ICONS, URGENT
from bot.mentions import PLACE, mention
from bot.prospects import clock, day
from bot.texts import Texts
from bot.topics import topic_link
from support.backlog import WaitingCard
from support.board import State
from support.desk_file import Hours
from support.desk_tables import OperatorRow
from support.expectation import rounded_up
from support.hours import closes_at, next_opening
from support.statistics import DayCounts
from support.waiting_list import Waiter

MOST_SHOWN: Final = 15
STEP_MIN: Final = 5
HOUR_MIN: Final = 60
LONG_STEP_MIN: Final = 15
"""Minutes are shown in steps: every step is an edit, which counts against the group's limit."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Cards that wait for Telegram's limit, and how long they will."""

    cards: Sequence[WaitingCard]
    minutes: int


@dataclass(frozen=True, slots=True)
class DigestText:
    """What is shown, in parts that change at different paces."""

    waiting: Text
    numbers: Text

    @property
    def whole(self) -> Text:
        """The message."""
        return Text(self.waiting, "\n\n", self.numbers)


def draw(  # noqa: PLR0917  # its parts are what it shows
    texts: Texts,
    waiters: Sequence[Waiter],
    called: Sequence[OperatorRow] | None,
    backlog: Backlog | None,
    hours: Hours,
    now: datetime,
) -> Text:
    """Say who waits and whether the desk is open; ``called``: whom the digest reminds, nobody known is everybody."""
    parts: list[str | Text] = [_head(texts, waiters)]
    for waiter in waiters[:MOST_SHOWN]:
        parts += ["\n", _line(texts, waiter)]
    if len(waiters) > MOST_SHOWN:
        parts += ["\n", texts("digest-more", n=len(waiters) - MOST_SHOWN)]
    if called is not None:
        names = PLACE if called else texts("digest-everybody")
        parts += ["\n\n", mention(texts("digest-call", names=names), called)]
    if backlog is not None:
        # That nobody waits long would not be so.
        parts = [*parts, "\n\n"] if waiters else []
        parts.append(_backlog(texts, backlog))
    if state := _opening(texts, hours, now):
        parts += ["\n\n", state]
    return Text(*parts)


def numbers(texts: Texts, counts: DayCounts) -> Text:
    """Say what happened today."""
    lines = [texts("digest-today", opened=counts.escalations, closed=counts.closed, answers=counts.answers)]
    if counts.first_reply_min is not None:
        lines.append(texts("digest-first-reply", n=rounded_up(counts.first_reply_min)))
    return Text("\n".join(lines))


def fingerprint(text: Text) -> str:
    """Return what differs when anything that is shown differs."""
    words, entities = text.render()
    return hashlib.sha256("\0".join((words, *map(repr, entities))).encode()).hexdigest()


def minutes_shown(minutes: float) -> int:
    """Return how long somebody waits as it is shown: rounded down to five minutes, beyond an hour to a quarter."""
    step = STEP_MIN if minutes < HOUR_MIN else LONG_STEP_MIN
    return int(minutes // step * step)


def _head(texts: Texts, waiters: Sequence[Waiter]) -> Text:
    if not waiters:
        return Bold(texts("digest-nobody"))
    overdue = sum(waiter.state is State.OVERDUE for waiter in waiters)
    head = Bold(texts("digest-waiting", n=len(waiters)))
    return Text(head, ", ", texts("digest-overdue", n=overdue)) if overdue else head


def _line(texts: Texts, waiter: Waiter) -> Text:
    minutes = minutes_shown(waiter.minutes)
    wait = texts("digest-minutes", n=minutes) if minutes else texts("digest-few-minutes")
    known = waiter.topic_chat_id is not None and waiter.topic_id is not None
    link = topic_link(waiter.topic_chat_id or 0, waiter.topic_id or 0)
    name: str | Text = TextLink(waiter.name, url=link) if known else waiter.name
    icon = ICONS.get(waiter.state, "") + (URGENT if waiter.urgent else "")
    return Text(f"{icon} ", name, f" · {wait}", f" · {waiter.assignee.name}" if waiter.assignee else "")


def _backlog(texts: Texts, backlog: Backlog) -> str:
    """Say how many cards wait, since when, how long it takes, and why they were escalated."""
    oldest = min(card.opened_at for card in backlog.cards)
    head = texts("digest", n=len(backlog.cards), since=f"{oldest.astimezone():%H:%M}", minutes=backlog.minutes)
    reasons = Counter(card.reason for card in backlog.cards).most_common()
    lines = [f"• {texts('reason-' + reason.replace('_', '-'))}: {number}" for reason, number in reasons]
    return "\n".join([head, *lines])


def _opening(texts: Texts, hours: Hours, now: datetime) -> str:
    opens_at, until = next_opening(hours, now), closes_at(hours, now)
    if opens_at is None:
        return texts("digest-closed-long")
    if opens_at > now:
        return texts("digest-closed", day=day(texts, opens_at, hours, now), time=clock(opens_at, hours))
    return "" if until is None else texts("digest-open", time=clock(until, hours))
