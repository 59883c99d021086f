"""What operators have the bot say to customers: drafts, canned replies, passages. It counts as their own words."""

from aiogram.methods import SendMessage
from aiogram.utils.formatting import Text

from bot.aftermath import SAID
from bot.services import Services
from bot.unit import Unit
from support.assignment import give
from support.escalations import EscalationReason, EscalationRepository, replied
from support.tables import CustomerRow, EscalationRow


async def say(unit: Unit, customer: CustomerRow, services: Services, text: Text | str, *, by: int, key: str) -> None:
    """Send words to the customer; from then on a person has the conversation, and who replies first is the one."""
    opened = await services.desk.escalate(unit.session, customer, EscalationReason.OPERATOR_WROTE, unit.now)
    renderer = services.renderer
    if opened.new:
        note = services.library.of(renderer.operators_language)("operator-reopened")
        await unit.to_topic(SendMessage(chat_id=0, text=note), customer, f"{SAID}{key}:reopened")
    renderer.withdraw(unit, opened.cancelled)
    await renderer.show_words(unit, customer, opened.turn_ids)
    escalation = await EscalationRepository(unit.session).open_of(customer.id)
    if escalation is not None:
        take_reply(unit, customer, escalation, by)
    await renderer.say(unit, customer, f"{SAID}{key}", text)


def take_reply(unit: Unit, customer: CustomerRow, escalation: EscalationRow, operator_id: int) -> None:
    """Note an operator's reply; who replies first has the conversation."""
    if escalation.assignee_id is None:
        give(unit.session, customer, escalation, operator_id, unit.now, by=operator_id, action="conversation_taken")
    replied(customer, escalation, unit.now)
