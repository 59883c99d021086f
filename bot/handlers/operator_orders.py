"""/order in a customer's topic: an order by its number, or the orders that the customer has proved to be his."""

from datetime import datetime

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import SendMessage
from aiogram.types import Message

from bot.handlers import topic
from bot.order_views import Asked
from bot.services import Services
from bot.texts import Texts
from bot.unit import Unit
from support.deliveries import Priority
from support.orders.numbers import normalize
from support.tables import CustomerRow


async def on_order(
    message: Message, command: CommandObject, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Show the order, or which ones there are."""
    number = normalize(command.args or "")
    if number and message.message_thread_id is not None and message.from_user is not None:
        asked = Asked(
            number=number,
            customer_id=customer.id,
            operator_id=message.from_user.id,
            chat_id=message.chat.id,
            thread_id=message.message_thread_id,
            message_id=message.message_id,
        )
        await services.order_views.show(unit, customer, asked)
        return
    texts = services.library.of(services.renderer.operators_language)
    call = SendMessage(chat_id=0, text=_proved(texts, customer))
    key, about = topic.key_of(message, "order"), (message.chat.id, message.message_id)
    await unit.to_topic(call, customer, key, priority=Priority.CARD, about=about)


def _proved(texts: Texts, customer: CustomerRow) -> str:
    """List the orders, the newest proof first."""
    lines = [
        texts("desk-order-proved-line", number=number, at=f"{datetime.fromisoformat(at).astimezone():%d.%m %H:%M}")
        for number, at in reversed(customer.proven_orders or [])
    ]
    return "\n".join((texts("desk-order-proved"), *lines)) if lines else texts("desk-order-usage")


def build() -> Router:
    """Build a fresh router."""
    router = topic.router(__name__)
    router.message.register(on_order, Command("order"))
    return router
