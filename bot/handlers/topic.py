"""Messages in customers' topics of the operators' groups: whose topic it is, what stays inside, what is remembered."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from aiogram import F, Router
from aiogram.methods import SendMessage, SetMessageReaction
from aiogram.types import Message, ReactionTypeEmoji, TelegramObject

from bot.incoming import is_service, words_of
from bot.services import Services
from bot.topics import topic_link
from bot.unit import Unit
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.tables import CustomerRow, MessageRow
from support.turns import TurnRepository

COMMAND: Final = re.compile("^/[a-zA-Z]")
NOTE: Final = "//"
DONE: Final = "👌"
"""One of the reactions that Telegram allows bots."""
EARLY: Final = "early edit"
"""The speaker of an edit that came before its message: nobody knows yet whether that is a note."""


def router(name: str) -> Router:
    """Return a router whose handlers of messages get ``customer`` and ``sender``; others' topics do not reach them."""
    made = Router(name=name)
    for observer in (made.message, made.edited_message):
        observer.filter(F.chat.type == "supergroup", F.from_user.is_bot == False)  # noqa: E712  # a magic filter
        observer.middleware(load_customer)
    return made


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
    data["sender"] = data["event_from_user"]
    return await handler(event, data)


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


async def acknowledge(message: Message, unit: Unit) -> None:
    """Show that a command was obeyed, without a message that would count against the group's limit."""
    call = SetMessageReaction(
        chat_id=message.chat.id, message_id=message.message_id, reaction=[ReactionTypeEmoji(type="emoji", emoji=DONE)]
    )
    await unit.to_chat(call, message.chat.id, key_of(message, "done"), priority=Priority.CARD)


def key_of(message: Message, name: str) -> str:
    """Return the key of what is done about a message."""
    return f"message:{message.chat.id}:{message.message_id}:{name}"
