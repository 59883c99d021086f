"""The lock against double answers: who writes in a colleague's conversation is asked before his words go out."""

from collections.abc import Mapping
from typing import Final

from aiogram.methods import EditMessageText, SendMessage
from aiogram.types import InlineKeyboardMarkup, Message

from bot import keyboards
from bot.handlers import topic
from bot.handlers.desk_buttons import Act, Press
from bot.reacting import react
from bot.services import Services
from bot.speaking import speak
from bot.texts import Texts
from bot.unit import Unit
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.desk_tables import HeldWordsRow, OperatorRow
from support.holding import decide, hold, rival_of
from support.operators import OperatorRepository, Role
from support.tables import MessageRow

HELD: Final = "🤔"
KEPT: Final = "🙊"


async def is_held(
    message: Message,
    row: MessageRow,
    operator: OperatorRow | None,
    unit: Unit,
    services: Services,
) -> bool:
    """Hold words back where a colleague has the conversation, and ask their writer once."""
    if operator is None:
        return False
    rival = await rival_of(unit.session, row.customer_id, operator.user_id, unit.now)
    if rival is None:
        return False
    held = await hold(unit.session, row, operator.user_id, unit.now)
    await topic.acknowledge(message, unit, HELD)
    if held is not None:
        customer = await CustomerRepository(unit.session).by_id(row.customer_id)
        call = _question(services.operators_texts, held, rival)
        about = (message.chat.id, message.message_id)
        await unit.to_topic(call, customer, f"held:{held.id}:ask:{row.id}", priority=Priority.CARD, about=about)
    return True


def _question(texts: Texts, held: HeldWordsRow, rival: OperatorRow) -> SendMessage:
    row = [
        keyboards.desk(texts("button-held-send"), "send", held.id),
        keyboards.desk(texts("button-held-keep"), "keep", held.id),
    ]
    markup = InlineKeyboardMarkup(inline_keyboard=[row])
    return SendMessage(chat_id=0, text=texts("held-ask", name=rival.name), reply_markup=markup)


async def on_send(press: Press) -> str:
    """Send what was held."""
    return await _decided(press, send=True)


async def on_keep(press: Press) -> str:
    """Keep what was held inside."""
    return await _decided(press, send=False)


async def _decided(press: Press, *, send: bool) -> str:
    unit, texts = press.unit, press.texts
    held = await unit.session.get(HeldWordsRow, press.number())
    if held is None or held.customer_id != press.customer.id or held.decision is not None:
        return texts("desk-stale")
    if press.operator.user_id != held.operator_id and press.role < Role.SENIOR:
        return texts("held-not-yours")
    rows = await decide(unit.session, held, press.operator.user_id, unit.now, send=send)
    if send:
        author = await OperatorRepository(unit.session).get(held.operator_id)
        spoken = [row for row in rows if not topic.is_inside(row.text)]
        await speak(unit, press.services, press.customer, author, spoken, key=f"held:{held.id}")
    emoji = topic.DONE if send else KEPT
    for row in rows:
        reaction = react(row.chat_id, row.message_id, emoji)
        await unit.to_chat(reaction, row.chat_id, f"held:{held.id}:{row.message_id}:done", priority=Priority.ACTION)
    said = texts("held-sent" if send else "held-kept")
    edit = EditMessageText(chat_id=press.group, message_id=press.message_id, text=said)
    await unit.to_chat(edit, press.group, f"held:{held.id}:decided", priority=Priority.EDIT)
    return said


BUTTONS: Final[Mapping[str, Act]] = {"send": on_send, "keep": on_keep}
