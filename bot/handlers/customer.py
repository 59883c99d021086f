"""Private chats: commands and messages of customers."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import CopyMessage
from aiogram.types import Contact, Message, TelegramObject, User

from bot import keyboards
from bot.incoming import person_of, words_of
from bot.services import Services
from bot.texts import LANGUAGES
from bot.unit import Unit
from support.customers import CustomerRepository
from support.desk import Collected, ForOperator
from support.escalations import EscalationReason, EscalationRepository
from support.outcomes import MediaNotUnderstood
from support.tables import CustomerRow
from support.turns import TurnRepository, Words


async def on_start(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Say who the bot is and what it can do."""
    texts = services.texts(customer)
    company = f" «{services.company}»" if services.company and customer.language == "ru" else ""
    company = company or (f" of {services.company}" if services.company else "")
    await services.renderer.say(
        unit, customer, _key(message, "start"), texts("start", company=company), markup=keyboards.start(texts)
    )


async def on_help(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Say what the bot can do."""
    texts = services.texts(customer)
    await services.renderer.say(unit, customer, _key(message, "help"), texts("help"), markup=keyboards.start(texts))


async def on_language(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Ask which language to answer in."""
    names = {language: services.library.of(language)("language-name") for language in LANGUAGES}
    text = services.texts(customer)("language-ask")
    await services.renderer.say(unit, customer, _key(message, "language"), text, markup=keyboards.languages(names))


async def on_operator(
    message: Message, command: CommandObject, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Call a person, at any moment; words after the command are for him."""
    if not command.args:
        await TurnRepository(unit.session).add_message(customer, words_of(message), unit.now)
    elif await services.desk.receive(unit.session, customer, words_of(message), unit.now) == ForOperator():
        await _relay(message, customer, unit)
    outcome = await services.desk.escalate(unit.session, customer, EscalationReason.CUSTOMER_ASKED, unit.now)
    await services.renderer.render(unit, customer, outcome, _key(message, "operator"))


async def on_order(
    message: Message, command: CommandObject, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Begin an order look-up, with the number if it was given."""
    outcome = await services.desk.order(unit.session, customer, command.args or "", unit.now)
    await services.renderer.render(unit, customer, outcome, _key(message, "order"))


async def on_contact(message: Message, contact: Contact, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Take the customer's own contact as proof of identity; a stranger's proves nothing."""
    key = _key(message, "contact")
    if await EscalationRepository(unit.session).open_of(customer.id):
        await services.desk.receive(unit.session, customer, words_of(message), unit.now)
        await _relay(message, customer, unit)
        return
    if message.from_user is None or contact.user_id != message.from_user.id:
        text = services.texts(customer)("media-contact-foreign")
        await services.renderer.say(unit, customer, key, text)
        return
    outcome = await services.desk.own_contact(unit.session, customer, contact.phone_number, unit.now)
    await services.renderer.render(unit, customer, outcome or MediaNotUnderstood("contact"), key)


async def on_message(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Take in anything else: into the turn, or to the operators who have the conversation."""
    match await services.desk.receive(unit.session, customer, words_of(message), unit.now):
        case Collected(turn_id, closes_at):
            unit.after_commit.append(lambda: services.clock.schedule(turn_id, closes_at))
        case ForOperator():
            await _relay(message, customer, unit)


async def on_edit(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Take in an edit of a question that is not answered yet."""
    words: Words = words_of(message)
    collected = await services.desk.edit(unit.session, customer, words.message_id, words.text, unit.now)
    if collected:
        unit.after_commit.append(lambda: services.clock.schedule(collected.turn_id, collected.closes_at))


async def load_customer(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
) -> Any:  # noqa: ANN401  # aiogram's middleware
    """Give handlers the customer behind a private chat."""
    unit: Unit = data["unit"]
    message = cast("Message", event)
    sender: User = data["event_from_user"]
    data["customer"] = await CustomerRepository(unit.session).get_or_add(person_of(sender, message.chat.id), unit.now)
    return await handler(event, data)


async def _relay(message: Message, customer: CustomerRow, unit: Unit) -> None:
    copy = CopyMessage(chat_id=0, from_chat_id=message.chat.id, message_id=message.message_id)
    await unit.to_topic(copy, customer, _key(message, "relay"))


def _key(message: Message, name: str) -> str:
    return f"message:{message.chat.id}:{message.message_id}:{name}"


def build() -> Router:
    """Build a fresh router: a Router object can be attached to one Dispatcher only."""
    router = Router(name=__name__)
    private = F.chat.type == "private"
    router.message.filter(private, F.from_user)
    router.edited_message.filter(private, F.from_user)
    router.message.middleware(load_customer)
    router.edited_message.middleware(load_customer)
    for name, handler in (
        ("start", on_start),
        ("help", on_help),
        ("language", on_language),
        ("operator", on_operator),
        ("order", on_order),
    ):
        router.message.register(handler, Command(name))
    router.message.register(on_contact, F.contact.as_("contact"))
    router.message.register(on_message)
    router.edited_message.register(on_edit)
    return router
