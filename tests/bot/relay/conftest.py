"""A conversation that a person has: what one side says arrives on the other."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID


def words(message):
    return message.get("text") or message.get("caption") or ""


SERVICE = {"forum_topic_created", "forum_topic_edited", "pinned_message"}


@dataclass
class Talk:
    """Anna and an operator, with the product between them; reads each side as it stands, not as it went by."""

    product: Any
    thread_id: int

    async def customer(self, text=None, **more):
        return await self.product.people.say(ANNA, text, **more)

    async def operator(self, text=None, **more):
        return await self.product.people.in_topic(MARIA, OPERATORS_CHAT_ID, self.thread_id, text, **more)

    def both_ways(self):
        """Who speaks, and where it is heard: a product takes long to start, so one talk serves both."""
        return ((self.customer, self.in_topic), (self.operator, self.in_chat))

    async def in_topic(self):
        """What the bot wrote into the topic since the conversation began, service messages left out."""
        return await self._written(OPERATORS_CHAT_ID)

    async def in_chat(self):
        """What the bot wrote to the customer since the conversation began."""
        return await self._written(ANNA)

    async def _written(self, chat_id):
        told = ("Почему", "Зову оператора", "Вам отвечает")
        return [
            message
            for message in await self.product.people.messages(chat_id)
            if message["from"]["is_bot"] and not SERVICE & message.keys() and not _is_about(message, told)
        ]

    async def until(self, side, condition, *, within_s=30):
        """Wait until what was written to a side meets the condition; return it."""
        end = time.monotonic() + within_s
        while not condition(written := await side()):
            if time.monotonic() > end:
                pytest.fail(f"it did not happen in time: {[_short(message) for message in written]}")
            await asyncio.sleep(0.03)
        return written

    async def first(self, side, contains="", **more):
        """Wait for the first message of a side with these words."""
        written = await self.until(side, lambda all_of: any(contains in words(one) for one in all_of), **more)
        return next(one for one in written if contains in words(one))

    async def last_words(self, side, text, **more):
        """Wait until the last message of a side reads exactly so."""
        return (await self.until(side, lambda all_of: bool(all_of) and words(all_of[-1]) == text, **more))[-1]

    async def all_words(self, side, expected, **more):
        """Wait until a side reads exactly so."""
        return await self.until(side, lambda all_of: [words(one) for one in all_of] == expected, **more)

    async def nothing_more(self, side, count, *, for_s=1.0):
        """See that no message beyond these comes."""
        await asyncio.sleep(for_s)
        written = await side()
        assert len(written) == count, [_short(message) for message in written]
        return written


def _is_about(message, texts):
    return any(text in (message.get("text") or "") for text in texts)


def _short(message):
    return {name: value for name, value in message.items() if name not in {"chat", "from", "date"}}


async def open_talk(product, card=None):
    if card is None:
        await product.people.say(ANNA, "/operator")
        card = await product.in_group("Почему")
    return Talk(product, card["message_thread_id"])


@pytest.fixture
async def talk(product):
    return await open_talk(product)


@pytest.fixture
def begin_talk():
    return open_talk
