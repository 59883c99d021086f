"""The buttons under a draft: send it as it stands, edit it, discard it."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiogram.methods import DeleteMessage, SendMessage
from aiogram.utils.formatting import Pre, Text

from bot import said
from bot.handlers.desk_buttons import Act, Press
from bot.rendering import answer_text
from bot.unit import Unit
from support.deliveries import DeliveryRepository, Priority
from support.desk_tables import OperatorRow
from support.offers import Offer, Offers, Refusal
from support.outcomes import Answered
from support.tables import CustomerRow, EscalationRow

COPY_LENGTH: Final = 3500
"""Of a draft to copy; Telegram's messages end at 4096 characters."""


async def on_send(press: Press) -> str:
    """Send the draft to the customer, with its sources, as the operator's answer."""
    knowledge = press.services.desk.knowledge
    if knowledge.is_behind():
        await asyncio.to_thread(knowledge.refresh)
    offers = _offers(press)
    found = await offers.send(press.number(), knowledge.get())
    if isinstance(found, Refusal):
        return await _refused(press, offers, found)
    answered = Answered(0, found.text, found.sources, ())
    text = answer_text(press.services.texts(press.customer), answered)
    key = f"turn:{found.turn_id}:draft"
    await said.say(press.unit, press.customer, press.services, text, by=press.operator.user_id, key=key)
    return press.texts("draft-sent")


async def on_edit(press: Press) -> str:
    """Show the draft's words to copy; the presser's next message takes their place."""
    offers = _offers(press)
    found = await offers.edit(press.number())
    if isinstance(found, Refusal):
        return await _refused(press, offers, found)
    asked = press.texts("draft-edit", name=press.operator.name)
    words, entities = Text(asked, "\n", Pre(found.text[:COPY_LENGTH])).render()
    call = SendMessage(chat_id=0, text=words, entities=entities)
    await press.unit.to_topic(call, press.customer, _edit_key(found.turn_id, press.operator.user_id))
    return press.texts("draft-edit-toast")


async def on_discard(press: Press) -> str:
    """Take the draft off the card."""
    offers = _offers(press)
    found = await offers.discard(press.number())
    return await _refused(press, offers, found) if isinstance(found, Refusal) else press.texts("draft-discarded")


def _offers(press: Press) -> Offers:
    return Offers(press.unit.session, press.customer, press.operator.user_id, press.unit.now)


async def _refused(press: Press, offers: Offers, refusal: Refusal) -> str:
    name = ""
    if refusal is Refusal.DECIDED and (label := await offers.label_of(press.number())) is not None:
        operator = await press.unit.session.get(OperatorRow, label.operator_id)
        name = operator.name if operator else str(label.operator_id)
    return press.texts(f"draft-refused-{refusal}", name=name)


async def replaced(unit: Unit, customer: CustomerRow, escalation: EscalationRow, operator_id: int, text: str) -> None:
    """Note that an operator's own words went to the customer: they may take the place of a draft that he edits."""
    offers = Offers(unit.session, customer, operator_id, unit.now)
    offer: Offer | None = await offers.replaced_by(escalation, text)
    if offer is None:
        return
    shown = await DeliveryRepository(unit.session).by_key(_edit_key(offer.turn_id, operator_id))
    if shown is not None and shown.message_id is not None and shown.peer_id is not None:
        call = DeleteMessage(chat_id=shown.peer_id, message_id=shown.message_id)
        key = f"{shown.key}:gone"
        await unit.to_chat(call, shown.peer_id, key, priority=Priority.ACTION)


def _edit_key(turn_id: int, operator_id: int) -> str:
    return f"turn:{turn_id}:edit:{operator_id}"


BUTTONS: Final[Mapping[str, Act]] = {"draft_send": on_send, "draft_edit": on_edit, "draft_discard": on_discard}
