"""Administrators decide about passages that operators called wrong, in their private chats with the bot."""

from typing import Final

from aiogram import F, Router
from aiogram.methods import AnswerCallbackQuery, EditMessageText
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.formatting import BlockQuote, Text

from bot import keyboards
from bot.handlers.desk_buttons import Press
from bot.rendering import send
from bot.services import Services
from bot.unit import Unit
from knowledge.passages import Chunk
from support import quarantine
from support.deliveries import DeliveryRepository, Priority
from support.desk_tables import QuarantineRow
from support.quarantine import KEPT, REMOVED, Decision

WRONG: Final = "wrong"
TEXT_LENGTH: Final = 2500
DECISIONS: Final[dict[str, Decision]] = {"keep": KEPT, "remove": REMOVED}


async def take_out(press: Press, chunk: Chunk) -> str:
    """Take a passage out at once and ask the administrators; return what the presser reads."""
    row, new = await quarantine.report(press.unit.session, chunk, press.operator.user_id, press.unit.now)
    if not new:
        return press.texts("quarantined-already")
    await press.services.quarantine.changed(press.unit)
    await _ask_admins(press.unit, press.services, row, press.operator.name)
    return press.texts("quarantined-toast")


async def _ask_admins(unit: Unit, services: Services, row: QuarantineRow, reporter: str) -> None:
    """Ask every administrator whether a passage is wrong."""
    texts = services.library.of(services.renderer.operators_language)
    buttons = [
        InlineKeyboardButton(text=texts(f"button-quarantine-{name}"), callback_data=f"{WRONG}:{name}:{row.id}")
        for name in DECISIONS
    ]
    told = Text(texts("quarantine-ask", name=reporter), "\n\n", *_passage(services, row))
    for admin in services.admins:
        call = send(told, admin, InlineKeyboardMarkup(inline_keyboard=[buttons]))
        await unit.to_chat(call, admin, _key(row.id, admin), priority=Priority.CARD)


async def on_press(query: CallbackQuery, unit: Unit, services: Services) -> None:
    """Decide: kept, it is found again at once; removed, it stays out as long as its text is the same."""
    texts = services.library.of(services.renderer.operators_language)
    toast = texts("admin-only")
    if query.from_user.id in services.admins:
        toast = await _decide(query, unit, services)
    answer = AnswerCallbackQuery(callback_query_id=query.id, text=toast or None)
    await unit.to_chat(answer, query.from_user.id, f"press:{query.id}", priority=Priority.ANSWER)


async def _decide(query: CallbackQuery, unit: Unit, services: Services) -> str:
    texts = services.library.of(services.renderer.operators_language)
    match keyboards.parse(query.data or "").arguments:
        case (("keep" | "remove") as name, number) if number.isdecimal():
            decided = await quarantine.decide(unit.session, int(number), DECISIONS[name], query.from_user.id, unit.now)
        case _:
            return texts("desk-stale")
    if decided is None:
        return texts("desk-stale")
    row, new = decided
    if not new:
        return texts("quarantine-decided")
    await services.quarantine.changed(unit)
    words, entities = Text(
        texts(f"quarantine-{row.decision}", source=row.source), "\n\n", *_passage(services, row)
    ).render()
    for admin in services.admins:
        asked = await DeliveryRepository(unit.session).by_key(_key(row.id, admin))
        if asked is not None and asked.message_id is not None:
            edit = EditMessageText(chat_id=admin, message_id=asked.message_id, text=words, entities=entities)
            await unit.to_chat(edit, admin, f"{_key(row.id, admin)}:decided", priority=Priority.EDIT)
    return ""


def _passage(services: Services, row: QuarantineRow) -> tuple[str | Text, ...]:
    texts = services.library.of(services.renderer.operators_language)
    place = texts("quarantine-place", heading=row.heading, source=row.source)
    return place, "\n", BlockQuote(row.text[:TEXT_LENGTH])


def _key(quarantine_id: int, admin: int) -> str:
    return f"quarantine:{quarantine_id}:{admin}"


def build() -> Router:
    """Build a fresh router; it stands before that of customers' buttons."""
    router = Router(name=__name__)
    router.callback_query.register(on_press, F.message.chat.type == "private", F.data.startswith(f"{WRONG}:"))
    return router
