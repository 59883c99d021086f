"""The operators' group: what is written in a customer's topic goes to the customer, commands and notes stay inside."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import Message, TelegramObject, Update, User

from bot import keyboards, relay
from bot.incoming import is_service, words_of
from bot.services import Services
from bot.topics import topic_link
from bot.unit import Unit
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.escalations import EscalationReason, EscalationRepository
from support.tables import CustomerRow, MessageRow
from support.turns import TurnRepository

COMMAND = re.compile("^/[a-zA-Z]")
NOTE = "//"
EDIT_BEFORE_MESSAGE_S: Final = 60
"""An unknown message edited so soon was overtaken by its edit."""
EARLY: Final = "early edit"
"""The speaker of an edit that came before its message: nobody knows yet whether that is a note."""


async def on_close(message: Message, sender: User, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Give the customer back to the bot."""
    operators = services.library.of(services.renderer.operators_language)
    closed = await EscalationRepository(unit.session).close(customer.id, sender.id, unit.now)
    text = operators("operator-closed" if closed else "operator-not-open")
    await unit.to_topic(SendMessage(chat_id=0, text=text), customer, _key(message, "close"), priority=Priority.CARD)
    if closed:
        told = services.texts(customer)("escalation-closed")
        await services.renderer.say(unit, customer, f"escalation:{closed.id}:closed", told, markup=keyboards.gone())


async def on_note(message: Message, customer: CustomerRow, unit: Unit) -> None:
    """Keep a note inside."""
    await _remember(message, customer, unit, "note")


async def on_unknown_command(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Hold a mistyped command back: the customer must not read it."""
    await _remember(message, customer, unit, "command")
    text = services.library.of(services.renderer.operators_language)("operator-unknown-command")
    await unit.to_topic(SendMessage(chat_id=0, text=text), customer, _key(message, "unknown"))


async def on_words(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Send an operator's words to the customer. From then on the bot keeps silent until /close."""
    row = await _remember(message, customer, unit, "operator")
    if row is None or is_inside(row.text):
        return
    operators = services.library.of(services.renderer.operators_language)
    opened = await services.desk.escalate(unit.session, customer, EscalationReason.OPERATOR_WROTE, unit.now)
    if opened.new:
        note = SendMessage(chat_id=0, text=operators("operator-reopened"))
        await unit.to_topic(note, customer, _key(message, "reopened"))
    await services.renderer.show_words(unit, customer, opened.turn_ids)
    await relay.to_customer(unit, customer, relay.Relayed.stored(row))


async def on_edit(
    message: Message, event_update: Update, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Change what the customer reads; notes and commands stay inside, edited or not."""
    known = await TurnRepository(unit.session).message(message.chat.id, message.message_id)
    if known is None:
        if (message.edit_date or 0) - message.date.timestamp() <= EDIT_BEFORE_MESSAGE_S:
            await _remember(message, customer, unit, EARLY)
        return
    words, before = words_of(message), known.content
    if (known.text, before) == (words.text, words.content):
        return
    if known.speaker == "operator" and is_inside(words.text):
        text = services.library.of(services.renderer.operators_language)("operator-edit-held")
        key = _key(message, f"held:{event_update.update_id}")
        about = (message.chat.id, message.message_id)
        await unit.to_topic(SendMessage(chat_id=0, text=text), customer, key, priority=Priority.CARD, about=about)
        return
    known.text, known.kind, known.content = words.text, words.kind, words.content
    if await relay.is_passed_on(unit, customer, message.chat.id, message.message_id):
        key = _key(message, f"edit:{event_update.update_id}")
        await relay.edit(unit, customer, message, key, before=before, to_topic=False)


def is_inside(text: str) -> bool:
    """Whether an operator's words are a note or a command, which no customer reads."""
    return text.startswith(NOTE) or COMMAND.match(text) is not None


async def on_ban(message: Message, sender: User, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Hear nothing more from the customer, who is told so; what is open ends."""
    await _ban(message, sender, customer, unit, services, banned=True)


async def on_unban(message: Message, sender: User, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Hear the customer again."""
    await _ban(message, sender, customer, unit, services, banned=False)


async def _ban(
    message: Message, sender: User, customer: CustomerRow, unit: Unit, services: Services, *, banned: bool
) -> None:
    operators = services.library.of(services.renderer.operators_language)
    changed = (customer.banned_at is not None) != banned
    word = "banned" if banned else "unbanned"
    text = operators(f"operator-{word}" if changed else f"operator-{word}-already")
    await unit.to_topic(SendMessage(chat_id=0, text=text), customer, _key(message, word), priority=Priority.CARD)
    if not changed:
        return
    await services.desk.ban(unit.session, customer, sender.id, unit.now, banned=banned)
    told = services.texts(customer)(f"customer-{word}")
    await services.renderer.say(unit, customer, _key(message, f"{word}:told"), told, markup=keyboards.gone())


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
    await unit.to_chat(answer, message.chat.id, _key(message, "astray"), priority=Priority.CARD, about=about)


def _is_ours(message: Message) -> bool:
    """Whether the bot made the topic: what is written there without an explicit reply answers its first message."""
    first = message.reply_to_message
    if first is None or first.forum_topic_created is None or first.from_user is None or message.bot is None:
        return False
    return first.from_user.id == message.bot.id


async def _remember(message: Message, customer: CustomerRow, unit: Unit, speaker: str) -> MessageRow | None:
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


def _key(message: Message, name: str) -> str:
    return f"message:{message.chat.id}:{message.message_id}:{name}"


def build() -> Router:
    """Build a fresh router."""
    router = Router(name=__name__)
    for observer in (router.message, router.edited_message):
        observer.filter(F.chat.type == "supergroup", F.from_user.is_bot == False)  # noqa: E712  # a magic filter
        observer.middleware(load_customer)
    router.message.register(on_close, Command("close"))
    router.message.register(on_note, Command("note"))
    router.message.register(on_ban, Command("ban"))
    router.message.register(on_unban, Command("unban"))
    # A photo's caption can be a note or a mistyped command as well.
    router.message.register(on_note, F.text.startswith(NOTE) | F.caption.startswith(NOTE))
    router.message.register(on_unknown_command, F.text.regexp(COMMAND) | F.caption.regexp(COMMAND))
    router.message.register(on_words)
    router.edited_message.register(on_edit)
    return router
