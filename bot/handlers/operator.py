"""The operators' group: what is written in a customer's topic goes to the customer, commands and notes stay inside."""

from typing import Final

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import Message, Update, User

from bot import keyboards, relay
from bot.handlers import topic
from bot.handlers.deletion import DELETED
from bot.handlers.holding import is_held
from bot.handlers.topic import COMMAND, EARLY, NOTE, is_inside, key_of, remember
from bot.incoming import words_of
from bot.services import Services
from bot.speaking import speak
from bot.unit import Unit
from support import calling
from support.deliveries import Priority
from support.operators import Role
from support.tables import CustomerRow
from support.turns import TurnRepository

EDIT_BEFORE_MESSAGE_S: Final = 60
"""An unknown message edited so soon was overtaken by its edit."""


async def on_note(message: Message, customer: CustomerRow, unit: Unit) -> None:
    """Keep a note inside."""
    await remember(message, customer, unit, "note")


async def on_unknown_command(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Hold a mistyped command back: the customer must not read it."""
    await remember(message, customer, unit, "command")
    text = services.library.of(services.renderer.operators_language)("operator-unknown-command")
    await unit.to_topic(SendMessage(chat_id=0, text=text), customer, key_of(message, "unknown"))


async def on_words(
    message: Message, author: topic.Author, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Send an operator's words to the customer, unless a colleague is talking to him: then they are held."""
    row = await remember(message, customer, unit, "operator")
    if row is None or is_inside(row.text):
        return
    if not await is_held(message, row, author.operator, unit, services):
        await speak(unit, services, customer, author.operator, [row], key=key_of(message, "words"))


async def on_edit(
    message: Message, event_update: Update, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Change what the customer reads; notes and commands stay inside, edited or not."""
    known = await TurnRepository(unit.session).message(message.chat.id, message.message_id)
    if known is None:
        if (message.edit_date or 0) - message.date.timestamp() <= EDIT_BEFORE_MESSAGE_S:
            await remember(message, customer, unit, EARLY)
        return
    words, before = words_of(message), known.content
    if known.speaker == DELETED or (known.text, before) == (words.text, words.content):
        return
    if known.speaker == "operator" and is_inside(words.text):
        text = services.library.of(services.renderer.operators_language)("operator-edit-held")
        key = key_of(message, f"held:{event_update.update_id}")
        about = (message.chat.id, message.message_id)
        await unit.to_topic(SendMessage(chat_id=0, text=text), customer, key, priority=Priority.CARD, about=about)
        return
    known.text, known.kind, known.content = words.text, words.kind, words.content
    if await relay.is_passed_on(unit, customer, message.chat.id, message.message_id):
        key = key_of(message, f"edit:{event_update.update_id}")
        await relay.edit(unit, customer, message, key, before=before, to_topic=False)


async def on_ban(message: Message, author: topic.Author, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Hear nothing more from the customer, who is told so; what is open ends. Only a senior says so."""
    if author.role < Role.SENIOR:
        await topic.tell(message, unit, services.operators_texts("senior-only"), "refused")
        return
    await _ban(message, author.user, customer, unit, services, banned=True)


async def on_unban(
    message: Message, author: topic.Author, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Hear the customer again."""
    if author.role < Role.SENIOR:
        await topic.tell(message, unit, services.operators_texts("senior-only"), "refused")
        return
    await _ban(message, author.user, customer, unit, services, banned=False)


async def _ban(
    message: Message, sender: User, customer: CustomerRow, unit: Unit, services: Services, *, banned: bool
) -> None:
    operators = services.library.of(services.renderer.operators_language)
    changed = (customer.banned_at is not None) != banned
    word = "banned" if banned else "unbanned"
    text = operators(f"operator-{word}" if changed else f"operator-{word}-already")
    await unit.to_topic(SendMessage(chat_id=0, text=text), customer, key_of(message, word), priority=Priority.CARD)
    if not changed:
        return
    await calling.ban(unit.session, customer, sender.id, unit.now, banned=banned)
    told = services.texts(customer)(f"customer-{word}")
    await services.renderer.say(unit, customer, key_of(message, f"{word}:told"), told, markup=keyboards.gone())


def build() -> Router:
    """Build a fresh router."""
    router = topic.router(__name__)
    router.message.register(on_note, Command("note"))
    router.message.register(on_ban, Command("ban"))
    router.message.register(on_unban, Command("unban"))
    # A photo's caption can be a note or a mistyped command as well.
    router.message.register(on_note, F.text.startswith(NOTE) | F.caption.startswith(NOTE))
    router.message.register(on_unknown_command, F.text.regexp(COMMAND) | F.caption.regexp(COMMAND))
    router.message.register(on_words)
    router.edited_message.register(on_edit)
    return router
