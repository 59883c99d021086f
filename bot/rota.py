"""Gives conversations out: which group has one, who in it, and how he hears of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from aiogram.methods import SendMessage

from bot.card import mention
from bot.groups import Groups
from bot.moving import Mover
from bot.texts import Texts
from bot.unit import Unit
from support.assignment import give
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.desk_file import DeskFile
from support.desk_tables import OperatorRow
from support.escalations import EscalationRepository
from support.rota import choose, customers_of, former_keeper, loads_in, open_in, speaks
from support.tables import CustomerRow, EscalationRow

BOT: Final = 0
"""Who gives a conversation out by turns, in the audit."""


@dataclass(frozen=True, slots=True)
class Rota:
    """What the desk file says about who gets a conversation."""

    groups: Groups
    file: DeskFile
    texts: Texts
    """The operators'."""

    async def place(self, unit: Unit, customer: CustomerRow, escalation: EscalationRow, key: str) -> OperatorRow | None:
        """Give a conversation to a group and to somebody in it; None: whoever takes it. The key names the decision."""
        group = await self._group(unit, customer, escalation)
        present = None if customer.topic_chat_id is None else self.groups.present(customer.topic_chat_id)
        if group is not None and group != present:
            await Mover(self.groups, self.texts).move(unit, customer, group, f"move:{key}")
        if group is None:
            return None
        former = await former_keeper(unit.session, escalation, unit.now)
        return await self._give(unit, customer, escalation, group, former=former)

    async def pass_on(self, unit: Unit, operator: OperatorRow, *, by: int, key: str, group: int | None = None) -> int:
        """Give a colleague's conversations in which the customer waits to others; return how many he had.

        ``group``: only those there, and all of them: he has left it.
        """
        passed = 0
        for customer_id in await customers_of(unit.session, operator.user_id):
            # The customer's row is locked first, as everywhere (docs/adr/0012).
            customer = await CustomerRepository(unit.session).by_id(customer_id)
            escalation = await EscalationRepository(unit.session).open_of(customer_id)
            if escalation is None or escalation.assignee_id != operator.user_id:
                continue
            there = None if customer.topic_chat_id is None else self.groups.present(customer.topic_chat_id)
            if (there != group) if group is not None else (escalation.waiting_since is None):
                continue
            give(unit.session, customer, escalation, None, unit.now, by=by, action="conversation_released")
            passed += 1
            if there in self.groups.ids:
                await self.give_again(unit, customer, escalation, there, f"{key}:{escalation.id}")
        return passed

    async def give_again(
        self,
        unit: Unit,
        customer: CustomerRow,
        escalation: EscalationRow,
        group: int,
        key: str,
        *,
        without: Collection[int] = (),
    ) -> None:
        """Give a conversation that nobody has any more to whoever's turn it is, but not to those ``without``."""
        successor = await self._give(unit, customer, escalation, group, without=without)
        if successor is not None:
            await self.call(unit, customer, successor, key)

    async def call(self, unit: Unit, customer: CustomerRow, operator: OperatorRow, key: str) -> None:
        """Mention somebody in the topic of a conversation that is his from now on: an edited card notifies nobody."""
        words, entities = mention(self.texts("given", name=operator.name), operator.name, operator.user_id).render()
        call = SendMessage(chat_id=0, text=words, entities=entities)
        await unit.to_topic(call, customer, key, priority=Priority.CARD)

    async def _give(
        self,
        unit: Unit,
        customer: CustomerRow,
        escalation: EscalationRow,
        group: int,
        *,
        former: int | None = None,
        without: Collection[int] = (),
    ) -> OperatorRow | None:
        if self.file.assignment.way == "none":
            return None
        loads = await loads_in(unit.session, group)
        chosen = choose(loads, self.file.assignment, customer.language, former=former, without=without)
        if chosen is not None:
            give(unit.session, customer, escalation, chosen.user_id, unit.now, by=BOT, action="conversation_assigned")
        return chosen

    async def _group(self, unit: Unit, customer: CustomerRow, escalation: EscalationRow) -> int | None:
        """Return the group that has a conversation: of its subject, of the topic; None leaves it to the outbox."""
        working = self.groups.working() or self.groups.ids
        subject = self.file.subjects.get(escalation.subject or "")
        if subject is not None and self.groups.present(subject.group) in working:
            return self.groups.present(subject.group)
        if customer.topic_chat_id is not None and self.groups.present(customer.topic_chat_id) in working:
            return self.groups.present(customer.topic_chat_id)
        if len(working) == 1:
            return working[0]
        if self.file.assignment.way == "none":
            return None
        count = await open_in(unit.session, working)
        able = [group for group in working if await self._has_somebody(unit, group, customer.language)]
        return min(able or working, key=lambda group: count.get(group, 0))

    async def _has_somebody(self, unit: Unit, group: int, language: str) -> bool:
        loads = await loads_in(unit.session, group)
        return any(one.operator.away_since is None and speaks(one.operator, language) for one in loads)
