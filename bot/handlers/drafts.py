"""The buttons under a draft: send it as it stands, edit it, discard it."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from aiogram.methods import SendMessage
from aiogram.utils.formatting import Pre, Text

from bot import said
from bot.handlers.desk_buttons import Act, Press
from bot.handlers.quarantining import take_out
from bot.rendering import answer_text
from bot.replacing import show, take_copies
from support.desk_tables import OperatorRow
from support.offers import EDIT_LASTS, Offers, Refusal
from support.outcomes import Answered

MINUTE: Final = timedelta(minutes=1)
COPY_LENGTH: Final = 3500
"""Of a draft to copy; Telegram's messages end at 4096 characters."""


async def on_send(press: Press) -> str:
    """Send the draft to the customer, with its sources, as the operator's answer."""
    knowledge = press.services.desk.knowledge
    if knowledge.is_behind():
        await asyncio.to_thread(knowledge.refresh)
    offers = _offers(press)
    if await offers.label_of(press.number()) is None and (objection := await said.objection(press)):
        return objection
    found = await offers.send(press.number(), knowledge.get())
    if isinstance(found, Refusal):
        return await _refused(press, offers, found)
    await take_copies(press.unit, found.turn_id)
    answered = Answered(0, found.text, found.sources, ())
    text = answer_text(press.services.texts(press.customer), answered)
    await said.say(press, text, key=f"turn:{found.turn_id}:draft")
    return press.texts("draft-sent")


async def on_edit(press: Press) -> str:
    """Show the draft's words to copy; the presser's next message takes their place."""
    offers = _offers(press)
    found = await offers.edit(press.number())
    if isinstance(found, Refusal):
        return await _refused(press, offers, found)
    asked = press.texts("draft-edit", name=press.operator.name, n=EDIT_LASTS // MINUTE)
    words, entities = Text(asked, "\n", Pre(found.offer.text[:COPY_LENGTH])).render()
    call = SendMessage(chat_id=0, text=words, entities=entities)
    await show(press.unit, press.customer, found, call)
    return press.texts("draft-edit-toast")


async def on_discard(press: Press) -> str:
    """Take the draft off the card."""
    offers = _offers(press)
    found = await offers.discard(press.number())
    if isinstance(found, Refusal):
        return await _refused(press, offers, found)
    await take_copies(press.unit, found.turn_id)
    return press.texts("draft-discarded")


async def on_wrong(press: Press) -> str:
    """Take a source of the draft out at once; administrators decide about it. The draft is of no use then."""
    offers = _offers(press)
    found = await offers.discard(press.number())
    if isinstance(found, Refusal):
        return await _refused(press, offers, found)
    base = press.services.desk.knowledge.get()
    await take_copies(press.unit, found.turn_id)
    cited = next((one for one in found.passages if one.number == press.number(1)), None)
    chunk = None if base is None or cited is None else base.chunk(cited.chunk_id)
    if chunk is None:
        return press.texts("quarantined-already")
    return await take_out(press, chunk)


def _offers(press: Press) -> Offers:
    return Offers(press.unit.session, press.customer, press.operator.user_id, press.unit.now)


async def _refused(press: Press, offers: Offers, refusal: Refusal) -> str:
    name = ""
    if refusal is Refusal.DECIDED and (label := await offers.label_of(press.number())) is not None:
        operator = await press.unit.session.get(OperatorRow, label.operator_id)
        name = operator.name if operator else str(label.operator_id)
    return press.texts(f"draft-refused-{refusal}", name=name)


BUTTONS: Final[Mapping[str, Act]] = {
    "draft_send": on_send,
    "draft_edit": on_edit,
    "draft_discard": on_discard,
    "draft_wrong": on_wrong,
}
