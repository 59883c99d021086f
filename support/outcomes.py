"""What the desk decided about a message and about a turn: closed unions; the latter is what the channel renders."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from support.citations import SourceShown
from support.escalations import EscalationReason
from support.jobs import GenerationJob
from support.orders.lookup import AskNumber, AskProof, Found, LockedOut, Refused


@dataclass(frozen=True, slots=True)
class Collected:
    """The message waits in a turn that closes by itself."""

    turn_id: int
    closes_at: datetime
    cancelled: tuple[str, ...] = ()
    """Jobs that nobody waits for any more."""


@dataclass(frozen=True, slots=True)
class ForOperator:
    """A person has the conversation: the message goes to the topic and the bot keeps silent."""

    cancelled: tuple[str, ...] = ()
    """Jobs that nobody waits for any more."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to do: the turn was superseded or finished meanwhile."""


@dataclass(frozen=True, slots=True)
class Greeted:
    """Small talk, answered from a text."""

    kind: Literal["hello", "thanks", "bye"]


@dataclass(frozen=True, slots=True)
class OutOfScope:
    """Nothing that this bot is for."""


@dataclass(frozen=True, slots=True)
class Abused:
    """Nothing but abuse: a calm word, and a person is offered."""


@dataclass(frozen=True, slots=True)
class MediaNotUnderstood:
    """A voice message, a photo, a file … without words: the bot says what it can do with it."""

    kind: str


@dataclass(frozen=True, slots=True)
class Clarify:
    """Not sure: asks with buttons."""

    options: tuple[tuple[str, str], ...]
    """(intent, label in the customer's language), the likeliest first."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The customer does not want the answer that was being written."""

    cancelled: tuple[str, ...]
    """Its job."""


@dataclass(frozen=True, slots=True)
class Generating:
    """A job for the workers, to be queued after the commit."""

    job: GenerationJob


@dataclass(frozen=True, slots=True)
class Answered:
    """A draft that the judge let pass."""

    answer_id: int
    text: str
    sources: tuple[SourceShown, ...]
    unanswered: tuple[str, ...]
    """Questions of the same message that the knowledge base does not answer."""
    left_over: tuple[str, ...] = ()
    """Questions of the same message beyond those that one answer holds."""


@dataclass(frozen=True, slots=True)
class Escalated:
    """A person was called."""

    escalation_id: int
    reason: EscalationReason
    new: bool
    """False when the customer already had an open escalation."""
    turn_ids: tuple[int, ...] = ()
    """Turns that end with it, oldest first: nobody else will deal with their words."""
    cancelled: tuple[str, ...] = ()
    """Jobs that nobody waits for any more."""


Outcome = (
    Ignored
    | Greeted
    | OutOfScope
    | Abused
    | MediaNotUnderstood
    | Clarify
    | AskNumber
    | AskProof
    | Found
    | Refused
    | LockedOut
    | Generating
    | Stopped
    | Answered
    | Escalated
)
