"""What operators see of a conversation at a glance: its state, and when that must be looked at again.

Nothing is drawn when something changes: the customer is marked as due, and the board (bot.board) compares what is
shown with what is so. Many changes make one edit, a killed process forgets none, and a state that comes by the clock
alone (overdue) is a mark in the future.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from support.desk_file import DeskFile
from support.hours import add_open_minutes
from support.tables import CustomerRow, EscalationRow

SETTLE: Final = timedelta(seconds=20)
"""So long changes are gathered: an edit counts against the group's 20 messages a minute."""
AT_ONCE: Final = timedelta(seconds=1)
"""What the operator who did it looks at: he took the conversation, he closed it."""
WAITING_SHOWN: Final = timedelta(minutes=3)
"""A customer whose message is answered within it was never shown as new or waiting: two edits saved an exchange."""


class State(StrEnum):
    """What an operator has to know first."""

    FRESH = "fresh"
    """Nobody has answered yet, and nobody need have."""
    NEW = "new"
    """Nobody has answered for minutes."""
    WAITING = "waiting"
    """The customer has written again and waits."""
    ANSWERED = "answered"
    OVERDUE = "overdue"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A conversation's state, and when it becomes another one if nothing happens."""

    state: State
    until: datetime | None = None


def touch(customer: CustomerRow, now: datetime, within: timedelta = SETTLE) -> None:
    """Have the customer's card and topic looked at soon."""
    due = now + within
    if customer.board_due_at is None or due < customer.board_due_at:
        customer.board_due_at = due


def standing(escalation: EscalationRow | None, file: DeskFile, now: datetime) -> Standing:
    """Tell how a conversation stands; None: the bot has it."""
    if escalation is None or escalation.closed_at is not None:
        return Standing(State.CLOSED)
    since = escalation.waiting_since
    if since is None:
        return Standing(State.ANSWERED)
    overdue_at = due_at(escalation, file)
    if overdue_at is not None and overdue_at <= now:
        return Standing(State.OVERDUE)
    first = escalation.first_reply_at is None
    shown_at = since + WAITING_SHOWN
    if now < shown_at:
        return Standing(State.FRESH if first else State.ANSWERED, min(shown_at, overdue_at or shown_at))
    return Standing(State.NEW if first else State.WAITING, overdue_at)


def due_at(escalation: EscalationRow, file: DeskFile) -> datetime | None:
    """Return when the answer that the customer waits for is overdue; None while he waits for none.

    Only opening hours count: what is asked at night is not overdue in the morning.
    """
    if escalation.waiting_since is None:
        return None
    first = escalation.first_reply_at is None
    minutes = file.sla.first_reply_min if first else file.sla.next_reply_min
    return add_open_minutes(file.hours, escalation.waiting_since, minutes)
