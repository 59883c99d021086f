"""Administrators correct what a message was taken for: what it was becomes an example of the right intent.

The card's button, or ``/intent`` in the topic for the customer's last message, asks the administrator in his private
chat which intent it had, shows what would be stored and stores it when he says so; ``/intents`` there lists what was
added. The group's limit of messages is not touched, but for the card's edit once something was corrected.
"""

from collections.abc import Mapping
from typing import Final

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.methods import AnswerCallbackQuery, EditMessageText
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.utils.formatting import BlockQuote, Text

from bot import guess, keyboards
from bot.handlers import topic
from bot.handlers.desk_buttons import Act, Press
from bot.handlers.topic import Author
from bot.rendering import send
from bot.services import Services
from bot.texts import Texts
from bot.unit import Unit
from support import learned_intents, tried
from support.board import touch
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.intents.examples import Intent
from support.operators import Role
from support.tables import CustomerRow, TurnRow

LEARN: Final = "learn"
UNLEARN: Final = "unlearn"
SHOWN: Final = 5
TEXT_LENGTH: Final = 200
Rows = list[list[InlineKeyboardButton]]


async def on_intent(message: Message, customer: CustomerRow, author: Author, unit: Unit, services: Services) -> None:
    """Ask an administrator, in private, what the customer's last message was about."""
    texts = _texts(services)
    if author.role is not Role.ADMIN:
        await topic.tell(message, unit, texts("admin-only"), "intent")
        return
    turn = await learned_intents.last_turn(unit.session, customer.id)
    if turn is None:
        await topic.tell(message, unit, texts("intent-nothing"), "intent")
        return
    await _ask(unit, services, turn, author.user.id, f"intent:{message.chat.id}:{message.message_id}")
    await topic.acknowledge(message, unit)


async def on_misread(press: Press) -> str:
    """Ask an administrator, in private, what the message that the card is about was."""
    if press.role is not Role.ADMIN:
        return press.texts("misread-admins")
    turn = await press.unit.session.get(TurnRow, press.number())
    if turn is None or turn.customer_id != press.customer.id or not turn.text.strip():
        return press.texts("desk-stale")
    await _ask(press.unit, press.services, turn, press.operator.user_id, press.key("misread"))
    return press.texts("misread-asked")


BUTTONS: Final[Mapping[str, Act]] = {guess.MISREAD: on_misread}


async def _ask(unit: Unit, services: Services, turn: TurnRow, admin: int, key: str) -> None:
    texts = _texts(services)
    labels = {one.name: _label(one, texts) for one in services.learning.classifier.intents}
    told = await guess.shown(texts, unit.session, turn, labels)
    example = BlockQuote(learned_intents.example_of(turn))
    shown = Text(*((told, "\n\n") if told else ()), texts("intent-which"), "\n", example)
    call = send(shown, admin, _markup(_choices(services, texts, turn.id)))
    await unit.to_chat(call, admin, key, priority=Priority.CARD)


async def on_intents(message: Message, unit: Unit, services: Services) -> None:
    """List how many examples each intent has, and the last added ones with buttons that take them back."""
    texts = _texts(services)
    if message.from_user is None or message.from_user.id not in services.admins:
        return
    rows = await learned_intents.every(unit.session)
    lines = [
        texts(
            "intents-line",
            label=_label(intent, texts),
            examples=len(intent.examples),
            added=sum(row.intent == intent.name for row in rows),
        )
        for intent in services.learning.classifier.intents
    ]
    last = list(rows)[: -SHOWN - 1 : -1]
    quotes = [f"{place}. {row.text[:TEXT_LENGTH]} → {row.intent}" for place, row in enumerate(last, start=1)]
    buttons = [[_button(texts("intents-remove", number=place), UNLEARN, row.id) for place, row in enumerate(last, 1)]]
    shown = Text("\n".join([*lines, *(["", texts("intents-last"), *quotes] if quotes else [])]))
    call = send(shown, message.chat.id, _markup(buttons) if last else None)
    await unit.to_chat(call, message.chat.id, f"intents:{message.message_id}", priority=Priority.ANSWER)


async def on_press(query: CallbackQuery, unit: Unit, services: Services) -> None:
    """Choose, confirm, leave or take back; only an administrator may."""
    texts = _texts(services)
    toast = texts("admin-only")
    if query.from_user.id in services.admins:
        toast = await _act(query, unit, services, texts)
    answer = AnswerCallbackQuery(callback_query_id=query.id, text=toast or None)
    await unit.to_chat(answer, query.from_user.id, f"press:{query.id}", priority=Priority.ANSWER)


async def _act(query: CallbackQuery, unit: Unit, services: Services, texts: Texts) -> str:
    intents = services.learning.classifier.intents
    pressed = keyboards.parse(query.data or "")
    match [pressed.name, *pressed.arguments]:
        case [name, "no"] if name == LEARN:
            await _edit(query, unit, Text(texts("intent-left")), [])
        case [name, number] if name == UNLEARN and number.isdecimal():
            removed = await learned_intents.remove(unit.session, int(number), query.from_user.id, unit.now)
            if removed is None:
                return texts("desk-stale")
            await _changed(unit, services, removed)
            await _edit(query, unit, Text(texts("intent-removed")), [])
        case [_, turn_id, place, *sure] if (turn_id + place).isdecimal() and int(place) < len(intents):
            turn = await unit.session.get(TurnRow, int(turn_id))
            if turn is None or not turn.text:
                return texts("desk-stale")
            await _choose(query, unit, services, turn, intents[int(place)], place=int(place), sure=bool(sure))
        case _:
            return texts("desk-stale")
    return ""


async def _choose(
    query: CallbackQuery, unit: Unit, services: Services, turn: TurnRow, intent: Intent, *, place: int, sure: bool
) -> None:
    """Show what would be stored; once it is confirmed, store it."""
    texts, stored = _texts(services), BlockQuote(learned_intents.example_of(turn))
    if not sure:
        buttons = [[_button(texts("intent-yes"), LEARN, turn.id, place, "y"), _button(texts("intent-no"), LEARN, "no")]]
        guessed = tried.guess(turn.trace)
        by_rule = guessed is not None and guessed.source == "rule" and guessed.intent != intent.name
        told = [texts("intent-add", label=_label(intent, texts)), "\n", stored]
        await _edit(query, unit, Text(*told, *(("\n", texts("intent-rule")) if by_rule else ())), buttons)
        return
    row = await learned_intents.put(unit.session, turn, intent.name, query.from_user.id, unit.now)
    await _changed(unit, services, turn.id)
    undo = [[_button(texts("intent-undo"), UNLEARN, row.id)]]
    await _edit(query, unit, Text(texts("intent-added", label=_label(intent, texts)), "\n", stored), undo)


async def _changed(unit: Unit, services: Services, turn_id: int) -> None:
    """Have the classifier fitted again, and the card say what was corrected."""
    services.learning.changed(unit)
    turn = await unit.session.get(TurnRow, turn_id)
    if turn is not None:
        touch(await CustomerRepository(unit.session).by_id(turn.customer_id), unit.now)


async def _edit(query: CallbackQuery, unit: Unit, shown: Text, buttons: Rows) -> None:
    if query.message is None:
        return
    words, entities = shown.render()
    edit = EditMessageText(
        chat_id=query.message.chat.id,
        message_id=query.message.message_id,
        text=words,
        entities=entities,
        reply_markup=_markup(buttons) if buttons else None,
    )
    await unit.to_chat(edit, query.message.chat.id, f"learn:{query.id}", priority=Priority.EDIT)


def _choices(services: Services, texts: Texts, turn_id: int) -> Rows:
    intents = services.learning.classifier.intents
    rows = [[_button(_label(intent, texts), LEARN, turn_id, place)] for place, intent in enumerate(intents)]
    return [*rows, [_button(texts("intent-no"), LEARN, "no")]]


def _texts(services: Services) -> Texts:
    return services.library.of(services.renderer.operators_language)


def _label(intent: Intent, texts: Texts) -> str:
    return intent.label("ru" if texts.language == "ru" else "en")


def _button(text: str, *data: object) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=":".join(map(str, data)))


def _markup(rows: Rows) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=rows)


def build() -> Router:
    """Build a fresh router; it stands before that of customers' messages and buttons."""
    router = Router(name=__name__)
    private = Router(name=f"{__name__}.private")
    in_private = F.message.chat.type == "private"
    private.message.register(on_intents, Command("intents"), F.chat.type == "private")
    private.callback_query.register(on_press, in_private, F.data.startswith(f"{LEARN}:"))
    private.callback_query.register(on_press, in_private, F.data.startswith(f"{UNLEARN}:"))
    topics = topic.router(f"{__name__}.topics")
    topics.message.register(on_intent, Command("intent"))
    router.include_routers(private, topics)
    return router
