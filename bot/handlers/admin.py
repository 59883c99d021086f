"""Administrators' commands, in a private chat with the bot or in the operators' group."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import SendMessage
from aiogram.types import Message

from bot.services import Services
from bot.unit import Unit
from support.deliveries import Priority
from support.statistics import count_since


async def on_kb(message: Message, command: CommandObject, unit: Unit, services: Services) -> None:
    """Show the state of the knowledge base, or build it again."""
    if not _is_admin(message, services):
        await _reply(message, unit, services.knowledge.texts("admin-only"))
        return
    match (command.args or "").split():
        case []:
            await _reply(message, unit, services.knowledge.state(unit.now))
        case ["reload"]:
            actor = message.from_user.id if message.from_user else 0
            # RQ allows letters, digits, dashes and underscores in ids.
            request_id = f"kb-{abs(message.chat.id)}-{message.message_id}"
            await services.knowledge.reload(unit, message.chat.id, _thread(message), actor, request_id)
        case _:
            await _reply(message, unit, services.knowledge.texts("kb-usage"))


async def on_stats(message: Message, unit: Unit, services: Services) -> None:
    """Show today's numbers; the day is the server's."""
    if not _is_admin(message, services):
        await _reply(message, unit, services.knowledge.texts("admin-only"))
        return
    today = unit.now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    counts = await count_since(unit.session, today)
    text = services.knowledge.texts(
        "stats",
        turns=counts.turns,
        answers=counts.answers,
        useful=counts.useful,
        useless=counts.useless,
        escalations=counts.escalations,
        open=counts.open,
    )
    await _reply(message, unit, text)


def _is_admin(message: Message, services: Services) -> bool:
    return message.from_user is not None and message.from_user.id in services.admins


def _thread(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None


async def _reply(message: Message, unit: Unit, text: str) -> None:
    method = SendMessage(chat_id=message.chat.id, text=text, message_thread_id=_thread(message))
    key = f"message:{message.chat.id}:{message.message_id}:admin"
    await unit.to_chat(method, message.chat.id, key, priority=Priority.CARD)


def build() -> Router:
    """Build a fresh router; it stands before the others, or a topic's command would reach a customer."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type.in_({"private", "supergroup"}))
    router.message.register(on_kb, Command("kb"))
    router.message.register(on_stats, Command("stats"))
    return router
