"""Customers who need a person and operators who answer them, as many at once as come; their words are counted."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from sqlalchemy import select

from benchmarks.crowd import chance
from benchmarks.stage import Stage
from bot.card import topic_name
from sandbox.telegram import people
from sandbox.telegram.people import Words
from sandbox.telegram.state import World
from sandbox.world import MARIA, OPERATORS_CHAT_ID, empty_world
from support.board import standing
from support.desk_file import DeskFile
from support.tables import CustomerRow, EscalationRow

LOOK_S: Final = 2.0
SETTLES_S: Final = 90.0
"""After the last words: what is shown must be right by then."""
OPENS_S: Final = 120.0
REPLY_S: Final = (15.0, 90.0)
"""An operator's time to answer, one of twenty chats."""
GOES_ON_S: Final = (5.0, 60.0)
"""A customer's time to write again."""
EXCHANGES: Final = (1, 2, 2, 3, 3, 4, 5)
"""How often a customer writes in a conversation."""
IN_PIECES: Final = 0.3
"""How often he writes two messages instead of one."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the day is."""

    minutes: float
    customers: int
    operators: int = 10
    groups: int = 3


@dataclass(slots=True)
class Talk:
    """One conversation."""

    customer_id: int
    name: str
    from_customer: int = 0
    from_operator: int = 0
    group: int = 0
    thread_id: int = 0
    operator_id: int = 0
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    said: list[tuple[bool, str]] = field(default_factory=list)
    """(whether the customer said it, words)."""


def day_world(shape: Shape, *, limits: bool, seed: int) -> World:
    """Make a world of so many customers, groups, and operators who are in every group."""
    world = empty_world(limits=limits)
    world.random.seed(seed)
    for number in range(1, shape.customers + 1):
        world.add_user(f"Клиент-{number:03}", user_id=1000 + number, language_code="ru")
    for number in range(shape.operators):
        world.add_user(f"Оператор {number + 1}", user_id=MARIA + number, language_code="ru")
    for group in range(shape.groups):
        world.add_group(OPERATORS_CHAT_ID - group, f"Операторы {group + 1}")
        for number in range(shape.operators):
            world.add_member(OPERATORS_CHAT_ID - group, MARIA + number, "member" if number else "creator")
    return world


class Day:
    """Plays a day in a running product."""

    def __init__(self, running: Stage, shape: Shape, seed: int) -> None:
        self._running = running
        self._world = running.world
        self._shape = shape
        self._random: Random = chance(seed)
        self.talks = [Talk(1000 + number, f"Клиент-{number:03}") for number in range(1, shape.customers + 1)]
        self._by_name = {talk.name: talk for talk in self.talks}
        self.stale_s = 0.0
        """The longest time that a topic's icon was not the conversation's state."""
        self._wrong_since: dict[int, float] = {}

    async def play(self) -> None:
        """Let everybody come and go within the day."""
        watching = [asyncio.create_task(self._listen()), asyncio.create_task(self._look())]
        await asyncio.gather(*(self._live(talk) for talk in self.talks))
        await asyncio.sleep(SETTLES_S)
        await _end(watching)

    async def open_all(self) -> None:
        """Let every customer call an operator, and wait until all have their topic."""
        listener = asyncio.create_task(self._listen())
        await asyncio.sleep(0)
        for talk in self.talks:
            self._says(talk, "/operator Здравствуйте")
        for talk in self.talks:
            await asyncio.wait_for(talk.opened.wait(), OPENS_S)
            self._answers(talk, "Здравствуйте!")
        await asyncio.sleep(1)
        await _end([listener])

    async def lost(self) -> int:
        """Return how many words of either side the other one cannot read."""
        missing = 0
        for talk in self.talks:
            chat = self._world.chats[talk.customer_id].messages.values()
            topic = self._world.chats[talk.group].messages.values() if talk.group else ()
            heard = {True: _texts(topic), False: _texts(chat)}
            for by_customer, words in talk.said:
                missing += not any(words in text for text in heard[by_customer])
        return missing

    async def _live(self, talk: Talk) -> None:
        await asyncio.sleep(self._random.uniform(0, 60 * self._shape.minutes))
        for number in range(1, self._random.choice(EXCHANGES) + 1):
            words = f"Вопрос {number} от {talk.name}"
            self._says(talk, f"/operator {words}" if number == 1 else words)
            if self._random.random() < IN_PIECES:
                await asyncio.sleep(self._random.uniform(1, 4))
                self._says(talk, f"И ещё {number} от {talk.name}")
            await talk.opened.wait()
            await asyncio.sleep(self._random.uniform(*REPLY_S))
            self._answers(talk, f"Ответ {number} для {talk.name}")
            await asyncio.sleep(self._random.uniform(*GOES_ON_S))
        people.say(self._world, talk.group, talk.operator_id, Words(text="/close"), thread_id=talk.thread_id)

    def _says(self, talk: Talk, words: str) -> None:
        people.say(self._world, talk.customer_id, talk.customer_id, Words(text=words))
        talk.said.append((True, words.removeprefix("/operator ")))
        talk.from_customer += 1

    def _answers(self, talk: Talk, words: str) -> None:
        people.say(self._world, talk.group, talk.operator_id, Words(text=words), thread_id=talk.thread_id)
        talk.said.append((False, words))
        talk.from_operator += 1

    async def _listen(self) -> None:
        with self._world.events.listen() as events:
            while True:
                event: dict[str, Any] = await events.get()
                message = event.get("message", {})
                if event["type"] != "message" or not message["from"]["is_bot"] or not message.get("text"):
                    continue
                self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        """An operator takes a conversation when its card comes."""
        chat = self._world.chats[message["chat"]["id"]]
        topic = chat.topics.get(message.get("message_thread_id", 0))
        talk = next((talk for name, talk in self._by_name.items() if topic is not None and name in topic.name), None)
        if topic is None or talk is None or talk.opened.is_set():
            return
        talk.group, talk.thread_id = chat.id, topic.thread_id
        talk.operator_id = MARIA + self._random.randrange(self._shape.operators)
        talk.opened.set()

    async def _look(self) -> None:
        """See again and again whether topics show what is so."""
        file = DeskFile()
        while True:
            await asyncio.sleep(LOOK_S)
            async with self._running.database.reading() as session:
                query = select(CustomerRow, EscalationRow).join(EscalationRow)
                latest = {customer.id: (customer, row) for customer, row in await session.execute(query)}
            now, moment = time.monotonic(), datetime.now(UTC)
            for customer, escalation in latest.values():
                topic = self._world.chats.get(customer.topic_chat_id or 0)
                shown = topic.topics.get(customer.topic_id or 0) if topic else None
                if shown is None:
                    continue
                right = shown.name == topic_name(customer, standing(escalation, file, moment).state, escalation)
                since = self._wrong_since.setdefault(customer.id, now)
                if right:
                    del self._wrong_since[customer.id]
                self.stale_s = max(self.stale_s, now - since)


def _texts(messages: Any) -> list[str]:  # noqa: ANN401  # the sandbox's messages
    return [message.get("text", "") for message in messages]


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
