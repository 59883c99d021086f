"""An operator who edits a draft: his next words take its place, and the copy of it that he was shown goes.

It goes as well when he lets the time pass, begins with another draft, or loses the conversation.
"""

import re
from datetime import datetime
from typing import Final

from aiogram.methods import DeleteMessage, SendMessage
from sqlalchemy import select

from bot.unit import Unit
from support.deliveries import DeliveryRepository, Priority, begins_with
from support.escalations import EscalationRepository, end_edit
from support.offers import Edit, Offers, is_edited
from support.tables import CustomerRow, EscalationRow
from support.transport_tables import DeliveryRow

_SHOWN: Final = re.compile(r"turn:\d+:edit:.+")


def shown_key(turn_id: int, operator_id: int, since: datetime) -> str:
    """Return the key of the message that shows a draft to copy: who edits it once more is shown it once more."""
    return f"turn:{turn_id}:edit:{operator_id}:{since.timestamp():.3f}"


async def show(unit: Unit, customer: CustomerRow, edit: Edit, words: SendMessage) -> None:
    """Show a draft to who edits it, and take away what was shown of one that is edited no more."""
    if edit.over is not None:
        await take_copies(unit, edit.over)
    await unit.to_topic(words, customer, shown_key(edit.offer.turn_id, edit.operator_id, edit.since))


async def replaced(unit: Unit, customer: CustomerRow, escalation: EscalationRow, operator_id: int, text: str) -> None:
    """Note that an operator's own words went to the customer: they may take the place of a draft that he edits."""
    offer = await Offers(unit.session, customer, operator_id, unit.now).replaced_by(escalation, text)
    if offer is not None:
        await take_copies(unit, offer.turn_id)


async def clear(unit: Unit, escalation_id: int) -> None:
    """Take away what was shown to copy of a draft that nobody edits any more."""
    query = select(EscalationRow).where(EscalationRow.id == escalation_id).with_for_update()
    escalation = (await unit.session.scalars(query)).one()
    if escalation.editing_turn_id is None or is_edited(escalation, unit.now):
        return
    await take_copies(unit, escalation.editing_turn_id)
    end_edit(escalation)
    escalation.editing_turn_id = None


async def take_copies(unit: Unit, turn_id: int) -> None:
    """Take away what was shown to copy of a turn's draft."""
    query = select(DeliveryRow).where(begins_with(f"turn:{turn_id}:edit:"), DeliveryRow.to_topic)
    for shown in await unit.session.scalars(query.with_for_update()):
        await DeliveryRepository(unit.session).withdraw(shown.id, "nobody edits the draft any more", unit.now)
        if shown.message_id is not None and shown.peer_id is not None:
            await _delete(unit, shown.key, shown.peer_id, shown.message_id)


async def arrived(unit: Unit, customer: CustomerRow, shown: DeliveryRow, peer_id: int, message_id: int) -> None:
    """Take a copy away that arrives when nobody edits the draft any more."""
    if _SHOWN.fullmatch(shown.key) is None:
        return
    escalation = await EscalationRepository(unit.session).open_of(customer.id)
    if escalation is None or _key_of(escalation) != shown.key:
        await _delete(unit, shown.key, peer_id, message_id)


def _key_of(escalation: EscalationRow) -> str | None:
    turn_id, operator_id, since = escalation.editing_turn_id, escalation.editing_by, escalation.editing_since
    if turn_id is None or operator_id is None or since is None:
        return None
    return shown_key(turn_id, operator_id, since)


async def _delete(unit: Unit, key: str, peer_id: int, message_id: int) -> None:
    call = DeleteMessage(chat_id=peer_id, message_id=message_id)
    await unit.to_chat(call, peer_id, f"{key}:gone", priority=Priority.ACTION)
