"""Presses of the bot's buttons in private chats."""

from collections.abc import Awaitable, Callable

from aiogram import F, Router
from aiogram.methods import AnswerCallbackQuery, EditMessageReplyMarkup
from aiogram.types import CallbackQuery, InaccessibleMessage, InlineKeyboardMarkup

from bot import keyboards
from bot.incoming import person_of
from bot.services import Services
from bot.unit import Unit
from support.deliveries import Priority
from support.escalations import EscalationReason
from support.outcomes import Ignored
from support.ratings import rate
from support.tables import AnswerRow, CustomerRow, TurnRow
from support.turns import TurnRepository

Act = Callable[[CallbackQuery, keyboards.Pressed, CustomerRow, Unit, Services], Awaitable[str]]
"""Does what a button says and returns what is shown for a moment, or nothing."""


async def on_press(query: CallbackQuery, unit: Unit, services: Services) -> None:
    """Do what the button says; a stale one says so."""
    await answer_press(query, unit, services, _act)


async def answer_press(query: CallbackQuery, unit: Unit, services: Services, act: Act) -> None:
    """Let a customer's press take effect and say so; a banned customer's does nothing."""
    if query.message is None or query.data is None:
        return
    person = person_of(query.from_user, query.message.chat.id)
    customer = await services.customer(unit, person)
    if customer.banned_at is not None:
        return
    toast = await act(query, keyboards.parse(query.data), customer, unit, services)
    answer = AnswerCallbackQuery(callback_query_id=query.id, text=toast or None)
    await unit.to_chat(answer, customer.chat_id, f"press:{query.id}", priority=Priority.ANSWER)


async def _act(
    query: CallbackQuery, pressed: keyboards.Pressed, customer: CustomerRow, unit: Unit, services: Services
) -> str:
    texts = services.texts(customer)
    match pressed:
        case keyboards.Pressed(keyboards.OPERATOR, arguments):
            await _call_operator(query, arguments, customer, unit, services)
            return ""
        case keyboards.Pressed(keyboards.ORDER):
            outcome = await services.desk.order(unit.session, customer, "", unit.now)
            await services.renderer.render(unit, customer, outcome, f"press:{query.id}:order")
            return ""
        case keyboards.Pressed(keyboards.LANGUAGE, ("ru" | "en" as language,)):
            customer.language, customer.language_chosen = language, True
            text = services.texts(customer)("language-set")
            await services.renderer.say(unit, customer, f"press:{query.id}:language", text)
            return ""
        case keyboards.Pressed(keyboards.RATE, (answer_id, "1" | "-1" as value)) if answer_id.isdecimal():
            known = await rate(unit.session, customer.id, int(answer_id), int(value))
            await _replace_buttons(query, keyboards.operator(texts), unit, customer)
            return texts("rated-useful" if value == "1" else "rated-useless") if known else texts("clarify-stale")
        case keyboards.Pressed(keyboards.INTENT, (turn_id, _) as arguments) if turn_id.isdecimal():
            return await _chosen(query, arguments, customer, unit, services)
        case _:
            return texts("clarify-stale")


async def _call_operator(
    query: CallbackQuery, arguments: tuple[str, ...], customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Call a person about the turn whose answer did not help, if the button names one."""
    turn, draft = None, None
    if arguments and arguments[0].isdecimal():
        answer = await unit.session.get(AnswerRow, int(arguments[0]))
        if answer is not None:
            turn = await unit.session.get(TurnRow, answer.turn_id)
            draft = answer.text
    if turn is not None and turn.customer_id != customer.id:
        turn, draft = None, None
    outcome = await services.desk.escalate(
        unit.session, customer, EscalationReason.CUSTOMER_ASKED, unit.now, turn=turn, draft=draft
    )
    await services.renderer.render(unit, customer, outcome, f"press:{query.id}:operator", turn)


async def _chosen(
    query: CallbackQuery, arguments: tuple[str, ...], customer: CustomerRow, unit: Unit, services: Services
) -> str:
    texts = services.texts(customer)
    turn_id, intent = int(arguments[0]), arguments[1]
    locked = await TurnRepository(unit.session).lock(turn_id)
    if locked is None or locked[0].customer_id != customer.id:
        return texts("clarify-stale")
    turn = locked[0]
    outcome = await services.desk.choose(unit.session, turn_id, intent, unit.now)
    if isinstance(outcome, Ignored):
        return texts("clarify-stale")
    await _replace_buttons(query, None, unit, customer)
    await services.clock.render(unit, customer, outcome, turn)
    return texts("clarify-taken")


async def _replace_buttons(
    query: CallbackQuery, markup: InlineKeyboardMarkup | None, unit: Unit, customer: CustomerRow
) -> None:
    if query.message is None or isinstance(query.message, InaccessibleMessage):
        return
    edit = EditMessageReplyMarkup(
        chat_id=customer.chat_id,
        message_id=query.message.message_id,
        reply_markup=markup or InlineKeyboardMarkup(inline_keyboard=[]),
    )
    key = f"press:{query.id}:buttons"
    await unit.to_chat(edit, customer.chat_id, key, priority=Priority.EDIT, customer=customer)


def build() -> Router:
    """Build a fresh router."""
    router = Router(name=__name__)
    router.callback_query.register(on_press, F.message.chat.type == "private")
    return router
