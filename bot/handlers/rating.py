"""How a customer rates an operator's help: a press from 1 to 5, and a word that he writes as a reply."""

from typing import Any

from aiogram import F, Router
from aiogram.methods import EditMessageReplyMarkup, SendMessage
from aiogram.types import CallbackQuery, ForceReply, InaccessibleMessage, Message

from bot import keyboards
from bot.handlers.buttons import answer_press
from bot.handlers.customer import load_customer
from bot.incoming import words_of
from bot.services import Services
from bot.unit import Unit
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.ratings import add_word, asked_for_a_word, score
from support.tables import CustomerRow, EscalationRow
from support.turns import TurnRepository


async def on_press(query: CallbackQuery, unit: Unit, services: Services) -> None:
    """Take a score, or ask for a word."""
    await answer_press(query, unit, services, _act)


async def _act(
    query: CallbackQuery, pressed: keyboards.Pressed, customer: CustomerRow, unit: Unit, services: Services
) -> str:
    texts = services.texts(customer)
    match pressed.name, pressed.arguments:
        case keyboards.SCORE, (number, value) if number.isdecimal() and value.isdecimal():
            row = await score(unit.session, customer, int(number), int(value), unit.now)
            if row is not None:
                await _show(query, customer, row, unit, services)
                return texts("rating-thanks")
        case keyboards.WORD, (number,) if number.isdecimal():
            row = await unit.session.get(EscalationRow, int(number))
            if row is not None and row.customer_id == customer.id and row.closed_at is not None:
                # The app opens a reply to the question: that is how the word is told from a new question.
                hint = ForceReply(force_reply=True)
                ask = SendMessage(chat_id=customer.chat_id, text=texts("rating-word-ask"), reply_markup=hint)
                key = f"escalation:{row.id}:word:{query.id}"
                await unit.to_chat(ask, customer.chat_id, key, customer=customer)
                return ""
        case _:
            pass
    return texts("rating-stale")


async def _show(
    query: CallbackQuery, customer: CustomerRow, row: EscalationRow, unit: Unit, services: Services
) -> None:
    if query.message is None or isinstance(query.message, InaccessibleMessage):
        return
    markup = keyboards.scores(services.texts(customer), row.id, row.rating)
    edit = EditMessageReplyMarkup(chat_id=customer.chat_id, message_id=query.message.message_id, reply_markup=markup)
    key = f"press:{query.id}:score"
    await unit.to_chat(edit, customer.chat_id, key, priority=Priority.EDIT, customer=customer)


async def is_word(message: Message, unit: Unit) -> bool | dict[str, Any]:
    """Whether a customer's message replies to the request for a rating; gives the handler the conversation rated."""
    if message.reply_to_message is None or message.text is None or message.text.startswith("/"):
        return False
    customer = await CustomerRepository(unit.session).by_chat(message.chat.id)
    if customer is None:
        return False
    asked_by = message.reply_to_message.message_id
    rated = await asked_for_a_word(unit.session, customer.id, asked_by, unit.now)
    return {"rated": rated} if rated is not None else False


async def on_word(
    message: Message, rated: EscalationRow, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Store the customer's word beside his score."""
    add_word(customer, rated, message.text or "", unit.now)
    await TurnRepository(unit.session).add_message(customer, words_of(message), unit.now)
    key = f"message:{message.chat.id}:{message.message_id}:rating"
    await services.renderer.say(unit, customer, key, services.texts(customer)("rating-word-thanks"))


def build() -> Router:
    """Build a fresh router; it stands before the customers' messages and buttons."""
    router = Router(name=__name__)
    private = F.chat.type == "private"
    router.message.filter(private, F.from_user)
    router.message.middleware(load_customer)
    router.message.register(on_word, is_word)
    named = F.data.startswith(f"{keyboards.SCORE}:") | F.data.startswith(f"{keyboards.WORD}:")
    router.callback_query.register(on_press, F.message.chat.type == "private", named)
    return router
