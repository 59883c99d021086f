"""Presses of buttons in the operators' groups: who presses, whose conversation it is, and what is done about it.

A module offers ``BUTTONS: Mapping[str, Act]`` by action, the second word of ``desk:<action>:<argument>…``; bot.dispatch
puts them together. What an act returns is shown to the presser alone and costs the group nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiogram import F, Router
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery, InaccessibleMessage, Message

from bot import keyboards
from bot.services import Services
from bot.texts import Texts
from bot.topics import topic_link
from bot.unit import Unit
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.desk_tables import OperatorRow
from support.operators import OperatorRepository, Role, role_in
from support.tables import CustomerRow

TOAST_LENGTH: Final = 200
WHEREVER: Final = frozenset({"send", "keep"})
"""Actions about what was written in a topic: they hold when the conversation has moved from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button that a member of the group pressed in a customer's topic."""

    query: CallbackQuery
    message_id: int
    """The message with the button."""
    group: int
    arguments: tuple[str, ...]
    customer: CustomerRow
    operator: OperatorRow
    role: Role
    unit: Unit
    services: Services

    @property
    def texts(self) -> Texts:
        """The operators' texts."""
        return self.services.library.of(self.services.renderer.operators_language)

    def key(self, name: str) -> str:
        """Return the key of what is done about the press."""
        return f"press:{self.query.id}:{name}"

    def number(self, index: int = 0) -> int:
        """Return an argument that is a number; 0 for one that is not there."""
        argument = self.arguments[index] if index < len(self.arguments) else ""
        return int(argument) if argument.isdecimal() else 0


Act = Callable[[Press], Awaitable[str]]
"""Does what a button says and returns what its presser reads; it is safe to repeat, for people press twice."""


def build(actions: Mapping[str, Act]) -> Router:
    """Build a fresh router over all actions."""

    async def on_press(query: CallbackQuery, unit: Unit, services: Services) -> None:
        """Do what the button says, if whoever pressed it is in the group; a stale one says so."""
        if query.message is None or query.data is None or query.message.chat.id not in services.groups.ids:
            return
        texts = services.library.of(services.renderer.operators_language)
        toast = await _act(query, actions, unit, services, texts)
        answer = AnswerCallbackQuery(callback_query_id=query.id, text=toast[:TOAST_LENGTH] or None)
        # In the presser's lane: a group that is paused must not leave him waiting.
        await unit.to_chat(answer, query.from_user.id, f"press:{query.id}", priority=Priority.ANSWER)

    router = Router(name=__name__)
    router.callback_query.register(
        on_press, F.message.chat.type == "supergroup", F.data.startswith(f"{keyboards.DESK}:")
    )
    return router


async def _act(query: CallbackQuery, actions: Mapping[str, Act], unit: Unit, services: Services, texts: Texts) -> str:
    message, pressed = query.message, keyboards.parse(query.data or "")
    if message is None or not pressed.arguments:
        return texts("desk-stale")
    operator = await OperatorRepository(unit.session).get(query.from_user.id)
    role = role_in(operator, message.chat.id, services.admins)
    if operator is None or role is Role.STRANGER:
        return texts("desk-stranger")
    name, *arguments = pressed.arguments
    customer = await customer_at(message, unit, also_former=name in WHEREVER)
    if customer is None:
        return await _astray(message, unit, texts)
    if name not in actions:
        return texts("desk-stale")
    press = Press(
        query=query,
        message_id=message.message_id,
        group=message.chat.id,
        arguments=tuple(arguments),
        customer=customer,
        operator=operator,
        role=role,
        unit=unit,
        services=services,
    )
    return await actions[name](press)


async def customer_at(
    message: Message | InaccessibleMessage, unit: Unit, *, also_former: bool = False
) -> CustomerRow | None:
    """Return whose topic a message is in; of an old one Telegram tells no topic, but it may be the card."""
    customers = CustomerRepository(unit.session)
    thread_id = None if isinstance(message, InaccessibleMessage) else message.message_thread_id
    found = None if thread_id is None else await customers.by_topic(message.chat.id, thread_id)
    if found is None and also_former and thread_id is not None:
        found = await customers.by_former_topic(message.chat.id, thread_id)
    return found or await customers.by_card(message.chat.id, message.message_id)


async def _astray(message: Message | InaccessibleMessage, unit: Unit, texts: Texts) -> str:
    """Say where the conversation is now."""
    if isinstance(message, InaccessibleMessage) or message.message_thread_id is None:
        return texts("desk-stale")
    moved = await CustomerRepository(unit.session).by_former_topic(message.chat.id, message.message_thread_id)
    if moved is None or moved.topic_chat_id is None or moved.topic_id is None:
        return texts("desk-stale")
    return texts("desk-moved", link=topic_link(moved.topic_chat_id, moved.topic_id))
