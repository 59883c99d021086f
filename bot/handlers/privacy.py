"""Personal data: /mydata and /forget of a customer, /erase of an administrator. A banned customer is heard as well."""

from datetime import UTC, datetime, timedelta
from typing import Final

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendDocument, SendMessage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, User
from sqlalchemy import func, select

from bot import keyboards
from bot.exporting import MYDATA
from bot.incoming import person_of
from bot.services import Services
from bot.texts import Texts
from bot.unit import Unit
from support.customers import CustomerRepository
from support.deliveries import DeliveryRepository, Priority
from support.erasure import HIMSELF
from support.masking.names import stars
from support.tables import CustomerRow, EscalationRow, MessageRow

FORGET: Final = "forget"
ERASE: Final = "erase"
YES: Final = "yes"
VALID: Final = timedelta(minutes=15)
"""So long the buttons work: later the customer may mean something else by a press."""


async def on_mydata(message: Message, sender: User, unit: Unit, services: Services) -> None:
    """Send the customer everything that is kept about him, once an hour at most."""
    customer = await _customer(message, sender, unit, services)
    texts = services.texts(customer)
    key = f"mydata:{customer.id}:{unit.now.astimezone(UTC):%Y-%m-%dT%H}"
    if await DeliveryRepository(unit.session).by_key(key) is not None:
        await services.renderer.say(unit, customer, _key(message, "mydata"), texts("mydata-recent"))
        return
    # The ledger keeps no copy: the file is made when the call is.
    call = SendDocument(chat_id=customer.chat_id, document=MYDATA, caption=texts("mydata-caption"))
    await unit.to_chat(call, customer.chat_id, key, customer=customer)


async def on_forget(message: Message, sender: User, unit: Unit, services: Services) -> None:
    """Explain what goes and what stays, and ask."""
    customer = await _customer(message, sender, unit, services)
    texts = services.texts(customer)
    markup = _buttons(texts, FORGET, customer.id, unit.now)
    await services.renderer.say(unit, customer, _key(message, FORGET), texts("forget-ask"), markup=markup)


async def on_erase(message: Message, command: CommandObject, sender: User, unit: Unit, services: Services) -> None:
    """Show an administrator whom he is about to erase, and ask."""
    if sender.id not in services.admins:
        await _reply(message, unit, services.knowledge.texts("admin-only"))
        return
    texts = services.library.of(services.renderer.operators_language)
    wanted = (command.args or "").strip()
    if not wanted:
        await _reply(message, unit, texts("erase-usage"))
        return
    customer = await CustomerRepository(unit.session).by_handle(wanted)
    if customer is None:
        await _reply(message, unit, texts("erase-unknown"))
        return
    messages = select(func.count()).select_from(MessageRow).where(MessageRow.customer_id == customer.id)
    escalations = select(func.count()).select_from(EscalationRow).where(EscalationRow.customer_id == customer.id)
    text = texts(
        "erase-ask",
        name=stars(customer.name),
        chat=str(customer.chat_id),
        messages=await unit.session.scalar(messages) or 0,
        escalations=await unit.session.scalar(escalations) or 0,
    )
    await _reply(message, unit, text, _buttons(texts, ERASE, customer.id, unit.now))


async def on_press(query: CallbackQuery, unit: Unit, services: Services) -> None:
    """Erase, or leave everything as it is."""
    pressed = keyboards.parse(query.data or "")
    match pressed.arguments:
        case (answer, customer_id, asked_at) if (customer_id + asked_at).isdecimal():
            agreed = answer == YES
        case _:
            return
    texts = services.library.of(services.renderer.operators_language)
    customer = await CustomerRepository(unit.session).find(int(customer_id))
    if pressed.name == FORGET:
        customer = customer if customer is not None and customer.chat_id == query.from_user.id else None
        texts = services.texts(customer) if customer is not None else services.library.of(_language(query.from_user))
    elif query.from_user.id not in services.admins:
        return
    token = None
    if agreed and customer is not None and unit.now.timestamp() - int(asked_at) < VALID.total_seconds():
        asked_by = HIMSELF if pressed.name == FORGET else query.from_user.id
        begun = await services.erasing.begin(unit, customer, asked_by=asked_by)
        if begun is not None:
            services.renderer.withdraw(unit, begun.cancelled)
            token = begun.token
    name = "forget-cancelled" if not agreed else "forget-expired" if token is None else f"{pressed.name}-begun"
    await _say_instead(query, unit, texts(name, token=token or ""), token)


async def _say_instead(query: CallbackQuery, unit: Unit, text: str, token: str | None) -> None:
    """Put what came of it in the place of the question; the key tells an erasure which calls are its own."""
    chat_id = query.from_user.id
    key = f"press:{query.id}" if token is None else f"erase:{token}:{chat_id}"
    if query.message is not None:
        edit = EditMessageText(chat_id=chat_id, message_id=query.message.message_id, text=text)
        await unit.to_chat(edit, chat_id, f"{key}:said", priority=Priority.ANSWER)
    answer = AnswerCallbackQuery(callback_query_id=query.id)
    await unit.to_chat(answer, chat_id, f"{key}:pressed", priority=Priority.ANSWER)


async def _customer(message: Message, sender: User, unit: Unit, services: Services) -> CustomerRow:
    return await services.customer(unit, person_of(sender, message.chat.id))


async def _reply(message: Message, unit: Unit, text: str, markup: InlineKeyboardMarkup | None = None) -> None:
    call = SendMessage(chat_id=message.chat.id, text=text, reply_markup=markup)
    await unit.to_chat(call, message.chat.id, _key(message, ERASE), priority=Priority.CARD)


def _buttons(texts: Texts, name: str, customer_id: int, now: datetime) -> InlineKeyboardMarkup:
    asked_at = int(now.timestamp())

    def button(key: str, answer: str) -> InlineKeyboardButton:
        return InlineKeyboardButton(text=texts(key), callback_data=f"{name}:{answer}:{customer_id}:{asked_at}")

    return InlineKeyboardMarkup(inline_keyboard=[[button("button-forget", YES), button("button-forget-not", "no")]])


def _language(sender: User) -> str:
    return "ru" if (sender.language_code or "").startswith("ru") else "en"


def _key(message: Message, name: str) -> str:
    return f"message:{message.chat.id}:{message.message_id}:{name}"


def build() -> Router:
    """Build a fresh router; it stands before the customers', who does not hear the banned."""
    router = Router(name=__name__)
    router.message.filter(F.chat.type == "private", F.from_user.as_("sender"))
    router.message.register(on_mydata, Command("mydata"))
    router.message.register(on_forget, Command("forget"))
    router.message.register(on_erase, Command("erase"))
    private = F.message.chat.type == "private"
    router.callback_query.register(on_press, private, F.data.startswith(f"{FORGET}:") | F.data.startswith(f"{ERASE}:"))
    return router
