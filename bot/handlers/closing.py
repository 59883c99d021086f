"""How operators end a conversation: /close with or without a reason, the card's buttons for it, /bot."""

from collections.abc import Mapping
from typing import Final

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import SendMessage
from aiogram.types import Message

from bot import keyboards
from bot.courtesy import say_farewell
from bot.handlers import topic
from bot.handlers.assignment import is_refused
from bot.handlers.desk_buttons import Act, Press
from bot.handlers.topic import key_of
from bot.services import Services
from bot.unit import Unit
from support import closing
from support.board import AT_ONCE, touch
from support.deliveries import Priority
from support.escalations import EscalationRepository
from support.tables import CustomerRow


async def on_close(  # noqa: PLR0917  # aiogram fills them by name
    message: Message,
    command: CommandObject,
    author: topic.Author,
    customer: CustomerRow,
    unit: Unit,
    services: Services,
) -> None:
    """End the conversation; without a reason the card offers some, and closing waits for none."""
    if await _is_a_colleagues(message, author, customer, unit, services):
        return
    reason = " ".join((command.args or "").split()) or None
    closed = await closing.close(unit.session, customer, author.user.id, unit.now, services.file.closing, reason=reason)
    if closed is None:
        await _tell_not_open(message, customer, unit, services)
        return
    await topic.acknowledge(message, unit)
    await say_farewell(unit, services.renderer, customer, closed)


async def on_give_back(
    message: Message, author: topic.Author, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Let the bot answer the customer's next message, without a rating."""
    if await _is_a_colleagues(message, author, customer, unit, services):
        return
    given_back = await closing.give_back(unit.session, customer, author.user.id, unit.now)
    if given_back is None:
        await _tell_not_open(message, customer, unit, services)
        return
    await topic.acknowledge(message, unit)
    told = services.texts(customer)("escalation-closed")
    key = f"escalation:{given_back.id}:given-back:{int(unit.now.timestamp())}"
    await services.renderer.say(unit, customer, key, told, markup=keyboards.gone())


async def on_reason(press: Press) -> str:
    """Note the reason that was chosen on the card of a closed conversation."""
    latest = await EscalationRepository(press.unit.session).latest_of(press.customer.id)
    reasons = press.services.file.closing.reasons(press.texts.language)
    if latest is None or latest.id != press.number() or latest.closed_at is None or press.number(1) >= len(reasons):
        return press.texts("desk-stale")
    reason = reasons[press.number(1)]
    await closing.give_reason(press.unit.session, latest.id, press.operator.user_id, reason, press.unit.now)
    touch(press.customer, press.unit.now, AT_ONCE)
    return press.texts("reason-noted", reason=reason)


BUTTONS: Final[Mapping[str, Act]] = {"reason": on_reason}


async def _is_a_colleagues(
    message: Message, author: topic.Author, customer: CustomerRow, unit: Unit, services: Services
) -> bool:
    """Whether a colleague has the conversation, which only he and seniors end; the sender is told so."""
    escalation = await EscalationRepository(unit.session).open_of(customer.id)
    return escalation is not None and await is_refused(message, author, escalation, unit, services)


async def _tell_not_open(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    text = services.library.of(services.renderer.operators_language)("operator-not-open")
    await unit.to_topic(SendMessage(chat_id=0, text=text), customer, key_of(message, "close"), priority=Priority.CARD)


def build() -> Router:
    """Build a fresh router; it stands before the one that takes everything else for words."""
    router = topic.router(__name__)
    router.message.register(on_close, Command("close"))
    router.message.register(on_give_back, Command("bot"))
    return router
