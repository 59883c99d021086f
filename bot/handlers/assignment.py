"""Who has a conversation: /take, /release, /urgent and the card's button."""

from collections.abc import Mapping
from typing import Final

from bot.handlers.desk_buttons import Act, Press
from support.assignment import Others, take
from support.escalations import EscalationRepository


async def on_take_pressed(press: Press) -> str:
    """Take the conversation whose card says that nobody has it."""
    escalation = await EscalationRepository(press.unit.session).open_of(press.customer.id)
    if escalation is None or escalation.id != press.number():
        return press.texts("desk-stale")
    match await take(press.unit.session, press.customer, escalation, press.operator, press.unit.now):
        case Others(name):
            return press.texts("taken-by", name=name)
        case taken:
            return press.texts("taken" if taken.new else "taken-already")


BUTTONS: Final[Mapping[str, Act]] = {"take": on_take_pressed}
