"""Administrators' commands, buttons and files, in a private chat with the bot or in the operators' group."""

import asyncio
from dataclasses import replace

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMessage
from aiogram.types import CallbackQuery, Document, Message

from bot import keyboards
from bot import knowledge_buttons as kb
from bot.knowledge_admin import Place, Said
from bot.received import MOST_BYTES
from bot.services import Services
from bot.unit import Unit
from support import quarantine
from support.deliveries import Priority


async def on_kb(message: Message, command: CommandObject, unit: Unit, services: Services) -> None:
    """Show the state of the knowledge base, build it again, or ask whether to go back a release."""
    if not is_admin(message, services):
        await _reply(message, unit, Said(services.knowledge.texts("admin-only")))
        return
    match (command.args or "").split():
        case []:
            state = await asyncio.to_thread(services.knowledge.state, unit.now)
            await _reply(message, unit, replace(state, text=state.text + await _quarantined(unit, services)))
        case ["reload"]:
            # RQ allows letters, digits, dashes and underscores in ids.
            request_id = f"kb-{abs(message.chat.id)}-{message.message_id}"
            await services.knowledge.reload(unit, _place(message), request_id)
        case ["rollback"]:
            await _reply(message, unit, await asyncio.to_thread(services.knowledge.ask_switch, None, unit.now))
        case _:
            await _reply(message, unit, Said(services.knowledge.texts("kb-usage")))


async def on_press(query: CallbackQuery, unit: Unit, services: Services) -> None:
    """Do what a button of the knowledge base says; only an administrator may press it."""
    toast = ""
    if query.from_user.id not in services.admins:
        toast = services.knowledge.texts("admin-only")
    elif not isinstance(query.message, Message) or query.data is None:
        toast = services.knowledge.texts("kb-expired")
    else:
        said = await _act(query, query.message, keyboards.parse(query.data).arguments, unit, services)
        if said is not None:
            await _say(query, query.message, said, unit)
    answer = AnswerCallbackQuery(callback_query_id=query.id, text=toast or None, show_alert=bool(toast) or None)
    chat_id = query.message.chat.id if query.message else query.from_user.id
    await unit.to_chat(answer, chat_id, f"press:{query.id}", priority=Priority.ANSWER)


async def _act(  # noqa: C901, PLR0911  # one for each button
    query: CallbackQuery, message: Message, arguments: tuple[str, ...], unit: Unit, services: Services
) -> Said | None:
    knowledge, place = services.knowledge, _pressed_at(query, message)
    match arguments:
        case (kb.RELOAD,):
            await knowledge.reload(unit, place, _request_id(query))
            return None
        case (kb.DIFF,):
            return await asyncio.to_thread(knowledge.difference)
        case (kb.ERRORS,):
            return await asyncio.to_thread(knowledge.errors)
        case (kb.ADDRESSES,):
            return knowledge.addresses()
        case (kb.SHOW | kb.REFUSE as choice, mark):
            return await knowledge.decide(unit, place, mark, show=choice == kb.SHOW)
        case (kb.ASK, to) if to.isdecimal():
            return await asyncio.to_thread(knowledge.ask_switch, int(to), unit.now)
        case (kb.SWITCH, to, current, issued) if (to + current + issued).isdecimal():
            return await knowledge.switch(unit, place, int(to), int(current), int(issued))
        case (kb.FORCE, to) if to.isdecimal():
            return await knowledge.force(unit, place, int(to))
        case (kb.ADD, batch):
            return await services.received.add(unit, place, batch)
        case (kb.DROP, batch):
            return await services.received.drop(unit, place, batch)
        case (kb.UNDO, batch):
            return await services.received.undo(unit, place, batch, _request_id(query))
        case _:
            return Said(knowledge.texts("kb-cancelled"), kb.none(), instead=True)


async def on_document(message: Message, document: Document, unit: Unit, services: Services) -> None:
    """Take in a file that an administrator has sent: it becomes an article once he has confirmed it."""
    if (document.file_size or 0) > MOST_BYTES:
        await _reply(message, unit, Said(services.knowledge.texts("kb-doc-too-large")))
        return
    services.received.receive(unit, _place(message), message.message_id, document, message.media_group_id)


async def _quarantined(unit: Unit, services: Services) -> str:
    waiting, removed = await quarantine.count(unit.session)
    if not waiting and not removed:
        return ""
    return "\n\n" + services.knowledge.texts("kb-state-quarantine", waiting=waiting, removed=removed)


def is_article(message: Message, services: Services) -> bool:
    """Whether an administrator has sent a file to the bot itself, or into a group's General topic."""
    if not is_admin(message, services) or message.animation is not None:
        return False
    in_general = message.chat.id in services.groups.ids and message.message_thread_id is None
    return message.chat.type == "private" or in_general


def is_admin(message: Message, services: Services) -> bool:
    """Whether an administrator has written it."""
    return message.from_user is not None and message.from_user.id in services.admins


def _place(message: Message) -> Place:
    sender = message.from_user
    return Place(message.chat.id, thread_of(message), sender.id if sender else 0, sender.full_name if sender else "")


def _pressed_at(query: CallbackQuery, message: Message) -> Place:
    return Place(message.chat.id, thread_of(message), query.from_user.id, query.from_user.full_name)


def _request_id(query: CallbackQuery) -> str:
    return "kb-p-" + "".join(letter if letter.isalnum() else "-" for letter in query.id)


def thread_of(message: Message) -> int | None:
    """Return the topic that a message stands in."""
    return message.message_thread_id if message.is_topic_message else None


async def _say(query: CallbackQuery, message: Message, said: Said, unit: Unit) -> None:
    """Show what came of a press: in the place of the question that it answers, or below."""
    call: EditMessageText | SendMessage
    if said.instead:
        call = EditMessageText(
            chat_id=message.chat.id, message_id=message.message_id, text=said.text, reply_markup=said.markup
        )
    else:
        call = SendMessage(
            chat_id=message.chat.id, text=said.text, message_thread_id=thread_of(message), reply_markup=said.markup
        )
    await unit.to_chat(call, message.chat.id, f"press:{query.id}:said", priority=Priority.CARD)


async def _reply(message: Message, unit: Unit, said: Said) -> None:
    method = SendMessage(
        chat_id=message.chat.id, text=said.text, message_thread_id=thread_of(message), reply_markup=said.markup
    )
    key = f"message:{message.chat.id}:{message.message_id}:admin"
    await unit.to_chat(method, message.chat.id, key, priority=Priority.CARD)


def build() -> Router:
    """Build a fresh router; it stands before the others, or a topic's command would reach a customer."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type.in_({"private", "supergroup"}))
    router.message.register(on_kb, Command("kb"))
    router.message.register(on_document, F.document.as_("document"), is_article)
    router.callback_query.register(on_press, F.data.startswith(f"{kb.KB}:"))
    return router
