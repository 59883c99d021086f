"""An operator who edits a draft: his next words take its place, and the copy of it that he was shown goes."""

import re
from typing import Final

from aiogram.methods import DeleteMessage
from sqlalchemy import select

from bot.unit import Unit
from support.deliveries import DeliveryRepository, Priority, begins_with
from support.escalations import EscalationRepository
from support.offers import Offers
from support.tables import CustomerRow, DeliveryRow, EscalationRow

_SHOWN: Final = re.compile(r"turn:(\d+):edit:(\d+)")


def shown_key(turn_id: int, operator_id: int) -> str:
    """Return the key of the message that shows a draft to copy."""
    return f"turn:{turn_id}:edit:{operator_id}"


async def replaced(unit: Unit, customer: CustomerRow, escalation: EscalationRow, operator_id: int, text: str) -> None:
    """Note that an operator's own words went to the customer: they may take the place of a draft that he edits."""
    offer = await Offers(unit.session, customer, operator_id, unit.now).replaced_by(escalation, text)
    if offer is not None:
        await take_copies(unit, offer.turn_id)


async def take_copies(unit: Unit, turn_id: int) -> None:
    """Take away what was shown to copy of a draft that is decided about."""
    query = select(DeliveryRow).where(begins_with(f"turn:{turn_id}:edit:"), DeliveryRow.to_topic)
    for shown in await unit.session.scalars(query.with_for_update()):
        await DeliveryRepository(unit.session).withdraw(shown.id, "the draft is decided about", unit.now)
        if shown.message_id is not None and shown.peer_id is not None:
            await _delete(unit, shown.key, shown.peer_id, shown.message_id)


async def arrived(unit: Unit, customer: CustomerRow, shown: DeliveryRow, peer_id: int, message_id: int) -> None:
    """Take a copy away that arrives when nobody edits the draft any more."""
    found = _SHOWN.fullmatch(shown.key)
    if found is None:
        return
    escalation = await EscalationRepository(unit.session).open_of(customer.id)
    editing = (escalation.editing_turn_id, escalation.editing_by) if escalation is not None else None
    if editing != (int(found[1]), int(found[2])):
        await _delete(unit, shown.key, peer_id, message_id)


async def _delete(unit: Unit, key: str, peer_id: int, message_id: int) -> None:
    call = DeleteMessage(chat_id=peer_id, message_id=message_id)
    await unit.to_chat(call, peer_id, f"{key}:gone", priority=Priority.ACTION)
