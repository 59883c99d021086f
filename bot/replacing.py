"""An operator who edits a draft: his next words take its place."""

from aiogram.methods import DeleteMessage

from bot.unit import Unit
from support.deliveries import DeliveryRepository, Priority
from support.offers import Offers
from support.tables import CustomerRow, EscalationRow


def shown_key(turn_id: int, operator_id: int) -> str:
    """Return the key of the message that shows a draft to copy."""
    return f"turn:{turn_id}:edit:{operator_id}"


async def replaced(unit: Unit, customer: CustomerRow, escalation: EscalationRow, operator_id: int, text: str) -> None:
    """Note that an operator's own words went to the customer: they may take the place of a draft that he edits."""
    offer = await Offers(unit.session, customer, operator_id, unit.now).replaced_by(escalation, text)
    if offer is None:
        return
    shown = await DeliveryRepository(unit.session).by_key(shown_key(offer.turn_id, operator_id))
    if shown is not None and shown.message_id is not None and shown.peer_id is not None:
        call = DeleteMessage(chat_id=shown.peer_id, message_id=shown.message_id)
        await unit.to_chat(call, shown.peer_id, f"{shown.key}:gone", priority=Priority.ACTION)
