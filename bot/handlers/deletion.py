"""/delete in a customer's topic: an operator takes back what he wrote to the customer."""

from datetime import timedelta
from typing import Final

from aiogram import Router
from aiogram.filters import Command
from aiogram.methods import DeleteMessage
from aiogram.types import Message

from bot.handlers import topic
from bot.reacting import react
from bot.services import Services
from bot.unit import Unit
from support.counterparts import CounterpartRepository
from support.deliveries import DeliveryRepository, Priority
from support.operators import Role, audit
from support.tables import CustomerRow, MessageRow
from support.turns import TurnRepository

DELETABLE: Final = timedelta(hours=48)
"""Bot API, deleteMessage."""
DELETED: Final = "deleted"
GONE: Final = "🙈"


async def on_delete(
    message: Message, author: topic.Author, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Delete the customer's copy of the message that the command replies to."""
    target = message.reply_to_message
    row = None
    if target is not None and target.forum_topic_created is None:
        row = await TurnRepository(unit.session).message(target.chat.id, target.message_id)
    refusal = _refusal(row, author, unit)
    if row is not None and refusal is None:
        refusal = await _delete(row, customer, unit)
    if row is None or refusal is not None:
        await topic.tell(message, unit, services.operators_texts(refusal or "delete-usage"), "delete")
        return
    row.speaker = DELETED
    audit(unit.session, unit.now, author.user.id, "message_deleted", customer_id=customer.id, message_id=row.message_id)
    mark = react(row.chat_id, row.message_id, GONE)
    await unit.to_chat(mark, row.chat_id, topic.key_of(message, "marked"), priority=Priority.ACTION)
    await topic.acknowledge(message, unit)


def _refusal(row: MessageRow | None, author: topic.Author, unit: Unit) -> str | None:
    """Return the text that says why it cannot be deleted."""
    if row is None:
        return "delete-usage"
    if row.speaker == DELETED:
        return "delete-done"
    if row.speaker != "operator":
        return "delete-not-sent"
    if row.author_id != author.user.id and author.role < Role.SENIOR:
        return "delete-not-yours"
    return "delete-too-old" if unit.now - row.created_at >= DELETABLE else None


async def _delete(row: MessageRow, customer: CustomerRow, unit: Unit) -> str | None:
    """Delete every copy, and take back what has not gone out; return why that is not possible."""
    deliveries = DeliveryRepository(unit.session)
    if not await deliveries.take_back(customer.id, row.chat_id, row.message_id, unit.now):
        return "delete-on-its-way"
    for chat_id, copy_id in await CounterpartRepository(unit.session).copies(row.chat_id, row.message_id):
        if chat_id == customer.chat_id:
            call = DeleteMessage(chat_id=chat_id, message_id=copy_id)
            key = f"message:{row.chat_id}:{row.message_id}:deleted:{copy_id}"
            await unit.to_chat(call, chat_id, key, priority=Priority.RELAY, customer=customer)
    return None


def build() -> Router:
    """Build a fresh router."""
    router = topic.router(__name__)
    router.message.register(on_delete, Command("delete"))
    return router
