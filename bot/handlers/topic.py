"""Messages in customers' topics of the operators' groups: whose topic it is, what stays inside, what is remembered."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from aiogram import F, Router
from aiogram.methods import SendMessage
from aiogram.types import Message, ReplyParameters, TelegramObject, User

from bot.incoming import is_service, member_of, words_of
from bot.reacting import react
from bot.services import Services
from bot.topics import topic_link
from bot.unit import Unit
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.desk_tables import OperatorRow
from support.operators import OperatorRepository, Role, role_in
from support.tables import CustomerRow, MessageRow
from support.turns import TurnRepository

COMMAND: Final = re.compile("^/[a-zA-Z]")
NOTE: Final = "//"
DONE: Final = "👌"
"""One of the reactions that Telegram allows bots."""
EARLY: Final = "early edit"
"""The speaker of an edit that came before its message: nobody knows yet whether that is a note."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes in an operators' group."""

    user: User
    operator: OperatorRow | None
    """None: an administrator who stays anonymous."""
    role: Role


def router(name: str) -> Router:
    """Return a router for members' messages in customers' topics; others' topics do not reach its handlers.

    They get ``customer``, ``sender`` and, with what he may do, ``author``.
    """
    made = Router(name=name)
    for observer in (made.message, made.edited_message):
        observer.filter(F.chat.type == "supergroup", is_persons)
        observer.middleware(load_customer)
    return made


def group_router(name: str) -> Router:
    """Return a router for members' messages anywhere in an operators' group: ``sender``, ``author``."""
    made = Router(name=name)
    made.message.filter(F.chat.type == "supergroup", is_persons)
    made.message.middleware(load_member)
    return made


def is_persons(message: Message) -> bool:
    """Whether a person wrote it, an administrator who stays anonymous among them."""
    return is_anonymous(message) or (message.from_user is not None and not message.from_user.is_bot)


def is_anonymous(message: Message) -> bool:
    """Whether it was written in the group's own name: only its administrators may (Bot API, Message.sender_chat)."""
    return message.sender_chat is not None and message.sender_chat.id == message.chat.id


def is_inside(text: str) -> bool:
    """Whether an operator's words are a note or a command, which no customer reads."""
    return text.startswith(NOTE) or COMMAND.match(text) is not None


async def load_customer(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
) -> Any:  # noqa: ANN401  # aiogram's middleware
    """Give handlers the customer behind a topic; other topics are none of the bot's business."""
    unit: Unit = data["unit"]
    message = cast("Message", event)
    services: Services = data["services"]
    if message.chat.id not in services.groups.ids or message.message_thread_id is None or is_service(message):
        return None
    customer = await CustomerRepository(unit.session).by_topic(message.chat.id, message.message_thread_id)
    if customer is None:
        await _tell_astray(message, message.message_thread_id, unit, services)
        return None
    data["customer"] = customer
    if not await _knows_member(message, data):
        if message.edit_date is None:
            text = services.library.of(services.renderer.operators_language)("operator-stranger")
            await tell(message, unit, text, "stranger")
        return None
    return await handler(event, data)


async def load_member(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
) -> Any:  # noqa: ANN401  # aiogram's middleware
    """Give handlers the member of the group who writes; nobody else commands anything."""
    message = cast("Message", event)
    if message.chat.id not in data["services"].groups.ids or not await _knows_member(message, data):
        return None
    return await handler(event, data)


async def _knows_member(message: Message, data: dict[str, Any]) -> bool:
    """Add who writes, and what he may do; False when he has left the group."""
    unit: Unit = data["unit"]
    services: Services = data["services"]
    sender: User = data["event_from_user"]
    data["sender"] = sender
    if is_anonymous(message):
        data["author"] = Author(sender, None, Role.SENIOR)
        return True
    operators = OperatorRepository(unit.session)
    known = await operators.get(sender.id) if message.edit_date is not None else None
    operator = known or await operators.wrote(member_of(sender), message.chat.id, unit.now)
    role = role_in(operator, message.chat.id, services.admins)
    data["author"] = Author(sender, operator, role)
    return role is not Role.STRANGER


async def tell(message: Message, unit: Unit, text: str, name: str) -> None:
    """Answer where a message was written."""
    thread_id = message.message_thread_id if message.is_topic_message else None
    call = SendMessage(
        chat_id=message.chat.id,
        message_thread_id=thread_id,
        text=text,
        reply_parameters=ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True),
    )
    await unit.to_chat(call, message.chat.id, key_of(message, name), priority=Priority.CARD)


async def _tell_astray(message: Message, thread_id: int, unit: Unit, services: Services) -> None:
    """Say that words for a customer reach nobody here: he has another topic now, or this one was made by accident."""
    if message.edit_date is not None or is_inside(message.text or message.caption or ""):
        return
    texts = services.library.of(services.renderer.operators_language)
    moved = await CustomerRepository(unit.session).by_former_topic(message.chat.id, thread_id)
    if moved is not None:
        there = topic_link(moved.topic_chat_id, moved.topic_id) if moved.topic_chat_id and moved.topic_id else ""
        text = texts("operator-moved", link=there) if there else texts("operator-not-sent")
    elif _is_ours(message):
        text = texts("operator-no-customer")
    else:
        return
    answer = SendMessage(chat_id=message.chat.id, message_thread_id=thread_id, text=text)
    about = (message.chat.id, message.message_id)
    await unit.to_chat(answer, message.chat.id, key_of(message, "astray"), priority=Priority.CARD, about=about)


def _is_ours(message: Message) -> bool:
    """Whether the bot made the topic: what is written there without an explicit reply answers its first message."""
    first = message.reply_to_message
    if first is None or first.forum_topic_created is None or first.from_user is None or message.bot is None:
        return False
    return first.from_user.id == message.bot.id


async def remember(message: Message, customer: CustomerRow, unit: Unit, speaker: str) -> MessageRow | None:
    """Store what was written, as its early edit has it; None when it is known already."""
    known = await TurnRepository(unit.session).message(message.chat.id, message.message_id)
    if known is not None:
        if known.speaker != EARLY:
            return None
        known.speaker = speaker
        return known
    words = words_of(message)
    row = MessageRow(
        customer_id=customer.id,
        chat_id=message.chat.id,
        message_id=message.message_id,
        speaker=speaker,
        author_id=message.from_user.id if message.from_user else None,
        kind=words.kind,
        text=words.text,
        content=words.content,
        album=words.album,
        reply_to_id=words.reply_to_id,
        created_at=unit.now,
    )
    unit.session.add(row)
    await unit.session.flush()
    return row


async def acknowledge(message: Message, unit: Unit, emoji: str = DONE) -> None:
    """Show that a command was obeyed, without a message that would count against the group's limit."""
    call = react(message.chat.id, message.message_id, emoji)
    await unit.to_chat(call, message.chat.id, key_of(message, "done"), priority=Priority.CARD)


def key_of(message: Message, name: str) -> str:
    """Return the key of what is done about a message."""
    return f"message:{message.chat.id}:{message.message_id}:{name}"
