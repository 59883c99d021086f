"""Customers who ask, some of whom talk with an operator; everything they and the bot say is kept by the sandbox."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from benchmarks import catalogue
from sandbox.telegram import people
from sandbox.telegram.people import Words
from sandbox.telegram.state import World
from sandbox.world import MARIA, OPERATORS_CHAT_ID, empty_world

CARD_HINT: Final = "/close —"
"""Of the locale's card-hint: by it an operator knows that he is called."""
OPERATOR: Final = "/operator"
THINK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """How long the crowd talks and how."""

    customers: int
    messages: int
    """Of each customer."""
    talkers: int = 0
    """Customers who begin with an operator."""
    talks: int = 0
    """How many of a talker's messages are for the operator, the call for him included."""
    pause_s: float = 0.5
    """A customer's pause after an answer, on average."""
    patience_s: float = 60.0
    """Without an answer for so long, a customer writes on."""


@dataclass(slots=True)
class Customer:
    """One customer, and what he said in order."""

    id: int
    name: str
    said: list[tuple[int, str]] = field(default_factory=list)
    """(message id, words)."""
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    talks: bool = False
    """The operator keeps him for now."""
    topic: tuple[int, int] | None = None
    """(group, topic) where the operator last heard of him: there he answers."""


def chance(seed: int) -> Random:
    """Return what a seed repeats."""
    return Random(seed)  # noqa: S311  # nothing secret


def small_world(customers: int, *, limits: bool, seed: int | None = None, groups: int = 1) -> World:
    """Make a world of so many customers and one operator, who is in every group."""
    world = empty_world(limits=limits)
    world.random.seed(seed)
    for number in range(1, customers + 1):
        world.add_user(f"Клиент-{number:03}", user_id=1000 + number, language_code="ru")
    world.add_user("Мария", user_id=MARIA, language_code="ru")
    for number in range(groups):
        world.add_group(OPERATORS_CHAT_ID - number, f"Операторы {number + 1}")
        world.add_member(OPERATORS_CHAT_ID - number, MARIA, "creator")
    return world


def groups_in(world: World) -> list[int]:
    """Return the operators' groups."""
    return [chat.id for chat in world.chats.values() if not chat.private]


def topics_of(world: World, customer: "Customer") -> list[tuple[int, int]]:
    """Return (group, topic) of a customer, oldest first within a group."""
    return [
        (group, topic.thread_id)
        for group in groups_in(world)
        for topic in world.chats[group].topics.values()
        if customer.name in topic.name
    ]


def everybody_in(world: World) -> list[Customer]:
    """Return the customers of a small world, none of whom has said anything."""
    named = [(user["id"], user["first_name"]) for user in world.users.values()]
    return [Customer(number, name) for number, name in named if name.startswith("Клиент")]


class Crowd:
    """Plays a plan in a world, with these customers or with the first ones of the world."""

    def __init__(self, world: World, plan: Plan, random: Random, customers: list[Customer] | None = None) -> None:
        self.world = world
        self._plan = plan
        self._random = random
        self.customers = customers or everybody_in(world)[: plan.customers]
        self._by_id = {customer.id: customer for customer in self.customers}
        self._by_name = {customer.name: customer for customer in self.customers}
        self._closing: set[asyncio.Task[None]] = set()
        self.replies: dict[int, list[str]] = {}
        """What the operator wrote to each talker, in order."""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Let customers and the operator hear the bot."""
        with self.world.events.listen() as events:
            listener = asyncio.create_task(self._listen(events))
            try:
                yield
            finally:
                listener.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await listener

    async def play(self) -> None:
        """Let everybody say everything."""
        for customer in self.customers[: self._plan.talkers]:
            customer.talks = True
        await asyncio.gather(*(self._live(customer) for customer in self.customers))
        await asyncio.gather(*self._closing)

    def say(self, customer: Customer, words: str) -> None:
        """Let a customer write something."""
        customer.heard.clear()
        message = people.say(self.world, customer.id, customer.id, Words(text=words))
        customer.said.append((message["message_id"], words))

    async def _live(self, customer: Customer) -> None:
        await asyncio.sleep(self._random.uniform(0, 2 * self._plan.pause_s))
        for number in range(1, self._plan.messages + 1):
            if customer.talks:
                self.say(customer, OPERATOR if number == 1 else f"Рассказ {number} от {customer.name}")
            else:
                self.say(customer, catalogue.question(number))
            await self._hears(customer)
            if customer.talks and number == self._plan.talks:
                customer.talks = False
                customer.heard.clear()
                if self._in_topic(customer, "/bot"):
                    await self._hears(customer)
            await asyncio.sleep(self._random.uniform(0.2, 1.8) * self._plan.pause_s)

    async def _hears(self, customer: Customer) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._plan.patience_s):
                await customer.heard.wait()

    async def _listen(self, events: asyncio.Queue[Any]) -> None:
        while True:
            event = await events.get()
            if event["type"] == "message" and event["message"]["from"]["is_bot"]:
                self._hear(event["message"])

    def _hear(self, message: dict[str, Any]) -> None:
        chat_id: int = message["chat"]["id"]
        if chat_id in self._by_id:
            self._by_id[chat_id].heard.set()
            return
        customer = self._customer_of(message)
        text = message.get("text", "")
        if customer is None:
            return
        if text:
            customer.topic = (chat_id, message["message_thread_id"])
        relayed = any(text == words for _, words in customer.said)
        if relayed:
            self._in_topic(customer, f"Ответ: {text}")
        if not customer.talks and (relayed or CARD_HINT in text):
            closing = asyncio.create_task(self._close_soon(customer))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _close_soon(self, customer: Customer) -> None:
        await asyncio.sleep(THINK_S)
        if not customer.talks:
            self._in_topic(customer, "/bot")

    def _in_topic(self, customer: Customer, words: str) -> bool:
        if customer.topic is None:
            return False
        group, thread = customer.topic
        people.say(self.world, group, MARIA, Words(text=words), thread_id=thread)
        if not words.startswith("/"):
            self.replies.setdefault(customer.id, []).append(words)
        return True

    def _customer_of(self, message: dict[str, Any]) -> Customer | None:
        topic = self.world.chats[message["chat"]["id"]].topics.get(message.get("message_thread_id", 0))
        return None if topic is None else next((c for name, c in self._by_name.items() if name in topic.name), None)
