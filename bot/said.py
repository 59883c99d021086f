"""What operators have the bot say to customers: drafts, canned replies, passages. It counts as their own words."""

from aiogram.methods import SendMessage
from aiogram.utils.formatting import Text

from bot.aftermath import SAID
from bot.courtesy import introduce
from bot.handlers.desk_buttons import Press
from support.assignment import claim
from support.escalations import EscalationReason, EscalationRepository, replied
from support.holding import rival_of


async def objection(press: Press) -> str:
    """Return why the presser may not answer now: a colleague has the conversation. Empty: he may."""
    rival = await rival_of(press.unit.session, press.customer.id, press.operator.user_id, press.unit.now)
    return "" if rival is None else press.texts("said-rival", name=rival.name)


async def say(press: Press, text: Text | str, *, key: str) -> None:
    """Send words to the customer: a person has the conversation from then on, the presser if nobody had it."""
    unit, customer, services = press.unit, press.customer, press.services
    opened = await services.desk.escalate(unit.session, customer, EscalationReason.OPERATOR_WROTE, unit.now)
    if opened.new:
        note = SendMessage(chat_id=0, text=press.texts("operator-reopened"))
        await unit.to_topic(note, customer, f"{SAID}{key}:reopened")
    services.renderer.withdraw(unit, opened.cancelled)
    await services.renderer.show_words(unit, customer, opened.turn_ids)
    escalation = await EscalationRepository(unit.session).open_of(customer.id)
    if escalation is not None:
        await claim(unit.session, customer, escalation, press.operator, unit.now)
        replied(customer, escalation, unit.now)
    await services.renderer.say(unit, customer, f"{SAID}{key}", text)
    if escalation is not None:
        await introduce(unit, customer, escalation, press.operator, services)
