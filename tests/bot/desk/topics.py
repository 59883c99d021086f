"""The operators' group with two more people than the demo has, and what is written and shown in a topic of it."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from sandbox.world import ANNA, OPERATORS_CHAT_ID, demo_world
from support.tables import CustomerRow, EscalationRow

OLGA, PETR = 9003, 9004


def desk_world():
    """Two more people than the demo has: plain operators."""
    world = demo_world(limits=False)
    for user_id, name in ((OLGA, "Ольга"), (PETR, "Пётр")):
        world.add_user(name, user_id=user_id, username=f"{'olga' if user_id == OLGA else 'petr'}_support")
        world.add_member(OPERATORS_CHAT_ID, user_id)
    return world


async def until(ask, found=bool, within_s=30):
    """Wait until what is asked for is there; return it."""
    test = (lambda value: value[found]) if isinstance(found, str) else found
    end = time.monotonic() + within_s
    while not test(value := await ask()):
        if time.monotonic() > end:
            pytest.fail(f"it did not happen in time: {value!r}")
        await asyncio.sleep(0.03)
    return value


@dataclass
class DeskTalk:
    """A customer's topic, and the people who write there."""

    product: Any
    card: dict[str, Any]
    customer: int = ANNA
    group: int = OPERATORS_CHAT_ID

    async def write(self, user_id, text=None, **more):
        return await self.product.people.in_topic(user_id, self.group, self.card["message_thread_id"], text, **more)

    async def press(self, message, button, user_id):
        pressed = await self.product.people.press(message, button, user_id=user_id)
        answer = await until(lambda: self.product.people.callback(pressed["callback_query_id"]), "answered")
        return answer.get("text", "")

    async def shown(self, message, group=None):
        """How a message reads now."""
        messages = await self.product.people.messages(group or self.group)
        return next((one for one in messages if one["message_id"] == message["message_id"]), None)

    async def heard(self):
        """What the customer has got that is an operator's: everything but what the bot says by itself."""
        messages = await self.product.people.messages(self.customer)
        said = [one.get("text") or one.get("caption") or "" for one in messages if one["from"]["is_bot"]]
        return [words for words in said if not words.startswith("Вам отвечает")]

    async def answers(self, contains):
        """What the bot has written into the group with these words."""
        messages = await self.product.people.messages(self.group)
        return [one for one in messages if one["from"]["is_bot"] and contains in (one.get("text") or "")]

    async def reaction(self, message, group=None):
        """The bot's reaction under a message."""
        shown = await self.shown(message, group or message["chat"]["id"])
        return "".join(one["emoji"] for one in shown["reactions"] if one["user_id"] == self.product.world.bot["id"])

    async def assignee(self):
        """Who has the open conversation."""
        query = select(EscalationRow.assignee_id).join(CustomerRow, CustomerRow.id == EscalationRow.customer_id)
        query = query.where(CustomerRow.chat_id == self.customer, EscalationRow.closed_at.is_(None))
        async with self.product.database.reading() as session:
            return await session.scalar(query)

    async def card_reads(self, words):
        """Wait until the card has these words."""
        return await until(lambda: self.shown(self.card), lambda card: words in card["text"])


async def begin(product, customer=ANNA, group=OPERATORS_CHAT_ID):
    """Have a customer call a person; return his topic."""
    await product.people.say(customer, "/operator")
    card = await product.heard(lambda message: message["chat"]["id"] == group, "Почему", 15)
    return DeskTalk(product, card, customer, group)
