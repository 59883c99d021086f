"""An operator's words on their way to the customer: the bot falls silent, who speaks has the conversation."""

from collections.abc import Sequence

from aiogram.methods import SendMessage

from bot import relay
from bot.courtesy import introduce
from bot.replacing import replaced
from bot.services import Services
from bot.unit import Unit
from support.assignment import claim
from support.desk_tables import OperatorRow
from support.escalations import EscalationReason, EscalationRepository, replied
from support.tables import CustomerRow, MessageRow


async def speak(
    unit: Unit,
    services: Services,
    customer: CustomerRow,
    operator: OperatorRow | None,
    rows: Sequence[MessageRow],
    *,
    key: str,
) -> None:
    """Send an operator's stored messages; None: an anonymous administrator's. A free conversation is his by that."""
    opened = await services.desk.escalate(unit.session, customer, EscalationReason.OPERATOR_WROTE, unit.now)
    if opened.new:
        note = SendMessage(chat_id=0, text=services.operators_texts("operator-reopened"))
        await unit.to_topic(note, customer, f"{key}:reopened")
    services.renderer.withdraw(unit, opened.cancelled)
    await services.renderer.show_words(unit, customer, opened.turn_ids)
    escalation = await EscalationRepository(unit.session).open_of(customer.id)
    if escalation is not None:
        if operator is not None:
            await claim(unit.session, customer, escalation, operator, unit.now)
        replied(customer, escalation, unit.now)
        if operator is not None and rows:
            await replaced(unit, customer, escalation, operator.user_id, "\n".join(row.text for row in rows))
    for row in rows:
        await relay.to_customer(unit, customer, relay.Relayed.stored(row))
    if escalation is not None and operator is not None:
        await introduce(unit, customer, escalation, operator, services)
