"""Private chats: commands and messages of customers."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import SendMessage
from aiogram.types import Contact, Message, TelegramObject, Update, User

from bot import keyboards, relay
from bot.courtesy import tell_hours
from bot.incoming import is_service, person_of, words_of
from bot.services import Services
from bot.splitting import split
from bot.texts import LANGUAGES
from bot.unit import Unit
from support.counterparts import CounterpartRepository
from support.deliveries import Priority
from support.escalations import EscalationReason, EscalationRepository
from support.flood import Flood
from support.outcomes import Collected, Escalated, ForOperator, MediaNotUnderstood
from support.tables import CustomerRow
from support.turns import TurnRepository

EDIT_BEFORE_MESSAGE_S: Final = 60
"""An unknown message edited so soon was overtaken by its edit; one edited later is from before our time."""


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
    told = texts("help")
    if customer.chat_id in services.admins:
        told = f"{told}\n\n{texts('help-admin')}"
    await services.renderer.say(unit, customer, _key(message, "help"), told, markup=keyboards.start(texts))


async def on_language(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Ask which language to answer in."""
    names = {language: services.library.of(language)("language-name") for language in LANGUAGES}
    text = services.texts(customer)("language-ask")
    await services.renderer.say(unit, customer, _key(message, "language"), text, markup=keyboards.languages(names))


async def on_operator(
    message: Message, command: CommandObject, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Call a person, at any moment; words after the command are for him."""
    if command.args:
        match await services.desk.receive(unit.session, customer, words_of(message), unit.now):
            case ForOperator():
                await _relay(message, customer, unit)
            case Collected(cancelled=cancelled):
                services.renderer.withdraw(unit, cancelled)
    else:
        await TurnRepository(unit.session).add_message(customer, words_of(message), unit.now)
    outcome = await services.desk.escalate(unit.session, customer, EscalationReason.CUSTOMER_ASKED, unit.now)
    await services.renderer.render(unit, customer, outcome, _key(message, "operator"))


async def on_order(
    message: Message, command: CommandObject, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Begin an order look-up, with the number if it was given."""
    outcome = await services.desk.order(unit.session, customer, command.args or "", unit.now)
    if isinstance(outcome, Escalated) and not outcome.new:
        # The person who has the conversation sees everything that is written.
        await TurnRepository(unit.session).add_message(customer, words_of(message), unit.now)
        await _relay(message, customer, unit)
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
    slowed = unit.flood is not Flood.CALM
    if unit.flood is Flood.SLOWED_FIRST:
        await services.renderer.say(unit, customer, _key(message, "slowed"), services.texts(customer)("slowed"))
    match await services.desk.receive(unit.session, customer, words_of(message), unit.now, slowed=slowed):
        case Collected() as collected:
            services.collect(unit, collected)
        case ForOperator(cancelled):
            services.renderer.withdraw(unit, cancelled)
            await _relay(message, customer, unit)
            if (escalation := await EscalationRepository(unit.session).open_of(customer.id)) is not None:
                await tell_hours(unit, customer, escalation, services)


async def on_edit(
    message: Message, event_update: Update, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Take in an edit: of a question that is not answered yet, of one just answered, of words that a person has."""
    known = await TurnRepository(unit.session).message(customer.chat_id, message.message_id)
    if known is None:
        # Updates may come out of order: an edit before its message is the message.
        if (message.edit_date or 0) - message.date.timestamp() <= EDIT_BEFORE_MESSAGE_S:
            await on_message(message, customer, unit, services)
        return
    words, before = words_of(message), known.content
    changed = (known.text, before) != (words.text, words.content)
    known.kind, known.content = words.kind, words.content
    match await services.desk.edit(unit.session, customer, message.message_id, words.text, unit.now):
        case Collected() as collected:
            services.collect(unit, collected)
        case ForOperator(cancelled) if changed:
            services.renderer.withdraw(unit, cancelled)
            await _relay_edit(message, customer, unit, services, update_id=event_update.update_id, before=before)


async def _relay_edit(
    message: Message,
    customer: CustomerRow,
    unit: Unit,
    services: Services,
    *,
    update_id: int,
    before: dict[str, Any] | None,
) -> None:
    """Change the copy in the topic; words that only the card shows, or nothing yet, are shown as edited."""
    key = _key(message, f"edit:{update_id}")
    if await _is_here(message, customer, unit, services):
        await relay.edit(unit, customer, message, key, before=before, to_topic=True)
        return
    text = message.text or message.caption
    if not text:
        return
    texts = services.library.of(services.renderer.operators_language)
    for number, (part, _) in enumerate(split(texts("customer-edited", text=text))):
        await unit.to_topic(SendMessage(chat_id=0, text=part), customer, f"{key}:{number}")


async def _is_here(message: Message, customer: CustomerRow, unit: Unit, services: Services) -> bool:
    """Whether the message has a copy where the conversation is now, or will have one; a former group's changes none."""
    copies = await CounterpartRepository(unit.session).copies(message.chat.id, message.message_id)
    if customer.topic_chat_id is None or not copies:
        return await relay.is_passed_on(unit, customer, message.chat.id, message.message_id)
    group = services.groups.present(customer.topic_chat_id)
    return any(services.groups.present(chat_id) == group for chat_id, _ in copies)


async def load_customer(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
) -> Any:  # noqa: ANN401  # aiogram's middleware
    """Give handlers the customer behind a private chat; of a banned one nothing is heard."""
    unit: Unit = data["unit"]
    message = cast("Message", event)
    services: Services = data["services"]
    sender: User = data["event_from_user"]
    if is_service(message):
        return None
    customer = await services.customer(unit, person_of(sender, message.chat.id))
    if customer.banned_at is not None:
        return None
    data["customer"] = customer
    return await handler(event, data)


async def _relay(message: Message, customer: CustomerRow, unit: Unit) -> None:
    priority = Priority.RELAY if unit.flood is Flood.CALM else Priority.ACTION
    await relay.to_operators(unit, customer, relay.Relayed(message.chat.id, words_of(message)), priority=priority)


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
