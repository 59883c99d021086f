"""/stats: figures for administrators, with buttons for the period, the page and draft articles."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendDocument, SendMessage, TelegramMethod
from aiogram.types import CallbackQuery, Message

from bot import keyboards
from bot.handlers.admin import is_admin, thread_of
from bot.services import Services
from bot.stats_words import STATS
from bot.unit import Unit
from bot.watching import PLACE
from support.deliveries import Priority
from support.watching.period import MOST_DAYS

PAGE_DAYS = 7


async def on_stats(message: Message, command: CommandObject, unit: Unit, services: Services) -> None:
    """Show figures: /stats, /stats 7, /stats page, /stats page 30."""
    chat_id, thread = message.chat.id, thread_of(message)
    asked = read(command.args or "")
    key = f"message:{chat_id}:{message.message_id}:admin"
    if not is_admin(message, services) or asked is None:
        text = services.operators_texts("admin-only" if asked is not None else "stats-usage")
        call: TelegramMethod[Message] = SendMessage(chat_id=chat_id, text=text, message_thread_id=thread)
    elif asked[0] == "page":
        call, key = (
            _page(chat_id, thread, asked[1], services),
            f"{STATS}:page:{asked[1]}:{chat_id}:{message.message_id}",
        )
    else:
        call = SendMessage(chat_id=chat_id, text=PLACE, message_thread_id=thread)
        key = f"{STATS}:show:{asked[1]}:{chat_id}:{message.message_id}"
    await unit.to_chat(call, chat_id, key, priority=Priority.CARD)


async def on_press(query: CallbackQuery, unit: Unit, services: Services) -> None:
    """Show another period or what had no answer in the message's place, or send a file below it."""
    texts = services.operators_texts
    toast = ""
    if query.from_user.id not in services.admins:
        toast = texts("admin-only")
    elif not isinstance(query.message, Message) or query.data is None:
        toast = texts("kb-expired")
    else:
        await _act(query.id, query.message, keyboards.parse(query.data).arguments, unit, services)
    answer = AnswerCallbackQuery(callback_query_id=query.id, text=toast or None, show_alert=bool(toast) or None)
    chat_id = query.message.chat.id if query.message else query.from_user.id
    await unit.to_chat(answer, chat_id, f"press:{query.id}", priority=Priority.ANSWER)


async def _act(query_id: str, message: Message, arguments: tuple[str, ...], unit: Unit, services: Services) -> None:
    chat_id, thread = message.chat.id, thread_of(message)
    call: TelegramMethod[Message] | TelegramMethod[Message | bool]
    match arguments:
        case ("show" | "gaps", days) if days.isdecimal():
            call = EditMessageText(chat_id=chat_id, message_id=message.message_id, text=PLACE)
        case ("page", days) if days.isdecimal():
            call = _page(chat_id, thread, int(days), services)
        case ("draft", days, turn_id) if (days + turn_id).isdecimal():
            caption = services.operators_texts("stats-article-caption")
            call = SendDocument(chat_id=chat_id, document=PLACE, caption=caption, message_thread_id=thread)
        case _:
            return
    await unit.to_chat(call, chat_id, ":".join((STATS, *arguments, query_id)), priority=Priority.CARD)


def _page(chat_id: int, thread: int | None, days: int, services: Services) -> SendDocument:
    words = services.watching.words
    caption = words.texts("stats-page-caption", period=words.period(days))
    return SendDocument(chat_id=chat_id, document=PLACE, caption=caption, message_thread_id=thread)


def read(arguments: str) -> tuple[str, int] | None:
    """Return what is asked for and of how many days; None: it cannot be read."""
    match arguments.split():
        case []:
            return "show", 1
        case [days] if days.isdecimal() and 1 <= int(days) <= MOST_DAYS:
            return "show", int(days)
        case ["page"]:
            return "page", PAGE_DAYS
        case ["page", days] if days.isdecimal() and 1 <= int(days) <= MOST_DAYS:
            return "page", int(days)
        case _:
            return None


def build() -> Router:
    """Build a fresh router; it stands before the others, or a topic's command would reach a customer."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type.in_({"private", "supergroup"}))
    router.message.register(on_stats, Command("stats"))
    router.callback_query.register(on_press, F.data.startswith(f"{STATS}:"))
    return router
