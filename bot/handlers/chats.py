"""What happens to chats: the bot is blocked, removed, made an administrator; a group moves; a preview is stopped."""

from aiogram import F, Router
from aiogram.methods import DeleteMessage, SendMessage
from aiogram.types import ChatMemberUpdated, Message, MessageGenerationStopped, Update

from bot.services import Services
from bot.unit import Unit
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.escalations import EscalationRepository

GONE = frozenset({"kicked", "left"})


async def on_blocked(event: ChatMemberUpdated, event_update: Update, unit: Unit, services: Services) -> None:
    """A customer blocks the bot or starts it again: a state that operators see."""
    customer = await CustomerRepository(unit.session).by_chat(event.chat.id)
    if customer is None:
        return
    blocked = event.new_chat_member.status in GONE
    if blocked == (customer.blocked_at is not None):
        return
    customer.blocked_at = unit.now if blocked else None
    if await EscalationRepository(unit.session).open_of(customer.id):
        texts = services.library.of(services.renderer.operators_language)
        note = SendMessage(chat_id=0, text=texts("operator-blocked" if blocked else "operator-unblocked"))
        await unit.to_topic(note, customer, f"update:{event_update.update_id}:blocked", priority=Priority.CARD)


async def on_rights(event: ChatMemberUpdated, event_update: Update, unit: Unit, services: Services) -> None:
    """Administrators hear when the bot loses or gets back its place in an operators' group."""
    if event.chat.id not in services.groups.ids:
        return
    works = event.new_chat_member.status in {"administrator", "creator"}
    if works:
        services.groups.recover(event.chat.id)
    texts = services.library.of(services.renderer.operators_language)
    key = "group-works" if works else "group-lost"
    text = texts(key, group=event.chat.title or str(event.chat.id))
    for admin in services.admins:
        call = SendMessage(chat_id=admin, text=text)
        await unit.to_chat(call, admin, f"update:{event_update.update_id}:rights:{admin}", priority=Priority.CARD)


async def on_moved(message: Message, unit: Unit, services: Services) -> None:
    """A group became a supergroup and has another id now."""
    if message.chat.id in services.groups.ids and message.migrate_to_chat_id is not None:
        await services.groups.move(unit.session, message.chat.id, message.migrate_to_chat_id, unit.now)


async def on_topic_made(message: Message, services: Services) -> None:
    """A topic that the bot made says so itself: it is not made twice when the call's answer got lost."""
    created, thread_id = message.forum_topic_created, message.message_thread_id
    if message.from_user is None or message.bot is None or created is None or thread_id is None:
        return
    if message.from_user.id == message.bot.id and message.chat.id in services.groups.ids:
        services.topics.saw(message.chat.id, created.name, thread_id)


async def on_noise(message: Message, unit: Unit, services: Services) -> None:
    """What Telegram notes about the bot's own work in a group says nothing to anybody."""
    if message.from_user is None or message.bot is None or message.chat.id not in services.groups.ids:
        return
    if message.from_user.id == message.bot.id:
        call = DeleteMessage(chat_id=message.chat.id, message_id=message.message_id)
        key = f"message:{message.chat.id}:{message.message_id}:noise"
        await unit.to_chat(call, message.chat.id, key, priority=Priority.ACTION)


async def on_stopped(event: MessageGenerationStopped, unit: Unit, services: Services) -> None:
    """The stop button of a preview: its number is the turn's."""
    customer = await CustomerRepository(unit.session).by_chat(event.chat.id)
    if customer is None:
        return
    outcome = await services.desk.stop(unit.session, customer, event.draft_id, unit.now)
    await services.renderer.render(unit, customer, outcome, f"turn:{event.draft_id}:stopped")


def build() -> Router:
    """Build a fresh router."""
    router = Router(name=__name__)
    router.my_chat_member.register(on_blocked, F.chat.type == "private")
    router.my_chat_member.register(on_rights, F.chat.type != "private")
    router.message.register(on_moved, F.migrate_to_chat_id)
    router.message.register(on_topic_made, F.forum_topic_created)
    noise = F.pinned_message | F.forum_topic_edited | F.forum_topic_closed | F.forum_topic_reopened
    router.message.register(on_noise, noise)
    router.stopped_message_generation.register(on_stopped)
    return router
