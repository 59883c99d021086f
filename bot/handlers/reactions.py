"""Reactions, both ways: what one side sets under a message shows under its counterpart on the other."""

from aiogram import Router
from aiogram.types import MessageReactionUpdated, ReactionTypeEmoji, Update

from bot import relay
from bot.incoming import member_of
from bot.reacting import react
from bot.services import Services
from bot.unit import Unit
from support.counterparts import CounterpartRepository
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.operators import OperatorRepository
from support.tables import CustomerRow
from support.turns import TurnRepository


async def on_reaction(event: MessageReactionUpdated, event_update: Update, unit: Unit, services: Services) -> None:
    """Show a changed reaction on the other side. A bot may set one (Bot API, setMessageReaction): the newest."""
    emoji = [one for one in event.new_reaction if isinstance(one, ReactionTypeEmoji)]
    if (event.new_reaction and not emoji) or not await _may_react(event, unit, services):
        return
    shown = react(0, 0, emoji[-1].emoji if emoji else None)
    key = f"update:{event_update.update_id}:reaction"
    about = (event.chat.id, event.message_id)
    other = await CounterpartRepository(unit.session).other_side(*about)
    if other is not None:
        customer = await CustomerRepository(unit.session).by_id(other.customer_id)
        call = shown.model_copy(update={"chat_id": other.chat_id, "message_id": other.message_id})
        await unit.to_chat(call, other.chat_id, key, priority=Priority.ACTION, customer=customer)
        return
    writer = await _on_its_way(*about, unit)
    if writer is None:
        return
    if event.chat.type == "private":
        await unit.to_topic(shown, writer, key, priority=Priority.ACTION, about=about)
    else:
        call = shown.model_copy(update={"chat_id": writer.chat_id})
        await unit.to_chat(call, writer.chat_id, key, priority=Priority.ACTION, customer=writer, about=about)


async def _may_react(event: MessageReactionUpdated, unit: Unit, services: Services) -> bool:
    """Whether it is a customer's who is heard, or a member's; anonymous ones are administrators'."""
    if event.chat.type == "private":
        customer = await CustomerRepository(unit.session).by_chat(event.chat.id)
        return customer is not None and customer.banned_at is None
    if event.chat.id not in services.groups.ids:
        return False
    if event.user is None:
        return event.actor_chat is not None and event.actor_chat.id == event.chat.id
    if event.user.is_bot:
        return False
    operator = await OperatorRepository(unit.session).wrote(member_of(event.user), event.chat.id, unit.now)
    return event.chat.id in operator.groups


async def _on_its_way(chat_id: int, message_id: int, unit: Unit) -> CustomerRow | None:
    """Return whose message it is, if it is being passed on at this moment."""
    row = await TurnRepository(unit.session).message(chat_id, message_id)
    if row is None:
        return None
    customer = await CustomerRepository(unit.session).by_id(row.customer_id)
    return customer if await relay.is_passed_on(unit, customer, chat_id, message_id) else None


def build() -> Router:
    """Build a fresh router."""
    router = Router(name=__name__)
    router.message_reaction.register(on_reaction)
    return router
