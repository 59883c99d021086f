"""Moves a conversation to another group: its topic there, what becomes of the one that it leaves."""

from dataclasses import dataclass
from typing import Final

from aiogram.methods import CloseForumTopic, EditForumTopic, EditMessageText, ReopenForumTopic, UnpinChatMessage

from bot.card import TOPIC_NAME_LENGTH
from bot.groups import Groups
from bot.texts import Texts
from bot.unit import Unit
from support.board import AT_ONCE, touch
from support.deliveries import Priority
from support.tables import CustomerRow

MOVED: Final = "➡️"


@dataclass(frozen=True, slots=True)
class Mover:
    """Knows the groups as they are now."""

    groups: Groups
    texts: Texts
    """The operators'."""

    async def move(self, unit: Unit, customer: CustomerRow, group: int, key: str) -> None:
        """Have a customer's topic in another group from now on: his former one there, or one yet to be made.

        The topic that he leaves is marked and closed; a new card has to be sent by the caller.
        """
        old_chat_id, old_id = customer.topic_chat_id, customer.topic_id
        if old_chat_id is not None and old_id is not None:
            await self._leave(unit, customer, self.groups.present(old_chat_id), old_id, key)
            touch(customer, unit.now, AT_ONCE)
        returns = customer.former_topic_id if self._was_in(customer, group) else None
        customer.topic_chat_id, customer.topic_id, customer.topic_shown = group, returns, None
        customer.card_chat_id = customer.card_id = None
        if old_id is not None or returns is not None:
            customer.former_topic_chat_id, customer.former_topic_id = old_chat_id, old_id
        if returns is not None:
            reopen = ReopenForumTopic(chat_id=group, message_thread_id=returns)
            await unit.to_chat(reopen, group, f"{key}:reopened", priority=Priority.CARD)

    def _was_in(self, customer: CustomerRow, group: int) -> bool:
        former = customer.former_topic_chat_id
        return former is not None and self.groups.present(former) == group

    async def _leave(self, unit: Unit, customer: CustomerRow, chat_id: int, topic_id: int, key: str) -> None:
        if customer.card_id is not None and customer.card_chat_id is not None:
            text = self.texts("moved-card", name=customer.name)
            card = EditMessageText(chat_id=chat_id, message_id=customer.card_id, text=text)
            unpin = UnpinChatMessage(chat_id=chat_id, message_id=customer.card_id)
            await unit.to_chat(card, chat_id, f"{key}:left:card", priority=Priority.EDIT)
            await unit.to_chat(unpin, chat_id, f"{key}:left:unpin", priority=Priority.ACTION)
        name = f"{MOVED} {customer.name}"[:TOPIC_NAME_LENGTH]
        rename = EditForumTopic(chat_id=chat_id, message_thread_id=topic_id, name=name)
        await unit.to_chat(rename, chat_id, f"{key}:left:name", priority=Priority.EDIT)
        close = CloseForumTopic(chat_id=chat_id, message_thread_id=topic_id)
        await unit.to_chat(close, chat_id, f"{key}:left:closed", priority=Priority.EDIT)
