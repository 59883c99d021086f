"""The board: keeps cards and topics' names as conversations are, with as few edits as possible (support.board)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiogram.methods import EditForumTopic, EditMessageText
from aiogram.types import LinkPreviewOptions
from sqlalchemy import select

from bot.card import card, topic_name
from bot.card_help import help_of
from bot.groups import Groups
from bot.loops import keep_looking
from bot.rendering import cut
from bot.texts import Texts
from bot.unit import Unit, Units
from support.board import State, standing
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.desk_file import DeskFile
from support.desk_tables import OperatorRow
from support.escalations import EscalationRepository
from support.leases import Lease
from support.tables import CustomerRow, EscalationRow

LOOK_S: Final = 1.0
MOST_A_LOOK: Final = 20
BOARD_KEY: Final = "board:"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Board:
    """Looks at customers whose conversation has changed; run by the process that sends."""

    units: Units
    lease: Lease
    groups: Groups
    texts: Texts
    file: DeskFile
    labels: Mapping[str, str] = field(default_factory=dict)
    """What operators call each intent, by its name."""

    async def run(self) -> None:
        """Keep the board, until cancelled."""
        await keep_looking(self.lease, self.look, "board", every_s=LOOK_S)

    async def look(self) -> None:
        """Bring what is due up to date."""
        now = self.units.clock()
        query = select(CustomerRow.id).where(CustomerRow.board_due_at <= now).order_by(CustomerRow.board_due_at)
        async with self.units.database.reading() as session:
            due = list(await session.scalars(query.limit(MOST_A_LOOK)))
        for customer_id in due:
            async with self.units.open() as unit:
                await self._draw(unit, await CustomerRepository(unit.session).by_id(customer_id))

    async def _draw(self, unit: Unit, customer: CustomerRow) -> None:
        escalation = await EscalationRepository(unit.session).latest_of(customer.id)
        stands = standing(escalation, self.file, unit.now)
        customer.board_due_at = stands.until
        await self._name_topic(unit, customer, topic_name(customer, stands.state, escalation))
        if escalation is not None:
            await self._edit_card(unit, customer, escalation, stands.state)

    async def _name_topic(self, unit: Unit, customer: CustomerRow, name: str) -> None:
        if customer.topic_chat_id is None or customer.topic_id is None or name == customer.topic_shown:
            return
        customer.topic_shown = name
        group = self.groups.present(customer.topic_chat_id)
        call = EditForumTopic(chat_id=group, message_thread_id=customer.topic_id, name=name)
        key = f"{BOARD_KEY}{customer.id}:topic:{unit.now.timestamp():.3f}"
        await unit.to_chat(call, group, key, priority=Priority.EDIT)

    async def _edit_card(self, unit: Unit, customer: CustomerRow, escalation: EscalationRow, state: State) -> None:
        if customer.card_id is None or customer.card_chat_id is None:
            return
        assignee = await assignee_name(unit, escalation)
        reasons = self.file.closing.reasons(self.texts.language)
        helps = await help_of(self.texts, unit.session, customer, escalation, self.labels)
        drawn = card(self.texts, customer, escalation, state, assignee, reasons=reasons, help_=helps)
        if drawn.digest == customer.card_shown:
            return
        customer.card_shown = drawn.digest
        words, entities = cut(*drawn.text.render())
        group = self.groups.present(customer.card_chat_id)
        call = EditMessageText(
            chat_id=group,
            message_id=customer.card_id,
            text=words,
            entities=entities,
            reply_markup=drawn.markup,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        key = f"{BOARD_KEY}{customer.id}:card:{unit.now.timestamp():.3f}"
        await unit.to_chat(call, group, key, priority=Priority.EDIT)


async def assignee_name(unit: Unit, escalation: EscalationRow) -> str | None:
    """Return the name of the operator who has a conversation."""
    if escalation.assignee_id is None:
        return None
    operator = await unit.session.get(OperatorRow, escalation.assignee_id)
    return operator.name if operator else str(escalation.assignee_id)
