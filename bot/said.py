"""What operators have the bot say to customers: drafts, canned replies, passages. It counts as their own words."""

from aiogram.utils.formatting import Text

from bot.aftermath import SAID
from bot.rendering import Renderer
from bot.unit import Unit
from support.assignment import give
from support.escalations import EscalationRepository, replied
from support.tables import CustomerRow, EscalationRow


async def say(unit: Unit, customer: CustomerRow, renderer: Renderer, text: Text | str, *, by: int, key: str) -> None:
    """Send words to the customer; they are an operator's reply, and the conversation is his if nobody has it.

    The conversation must be open.
    """
    escalation = await EscalationRepository(unit.session).open_of(customer.id)
    if escalation is not None:
        take_reply(unit, customer, escalation, by)
    await renderer.say(unit, customer, f"{SAID}{key}", text)


def take_reply(unit: Unit, customer: CustomerRow, escalation: EscalationRow, operator_id: int) -> None:
    """Note an operator's reply; who replies first has the conversation."""
    if escalation.assignee_id is None:
        give(unit.session, customer, escalation, operator_id, unit.now, by=operator_id, action="conversation_taken")
    replied(customer, escalation, unit.now)
