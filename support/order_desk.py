"""The order dialogue of a customer: keeps where it stands between his messages. Callers own the transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from support.intents.classifier import Classification
from support.orders import guard
from support.orders.base import OrderSourceError
from support.orders.identity import Evidence, proves
from support.orders.lookup import (
    AskProof,
    Awaiting,
    DialogueState,
    Failed,
    Found,
    LockedOut,
    OrderLookup,
    Outcome,
    Refused,
    belongs,
    next_state,
    read_number,
)
from support.tables import CustomerRow

FORGOTTEN_AFTER: Final = timedelta(minutes=30)
SHORT_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """Takes the dialogue further and stores its state with the customer."""

    lookup: OrderLookup

    async def begin(self, session: AsyncSession, customer: CustomerRow, text: str, now: datetime) -> Outcome:
        """Start anew with whatever the text holds: a number, a proof, both or neither."""
        return await self._step(session, customer, DialogueState(), text, now)

    async def go_on(
        self, session: AsyncSession, customer: CustomerRow, text: str, classification: Classification, now: datetime
    ) -> Outcome | None:
        """Take a message as the answer to what was asked; None when it is about something else."""
        state = self.state(customer, now)
        if state.awaiting is None:
            return None
        unsure_and_short = not classification.sure and len(text.split()) <= SHORT_WORDS
        if belongs(state, text) or unsure_and_short:
            return await self._step(session, customer, state, text, now)
        self._keep(customer, DialogueState(), now)
        return None

    async def own_contact(
        self, session: AsyncSession, customer: CustomerRow, phone: str, now: datetime
    ) -> Outcome | None:
        """Keep the customer's own number; it answers the dialogue if one is under way."""
        customer.phone = phone
        state = self.state(customer, now)
        if not belongs(state, "", contact=True):
            return None
        outcome = await self.lookup.step(
            session, customer_id=customer.id, state=state, text="", now=now, contact_phone=phone
        )
        self._keep(customer, self._after(outcome, state.number), now)
        return outcome

    async def _step(
        self, session: AsyncSession, customer: CustomerRow, state: DialogueState, text: str, now: datetime
    ) -> Outcome:
        outcome = await self.lookup.step(session, customer_id=customer.id, state=state, text=text, now=now)
        if isinstance(outcome, AskProof) and customer.phone and state.awaiting is not Awaiting.PROOF:
            outcome = await self._by_known_phone(session, customer, outcome)
        self._keep(customer, self._after(outcome, read_number(text, state) or state.number), now)
        return outcome

    async def _by_known_phone(self, session: AsyncSession, customer: CustomerRow, asked: AskProof) -> Outcome:
        """Spare the proof to whom has shared his contact before; his own orders are all that it can show."""
        try:
            order = await self.lookup.source.find(asked.number)
        except OrderSourceError as error:
            return Failed(str(error))
        if order is not None and customer.phone and proves(order, Evidence.from_contact(customer.phone)):
            await guard.record_right(session, customer.id)
            return Found(order)
        return asked

    def _after(self, outcome: Outcome, number: str | None) -> DialogueState:
        """After a refusal, and while locked, another proof for the same order may follow, or another number."""
        if isinstance(outcome, Refused | LockedOut) and number is not None:
            return DialogueState(Awaiting.PROOF, number)
        return next_state(outcome)

    def state(self, customer: CustomerRow, now: datetime) -> DialogueState:
        """Return what the customer was asked for and still may answer."""
        stale = customer.awaiting_since is None or now - customer.awaiting_since > FORGOTTEN_AFTER
        if customer.awaiting is None or stale:
            return DialogueState()
        return DialogueState(Awaiting(customer.awaiting), customer.awaiting_order)

    def _keep(self, customer: CustomerRow, state: DialogueState, now: datetime) -> None:
        customer.awaiting = state.awaiting
        customer.awaiting_order = state.number
        customer.awaiting_since = now if state.awaiting else None
