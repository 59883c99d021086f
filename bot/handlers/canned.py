"""Canned replies in a customer's topic: /c lists and finds, buttons show and send, /c add and /c delete keep them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import EditMessageText
from aiogram.types import InlineKeyboardMarkup, Message, User
from aiogram.utils.formatting import BlockQuote, Text

from bot import keyboards, said
from bot.handlers import topic
from bot.handlers.desk_buttons import Act, Press
from bot.handlers.topic import acknowledge, key_of, remember
from bot.rendering import cut, send
from bot.services import Services
from bot.texts import Texts
from bot.unit import Unit
from knowledge.language import detect
from support import canned, proven
from support.canned import CannedReplies, Filled
from support.deliveries import Priority
from support.desk_tables import CannedReplyRow
from support.operators import OperatorRepository, Role, role_in
from support.tables import CustomerRow

LISTED: Final = 12
"""Buttons in one message."""
Shown = tuple[Text | str, InlineKeyboardMarkup | None]


async def on_find(
    message: Message, command: CommandObject, sender: User, customer: CustomerRow, *, unit: Unit, services: Services
) -> None:
    """Show the reply that fits, or offer those that do; all of them without words to look for."""
    await remember(message, customer, unit, "command")
    query, texts = (command.args or "").strip(), _texts(services)
    replies = await CannedReplies(unit.session).all()
    base = services.desk.knowledge.get() if query else None
    found = await asyncio.to_thread(canned.find, replies, query, customer.language, base)
    if query and len(found) == 1:
        shown = _one(texts, found[0], _preview(found[0], customer, sender.first_name, unit.now))
    elif found:
        shown = _several(texts, "canned-found" if query else "canned-list", found)
    else:
        shown = texts("canned-not-found" if replies else "canned-none"), None
    await _say(message, customer, unit, *shown)


async def on_add(
    message: Message, command: CommandObject, sender: User, customer: CustomerRow, *, unit: Unit, services: Services
) -> None:
    """Keep a reply under a name: the lines below it, or the message that the command replies to."""
    await remember(message, customer, unit, "command")
    first, _, below = (command.args or "").removeprefix("add").strip().partition("\n")
    answered = message.reply_to_message
    quoted = (answered.text or answered.caption or "") if answered and not answered.forum_topic_created else ""
    name, text, texts = first.strip(), below.strip() or quoted.strip(), _texts(services)
    if not name or not text or len(name) > canned.NAME_LENGTH:
        await _say(message, customer, unit, texts("canned-usage"))
    elif unknown := canned.unknown_variables(text):
        await _say(message, customer, unit, texts("canned-unknown-variable", name="{" + unknown[0] + "}"))
    else:
        replies, language = CannedReplies(unit.session), detect(text) or customer.language
        known = [row for row in await replies.named(name) if row.language == language]
        if known and not await _may(message, sender, known[0], unit, services):
            await _say(message, customer, unit, texts("canned-not-yours"))
            return
        await replies.put(name, language, text, sender.id, unit.now)
        await acknowledge(message, unit)


async def on_delete(
    message: Message, command: CommandObject, sender: User, customer: CustomerRow, *, unit: Unit, services: Services
) -> None:
    """Delete a reply in every language; its author may, and seniors and administrators."""
    await remember(message, customer, unit, "command")
    name, texts = (command.args or "").removeprefix("delete").strip(), _texts(services)
    replies = CannedReplies(unit.session)
    rows = await replies.named(name)
    if not rows:
        await _say(message, customer, unit, texts("canned-not-found" if name else "canned-usage"))
        return
    if not all([await _may(message, sender, row, unit, services) for row in rows]):
        await _say(message, customer, unit, texts("canned-not-yours"))
        return
    for row in rows:
        await replies.delete(row, sender.id, unit.now)
    await acknowledge(message, unit)


async def on_show(press: Press) -> str:
    """Show one of the replies that were offered."""
    row = await CannedReplies(press.unit.session).get(press.number())
    if row is None:
        return press.texts("canned-gone")
    filled = _preview(row, press.customer, press.operator.name, press.unit.now)
    await _edit(press, *_one(press.texts, row, filled))
    return ""


async def on_list(press: Press) -> str:
    """Offer all replies again."""
    found = canned.find(await CannedReplies(press.unit.session).all(), "", press.customer.language)
    await _edit(press, *_several(press.texts, "canned-list", found))
    return ""


async def on_send(press: Press) -> str:
    """Send the reply to the customer; one with a gap is not sent."""
    if objection := await said.objection(press):
        return objection
    row = await CannedReplies(press.unit.session).get(press.number())
    if row is None:
        return press.texts("canned-gone")
    filled = canned.fill(row.text, _values(press.customer, press.operator.name, press.unit.now))
    if filled.missing:
        return _blanks(press.texts, filled)
    row.uses += 1
    key = f"c:{press.group}:{press.message_id}:{row.id}"
    await said.say(press, filled.text, key=key)
    told = press.texts("canned-sent", name=press.operator.name)
    shown = _preview(row, press.customer, press.operator.name, press.unit.now)
    await _edit(press, Text(told, "\n", BlockQuote(shown.text)), None)
    return press.texts("canned-sent-toast")


def _values(customer: CustomerRow, operator: str, now: datetime) -> Mapping[str, str]:
    order = ("", *proven.lately(customer, now))[-1]
    return {"name": customer.name.split(" ")[0], "operator": operator.split(" ", maxsplit=1)[0], "order": order}


def _preview(row: CannedReplyRow, customer: CustomerRow, operator: str, now: datetime) -> Filled:
    """Fill the reply in as the group sees it: the order's number masked."""
    values = dict(_values(customer, operator, now))
    values["order"] = proven.masked(values["order"]) if values["order"] else ""
    return canned.fill(row.text, values)


def _one(texts: Texts, row: CannedReplyRow, filled: Filled) -> Shown:
    title = texts("canned-shown", name=row.name, language=row.language.upper())
    parts: list[str | Text] = [title, "\n", BlockQuote(filled.text)]
    back = keyboards.desk(texts("button-canned-back"), "c_list")
    if filled.missing:
        return Text(*parts, "\n", _blanks(texts, filled)), InlineKeyboardMarkup(inline_keyboard=[[back]])
    rows = [[keyboards.desk(texts("button-canned-send"), "c_send", row.id), back]]
    return Text(*parts), InlineKeyboardMarkup(inline_keyboard=rows)


def _several(texts: Texts, key: str, found: Sequence[CannedReplyRow]) -> Shown:
    rows = [[keyboards.desk(f"{row.name} · {row.language.upper()}", "c_show", row.id)] for row in found[:LISTED]]
    more = len(found) - LISTED
    title = texts(key) + (f"\n{texts('canned-more', n=more)}" if more > 0 else "")
    return title, InlineKeyboardMarkup(inline_keyboard=rows)


def _blanks(texts: Texts, filled: Filled) -> str:
    return texts("canned-blank", names=", ".join(texts(f"canned-blank-{name}") for name in filled.missing))


async def _may(message: Message, sender: User, row: CannedReplyRow, unit: Unit, services: Services) -> bool:
    operator = await OperatorRepository(unit.session).get(sender.id)
    senior = role_in(operator, message.chat.id, services.admins) >= Role.SENIOR or sender.id in services.admins
    return senior or row.created_by == sender.id


async def _say(
    message: Message, customer: CustomerRow, unit: Unit, text: Text | str, markup: InlineKeyboardMarkup | None = None
) -> None:
    await unit.to_topic(send(text, 0, markup), customer, key_of(message, "c"), priority=Priority.CARD)


async def _edit(press: Press, text: Text | str, markup: InlineKeyboardMarkup | None) -> None:
    words, entities = cut(*text.render()) if isinstance(text, Text) else cut(text, [])
    call = EditMessageText(
        chat_id=press.group,
        message_id=press.message_id,
        text=words,
        entities=entities or None,
        reply_markup=markup,
    )
    await press.unit.to_chat(call, press.group, press.key("canned"), priority=Priority.EDIT)


def _texts(services: Services) -> Texts:
    return services.library.of(services.renderer.operators_language)


def build() -> Router:
    """Build a fresh router."""
    router = topic.router(__name__)
    router.message.register(on_add, Command("c", magic=F.args.regexp(r"^add(\s|$)")))
    router.message.register(on_delete, Command("c", magic=F.args.regexp(r"^delete(\s|$)")))
    router.message.register(on_find, Command("c"))
    return router


BUTTONS: Final[Mapping[str, Act]] = {"c_show": on_show, "c_list": on_list, "c_send": on_send}
