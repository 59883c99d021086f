"""The operators' group: what is written in a customer's topic goes to the customer, commands and notes stay inside."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiogram import F, Router
from aiogram.enums import ContentType
from aiogram.filters import Command
from aiogram.methods import CopyMessage, SendMessage
from aiogram.types import Message, TelegramObject, User

from bot import keyboards
from bot.incoming import words_of
from bot.services import Services
from bot.unit import Unit
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.escalations import EscalationReason, EscalationRepository
from support.tables import CustomerRow, MessageRow

COMMAND = r"^/[a-zA-Z]"
SERVICE = frozenset(
    {
        ContentType.FORUM_TOPIC_CREATED,
        ContentType.FORUM_TOPIC_CLOSED,
        ContentType.FORUM_TOPIC_EDITED,
        ContentType.FORUM_TOPIC_REOPENED,
        ContentType.PINNED_MESSAGE,
        ContentType.NEW_CHAT_MEMBERS,
        ContentType.LEFT_CHAT_MEMBER,
        ContentType.NEW_CHAT_TITLE,
    }
)


async def on_close(message: Message, sender: User, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Give the customer back to the bot."""
    operators = services.library.of(services.renderer.operators_language)
    closed = await EscalationRepository(unit.session).close(customer.id, sender.id, unit.now)
    text = operators("operator-closed" if closed else "operator-not-open")
    await unit.to_topic(SendMessage(chat_id=0, text=text), customer, _key(message, "close"), priority=Priority.CARD)
    if closed:
        told = services.texts(customer)("escalation-closed")
        await services.renderer.say(unit, customer, f"escalation:{closed.id}:closed", told, markup=keyboards.gone())


async def on_note(message: Message, customer: CustomerRow, unit: Unit, sender: User) -> None:
    """Keep a note inside."""
    _remember(message, customer, unit, "note", sender)


async def on_unknown_command(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Hold a mistyped command back: the customer must not read it."""
    text = services.library.of(services.renderer.operators_language)("operator-unknown-command")
    await unit.to_topic(SendMessage(chat_id=0, text=text), customer, _key(message, "unknown"))


async def on_words(message: Message, sender: User, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Send an operator's words to the customer. From then on the bot keeps silent until /close."""
    operators = services.library.of(services.renderer.operators_language)
    opened = await services.desk.escalate(unit.session, customer, EscalationReason.OPERATOR_WROTE, unit.now)
    if opened.new:
        note = SendMessage(chat_id=0, text=operators("operator-reopened"))
        await unit.to_topic(note, customer, _key(message, "reopened"))
        await services.renderer.show_words(unit, customer, opened.turn_ids)
    if customer.blocked_at is not None:
        warning = SendMessage(chat_id=0, text=operators("operator-blocked"))
        await unit.to_topic(warning, customer, _key(message, "blocked"))
    _remember(message, customer, unit, "operator", sender)
    copy = CopyMessage(chat_id=customer.chat_id, from_chat_id=message.chat.id, message_id=message.message_id)
    await unit.to_chat(copy, customer.chat_id, _key(message, "relay"), priority=Priority.ANSWER, customer=customer)


async def load_customer(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
) -> Any:  # noqa: ANN401  # aiogram's middleware
    """Give handlers the customer behind a topic; other topics are none of the bot's business."""
    unit: Unit = data["unit"]
    message = cast("Message", event)
    services: Services = data["services"]
    if message.chat.id not in services.groups or message.message_thread_id is None:
        return None
    customer = await CustomerRepository(unit.session).by_topic(message.chat.id, message.message_thread_id)
    if customer is None:
        return None
    data["customer"] = customer
    data["sender"] = data["event_from_user"]
    return await handler(event, data)


def _remember(message: Message, customer: CustomerRow, unit: Unit, speaker: str, sender: User) -> None:  # noqa: ARG001  # who wrote it is part E's column
    words = words_of(message)
    unit.session.add(
        MessageRow(
            customer_id=customer.id,
            chat_id=message.chat.id,
            message_id=message.message_id,
            speaker=speaker,
            kind=words.kind,
            text=words.text,
            created_at=unit.now,
        )
    )


def _key(message: Message, name: str) -> str:
    return f"message:{message.chat.id}:{message.message_id}:{name}"


def build() -> Router:
    """Build a fresh router."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "supergroup", F.from_user.is_bot == False, ~F.content_type.in_(SERVICE))  # noqa: E712  # a magic filter
    router.message.middleware(load_customer)
    router.message.register(on_close, Command("close"))
    router.message.register(on_note, Command("note"))
    # A photo's caption can be a note or a mistyped command as well.
    router.message.register(on_note, F.text.startswith("//") | F.caption.startswith("//"))
    router.message.register(on_unknown_command, F.text.regexp(COMMAND) | F.caption.regexp(COMMAND))
    router.message.register(on_words)
    return router
