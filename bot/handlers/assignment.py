"""Who has a conversation: /take, /release, /transfer, /urgent, and the card's button."""

from collections.abc import Mapping
from typing import Final

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from bot.handlers import topic
from bot.handlers.colleagues import named
from bot.handlers.desk_buttons import Act, Press
from bot.services import Services
from bot.unit import Unit
from support.assignment import Others, give, keeper_of, take
from support.board import AT_ONCE, standing, touch
from support.desk_file import Subject
from support.escalations import EscalationReason, EscalationRepository
from support.operators import Role, audit
from support.tables import CustomerRow, EscalationRow

URGENT_ON: Final = "🔥"


async def on_take(
    message: Message, author: topic.Author, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Take a conversation: a free one, as a senior a colleague's, or one that the bot has."""
    texts, operator = services.operators_texts, author.operator
    if operator is None:
        await topic.tell(message, unit, texts("desk-anonymous"), "take")
        return
    escalation = await EscalationRepository(unit.session).open_of(customer.id)
    if escalation is None:
        escalation = await _from_bot(customer, unit, services)
    match await take(unit.session, customer, escalation, operator, unit.now, role=author.role):
        case Others(name):
            await topic.tell(message, unit, texts("taken-by-ask", name=name), "take")
        case _:
            await topic.acknowledge(message, unit)


async def on_take_pressed(press: Press) -> str:
    """Take the conversation whose card says that nobody has it."""
    escalation = await EscalationRepository(press.unit.session).open_of(press.customer.id)
    if escalation is None or escalation.id != press.number():
        return press.texts("desk-stale")
    match await take(press.unit.session, press.customer, escalation, press.operator, press.unit.now):
        case Others(name):
            return press.texts("taken-by", name=name)
        case taken:
            return press.texts("taken" if taken.new else "taken-already")


async def on_release(
    message: Message, author: topic.Author, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Give a conversation back: to whoever's turn it is, else to all; a senior a colleague's as well."""
    escalation = await _mine(message, author, customer, unit, services)
    if escalation is None:
        return
    if escalation.assignee_id is not None:
        without = {author.user.id, escalation.assignee_id}
        give(unit.session, customer, escalation, None, unit.now, by=author.user.id, action="conversation_released")
        key = topic.key_of(message, "released")
        await services.rota.give_again(unit, customer, escalation, message.chat.id, key, without=without)
    await topic.acknowledge(message, unit)


async def on_urgent(message: Message, sender: User, customer: CustomerRow, unit: Unit, services: Services) -> None:
    """Mark a conversation as urgent, or take the mark away."""
    escalation = await EscalationRepository(unit.session).open_of(customer.id)
    if escalation is None:
        await topic.tell(message, unit, services.operators_texts("operator-not-open"), "urgent")
        return
    escalation.priority = 0 if escalation.priority else 1
    action = "conversation_urgent" if escalation.priority else "conversation_not_urgent"
    audit(unit.session, unit.now, sender.id, action, escalation_id=escalation.id, customer_id=customer.id)
    touch(customer, unit.now, AT_ONCE)
    await topic.acknowledge(message, unit, URGENT_ON if escalation.priority else topic.DONE)


async def on_transfer(
    message: Message,
    author: topic.Author,
    customer: CustomerRow,
    unit: Unit,
    services: Services,
    *,
    command: CommandObject,
) -> None:
    """Hand a conversation over to a colleague, or to the group of a subject."""
    escalation = await _mine(message, author, customer, unit, services)
    if escalation is None:
        return
    wanted = (command.args or "").strip()
    if (found := _subject(wanted, services)) is not None:
        await _to_subject(message, *found, author.user, customer, escalation, unit, services)
        return
    texts = services.operators_texts
    colleague = await named(message, wanted, unit)
    if colleague is None:
        text = texts("transfer-usage", subjects=_subjects(services))
    elif customer.topic_chat_id not in colleague.groups:
        text = texts("transfer-not-here", name=colleague.name)
    elif colleague.away_since is not None:
        text = texts("transfer-away", name=colleague.name)
    else:
        action = "conversation_transferred"
        give(unit.session, customer, escalation, colleague.user_id, unit.now, by=author.user.id, action=action)
        if colleague.user_id != author.user.id:
            await services.rota.call(unit, customer, colleague, topic.key_of(message, "given"))
        await topic.acknowledge(message, unit)
        return
    await topic.tell(message, unit, text, "transfer")


async def _to_subject(  # noqa: PLR0917  # what a handler has been given
    message: Message,
    name: str,
    subject: Subject,
    sender: User,
    customer: CustomerRow,
    escalation: EscalationRow,
    unit: Unit,
    services: Services,
) -> None:
    group = services.groups.present(subject.group)
    if group not in services.groups.working():
        await topic.tell(message, unit, services.operators_texts("transfer-no-group"), "transfer")
        return
    escalation.subject = name
    audit(
        unit.session, unit.now, sender.id, "conversation_moved", escalation_id=escalation.id, subject=name, group=group
    )
    await topic.acknowledge(message, unit)
    key = topic.key_of(message, "moved")
    if customer.topic_chat_id == group:
        await services.rota.give_again(unit, customer, escalation, group, key)
        return
    give(unit.session, customer, escalation, None, unit.now, by=sender.id, action="conversation_released")
    given = await services.rota.place(unit, customer, escalation, key)
    state = standing(escalation, services.file, unit.now).state
    await services.renderer.send_card(
        unit, customer, escalation, f"card:{key}", state=state, assignee=given.name if given else None
    )


def _subject(wanted: str, services: Services) -> tuple[str, Subject] | None:
    """Return the subject that is meant, by its name or label."""
    words = wanted.casefold()
    for name, subject in services.file.subjects.items():
        if words and words in {name.casefold(), subject.label_ru.casefold(), subject.label_en.casefold()}:
            return name, subject
    return None


def _subjects(services: Services) -> str:
    """Name the subjects as the commands that go there, each with its label."""
    russian = services.operators_texts.language == "ru"
    labels = {name: one.label_ru if russian else one.label_en for name, one in services.file.subjects.items()}
    return "".join(f"\n/transfer {name} — {label}" for name, label in labels.items())


async def _mine(
    message: Message, author: topic.Author, customer: CustomerRow, unit: Unit, services: Services
) -> EscalationRow | None:
    """Return the open conversation if it is free, the sender's own, or he is a senior; else say why not."""
    escalation = await EscalationRepository(unit.session).open_of(customer.id)
    if escalation is None:
        await topic.tell(message, unit, services.operators_texts("operator-not-open"), "refused")
        return None
    return None if await is_refused(message, author, escalation, unit, services) else escalation


async def is_refused(
    message: Message, author: topic.Author, escalation: EscalationRow, unit: Unit, services: Services
) -> bool:
    """Whether a colleague has the conversation and the sender is no senior: he is told so."""
    keeper = await keeper_of(unit.session, escalation)
    if keeper is None or keeper.user_id == author.user.id or author.role >= Role.SENIOR:
        return False
    await topic.tell(message, unit, services.operators_texts("taken-by-ask", name=keeper.name), "refused")
    return True


async def _from_bot(customer: CustomerRow, unit: Unit, services: Services) -> EscalationRow:
    """Open a conversation that the bot has: from now on it keeps silent."""
    opened = await services.desk.escalate(unit.session, customer, EscalationReason.OPERATOR_WROTE, unit.now)
    services.renderer.withdraw(unit, opened.cancelled)
    await services.renderer.show_words(unit, customer, opened.turn_ids)
    return await unit.session.get_one(EscalationRow, opened.escalation_id)


BUTTONS: Final[Mapping[str, Act]] = {"take": on_take_pressed}


def build() -> Router:
    """Build a fresh router."""
    router = topic.router(__name__)
    for name, handler in (
        ("take", on_take),
        ("release", on_release),
        ("transfer", on_transfer),
        ("urgent", on_urgent),
    ):
        router.message.register(handler, Command(name))
    return router
