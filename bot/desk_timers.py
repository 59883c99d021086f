"""What happens on the desk because time passes: the assignee is reminded, a silent customer warned, his talk closed.

Driven by SQL and the wall clock alone, in opening hours; a restart goes on where it was and repeats nothing. That
everybody is reminded is the digest's (bot.digest). At any hour the copy of a draft goes that nobody edits any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Select, select

from bot import prospects
from bot.courtesy import say_farewell
from bot.loops import keep_looking
from bot.mentions import PLACE, mention
from bot.rendering import Renderer, send
from bot.replacing import clear
from bot.texts import Texts
from bot.unit import Unit, Units
from support import closing
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.escalations import EscalationRepository
from support.hours import is_open, next_opening
from support.leases import Lease
from support.offers import ended_edits
from support.tables import CustomerRow, EscalationRow
from support.waiting_list import ASSIGNEE_REMINDED, Waiter, waiting_list

LOOK_S: Final = 2.0
MOST_A_LOOK: Final = 20
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeskTimers:
    """Looks at open conversations; run by the process that sends."""

    units: Units
    lease: Lease
    renderer: Renderer
    texts: Texts
    """The operators'."""

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        await keep_looking(self.lease, self.look, "timers of the desk", every_s=LOOK_S)

    async def look(self) -> None:
        """Do what is due."""
        file, now = self.renderer.file, self.units.clock()
        async with self.units.database.reading() as session:
            edits = await ended_edits(session, now, MOST_A_LOOK)
        for escalation_id in edits:
            async with self.units.open() as unit:
                await clear(unit, escalation_id)
        if not is_open(file.hours, now):
            return
        async with self.units.database.reading() as session:
            waiters = await waiting_list(session, file, now)
            silent = list(await session.scalars(self._silent(now))) if file.closing.warn_after_h else []
        for waiter in [one for one in waiters if one.remind_assignee][:MOST_A_LOOK]:
            await self._remind(waiter)
        for customer_id in silent:
            await self._end(customer_id)

    async def _remind(self, waiter: Waiter) -> None:
        """Mention the assignee in the topic: his app notifies him."""
        async with self.units.open() as unit:
            customer = await CustomerRepository(unit.session).by_id(waiter.customer_id)
            escalation = await EscalationRepository(unit.session).open_of(customer.id)
            if escalation is None or waiter.assignee is None or _has_moved_on(escalation, waiter):
                return
            escalation.reminded = ASSIGNEE_REMINDED
            text = mention(self.texts("remind-assignee", name=PLACE, n=int(waiter.minutes)), [waiter.assignee])
            # Whoever gets the conversation after him is reminded as well.
            since = max(waiter.since, escalation.assigned_at or waiter.since)
            key = f"remind:{escalation.id}:{int(since.timestamp())}"
            await unit.to_topic(send(text, 0), customer, key, priority=Priority.CARD)

    def _silent(self, now: datetime) -> Select[int]:
        """Select the customers whose turn it is, and who have let the time for a warning or for closing pass."""
        closes = self.renderer.file.closing
        answered = select(EscalationRow.customer_id).where(
            EscalationRow.closed_at.is_(None), EscalationRow.waiting_since.is_(None)
        )
        warn_before = now - timedelta(hours=closes.warn_after_h)
        to_warn = EscalationRow.warned_at.is_(None) & (EscalationRow.last_reply_at <= warn_before)
        to_close = EscalationRow.warned_at <= now - timedelta(hours=closes.close_after_warning_h)
        return answered.where(to_warn | to_close).order_by(EscalationRow.id).limit(MOST_A_LOOK)

    async def _end(self, customer_id: int) -> None:
        """Warn a silent customer, or close his conversation when he has been warned."""
        async with self.units.open() as unit:
            customer = await CustomerRepository(unit.session).by_id(customer_id)
            escalation = await EscalationRepository(unit.session).open_of(customer_id)
            if escalation is None or escalation.waiting_since is not None:
                return
            if escalation.warned_at is None:
                await self._warn(unit, customer, escalation)
            else:
                await self._close(unit, customer)

    async def _warn(self, unit: Unit, customer: CustomerRow, escalation: EscalationRow) -> None:
        escalation.warned_at = unit.now
        if _hears(customer):
            text = self._warning(self.renderer.library.of(customer.language), unit.now)
            key = f"escalation:{escalation.id}:warned:{int(unit.now.timestamp())}"
            await self.renderer.say(unit, customer, key, text)

    def _warning(self, texts: Texts, now: datetime) -> str:
        """Say when the conversation closes: not before the desk is open."""
        hours, after = self.renderer.file.hours, self.renderer.file.closing.close_after_warning_h
        due = now + timedelta(hours=after)
        closes = next_opening(hours, due)
        if closes is None:
            return texts("closing-warning-some-day")
        if closes == due and after == int(after):
            return texts("closing-warning", n=int(after))
        day, time = prospects.day(texts, closes, hours, now), prospects.clock(closes, hours)
        return texts("closing-warning-at", day=day, time=time)

    async def _close(self, unit: Unit, customer: CustomerRow) -> None:
        file = self.renderer.file.closing
        reason = self.texts("reason-silent")
        closed = await closing.close(unit.session, customer, closing.BY_ITSELF, unit.now, file, reason=reason)
        if closed is not None and _hears(customer):
            told = self.renderer.library.of(customer.language)("closed-silent")
            await say_farewell(unit, self.renderer, customer, closed, told)


def _has_moved_on(escalation: EscalationRow, waiter: Waiter) -> bool:
    """Whether somebody has answered or reminded since the list was read."""
    known = (waiter.escalation_id, waiter.since, waiter.reminded)
    return (escalation.id, escalation.waiting_since, escalation.reminded) != known


def _hears(customer: CustomerRow) -> bool:
    return customer.blocked_at is None and customer.banned_at is None
