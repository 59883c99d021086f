"""The dialogue about an order's status, free of any channel: number, proof, answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from support.orders import guard
from support.orders.base import OrderSource, OrderSourceError
from support.orders.identity import Evidence, extract_evidence, proves
from support.orders.models import Order
from support.orders.numbers import MAX_LENGTH, find_order_number, normalize


class Awaiting(StrEnum):
    """What the bot has asked the customer for."""

    NUMBER = "number"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class DialogueState:
    """Where a customer's dialogue stands; the caller keeps it between messages."""

    awaiting: Awaiting | None = None
    number: str | None = None
    """The order that proof is awaited for."""


@dataclass(frozen=True, slots=True)
class AskNumber:
    """Ask which order it is."""


@dataclass(frozen=True, slots=True)
class AskProof:
    """Ask for the order's phone or e-mail; asked alike for orders that do not exist."""

    number: str


@dataclass(frozen=True, slots=True)
class Found:
    """The order is the customer's: tell its status."""

    order: Order


@dataclass(frozen=True, slots=True)
class Refused:
    """No such order, or not this customer's; nobody can tell which."""


@dataclass(frozen=True, slots=True)
class LockedOut:
    """Too many wrong tries."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """The orders cannot be reached now; ``detail`` is for the log."""

    detail: str


Outcome = AskNumber | AskProof | Found | Refused | LockedOut | Failed


@dataclass(frozen=True, slots=True)
class OrderLookup:
    """Takes the dialogue one message further."""

    source: OrderSource

    async def step(
        self,
        session: AsyncSession,
        *,
        customer_id: int,
        state: DialogueState,
        text: str,
        now: datetime,
        contact_phone: str | None = None,
    ) -> Outcome:
        """Answer one message of the dialogue; counts wrong tries, never commits.

        ``contact_phone``: of the customer's own contact, shared now or before; never of anybody else's.
        """
        match await guard.check(session, customer_id, now):
            case guard.Locked(until):
                return LockedOut(until)
            case guard.Open():
                pass
        number = read_number(text, state) or state.number
        if number is None:
            return AskNumber()
        evidence = Evidence.from_contact(contact_phone) if contact_phone else extract_evidence(text)
        if evidence is None:
            return AskProof(number)
        return await self._answer(session, customer_id, number, evidence, now)

    async def _answer(
        self, session: AsyncSession, customer_id: int, number: str, evidence: Evidence, now: datetime
    ) -> Outcome:
        try:
            order = await self.source.find(number)
        except OrderSourceError as error:
            return Failed(str(error))
        if order is not None and proves(order, evidence):
            await guard.record_right(session, customer_id)
            return Found(order)
        match await guard.record_wrong(session, customer_id, now):
            case guard.Locked(until):
                return LockedOut(until)
            case guard.Open():
                return Refused()


def next_state(outcome: Outcome) -> DialogueState:
    """Return where the dialogue stands after an outcome: after a refusal the number may be given anew."""
    match outcome:
        case AskProof(number):
            return DialogueState(Awaiting.PROOF, number)
        case AskNumber() | Refused():
            return DialogueState(Awaiting.NUMBER)
        case Found() | LockedOut() | Failed():
            return DialogueState()


def belongs(state: DialogueState, text: str, *, contact: bool = False) -> bool:
    """Whether a message answers what the dialogue asked for; otherwise treat it as any other message."""
    match state.awaiting:
        case None:
            return False
        case Awaiting.NUMBER:
            return contact or read_number(text, state) is not None
        case Awaiting.PROOF:
            return contact or extract_evidence(text) is not None or read_number(text, state) is not None


def read_number(text: str, state: DialogueState) -> str | None:
    """Return the order number in a message; asked for a number, a short code of any shape is one."""
    evidence = extract_evidence(text)
    if found := find_order_number(text):
        return found
    if state.awaiting is not Awaiting.NUMBER or evidence is not None:
        return None
    short = len(text.split()) <= 2 and len(text) <= MAX_LENGTH  # noqa: PLR2004  # «KD 10427» is two words
    has_digit = any(character.isdecimal() for character in text)
    return normalize(text) if short and has_digit and normalize(text) else None
