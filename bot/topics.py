"""Customers' topics in the operators' groups: one a customer, made when first needed, made again if it is gone."""

from dataclasses import dataclass, field
from typing import Final

import structlog
from aiogram import Bot
from aiogram.methods import DeleteForumTopic, SendMessage

from bot.card import topic_name
from bot.groups import Groups
from bot.texts import Texts
from bot.unit import Units
from support.board import State, touch
from support.customers import CustomerRepository
from support.deliveries import Priority
from support.tables import CustomerRow
from support.turns import TurnRepository

HISTORY_SHOWN: Final = 12
HISTORY_LINE: Final = 200
HISTORY_KEY: Final = "topic:"
MOST_UNCLAIMED: Final = 100
SUPERGROUP_PREFIX: Final = "-100"
log = structlog.get_logger()


class ElsewhereError(Exception):
    """The conversation was moved to another group while a call waited for the former one."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Where a customer's conversation with operators is."""

    chat_id: int
    thread_id: int


@dataclass(slots=True)
class Topics:
    """Finds and makes topics. Called from one lane a group, so one topic is made at a time."""

    bot: Bot
    units: Units
    groups: Groups
    texts: Texts
    _assigned: dict[int, int] = field(default_factory=dict)
    """Groups chosen for customers whose topic is not made yet."""
    _made: dict[int, Topic] = field(default_factory=dict)
    _unclaimed: dict[tuple[int, str], int] = field(default_factory=dict)
    """Topics that Telegram says we made, by group and name, until their call is confirmed."""

    def group_of(self, customer: CustomerRow, load: "dict[int, int]") -> int:
        """Return the group that a customer belongs to: where his topic is, else the one with the least to do.

        A group that is out of order loses its customers while another one works. ``load``: calls waiting a group.
        """
        known = self.known_group(customer.id, customer.topic_chat_id)
        if known is not None:
            return known
        working = self.groups.working() or self.groups.ids
        chosen = min(working, key=lambda chat_id: (load.get(chat_id, 0), (customer.id + chat_id) % len(working)))
        self._assigned[customer.id] = chosen
        return chosen

    def known_group(self, customer_id: int, topic_chat_id: int | None) -> int | None:
        """Return the group that a customer has or has been given, unless it is out of order and another one works."""
        working = self.groups.working() or self.groups.ids
        for known in (topic_chat_id, self._assigned.get(customer_id)):
            if known is not None and self.groups.present(known) in working:
                return self.groups.present(known)
        return None

    def has(self, customer_id: int, chat_id: int) -> bool:
        """Whether a customer's topic is known to be in the group: a call then needs no other one before it."""
        known = self._made.get(customer_id)
        return known is not None and known.chat_id == chat_id

    def note(self, customer: CustomerRow) -> None:
        """Remember where a customer's topic is, as read from the database."""
        if customer.topic_id is not None and customer.topic_chat_id is not None:
            self._made[customer.id] = Topic(customer.topic_chat_id, customer.topic_id)
        else:
            self._made.pop(customer.id, None)

    async def known(self, customer_id: int, chat_id: int) -> Topic | None:
        """Return the customer's topic in the group without making one."""
        async with self.units.database.reading() as session:
            return topic_of(await session.get_one(CustomerRow, customer_id), chat_id)

    async def ensure(self, customer_id: int, chat_id: int) -> Topic:
        """Return the customer's topic in the group; making one is a call of its own.

        Raises:
            ElsewhereError: he belongs to another group by now; a topic here would take him back.
        """
        async with self.units.database.reading() as session:
            customer = await session.get_one(CustomerRow, customer_id)
        if known := topic_of(customer, chat_id):
            return known
        if self._is_elsewhere(customer, chat_id):
            raise ElsewhereError
        # Always as a fresh one: a call that is made again must find the topic of the first by its name.
        name = topic_name(customer, State.FRESH)
        if customer.topic_id is None and customer.topic_chat_id != chat_id:
            # Before the call: after a restart in the middle of it the customer is sought in the same group.
            async with self.units.open() as unit:
                customer = await CustomerRepository(unit.session).by_id(customer_id)
                if self._is_elsewhere(customer, chat_id):
                    raise ElsewhereError
                customer.topic_chat_id = chat_id
        topic = await self._make(chat_id, name)
        if not await self._keep(customer_id, topic, name):
            raise ElsewhereError
        self._made[customer_id] = topic
        self._assigned.pop(customer_id, None)
        log.info("topic made", customer_id=customer_id, thread_id=topic.thread_id)
        return topic

    def _is_elsewhere(self, customer: CustomerRow, chat_id: int) -> bool:
        return self.known_group(customer.id, customer.topic_chat_id) not in {None, chat_id}

    async def _keep(self, customer_id: int, topic: Topic, name: str) -> bool:
        """Note a topic that was made; False when the conversation was moved meanwhile: nobody needs it then."""
        async with self.units.open() as unit:
            customer = await CustomerRepository(unit.session).by_id(customer_id)
            if self._is_elsewhere(customer, topic.chat_id):
                unused = DeleteForumTopic(chat_id=topic.chat_id, message_thread_id=topic.thread_id)
                key = f"{HISTORY_KEY}{topic.chat_id}:{topic.thread_id}:unused"
                await unit.to_chat(unused, topic.chat_id, key, priority=Priority.EDIT)
                return False
            if customer.topic_id is not None and customer.topic_chat_id is not None:
                customer.former_topic_chat_id, customer.former_topic_id = customer.topic_chat_id, customer.topic_id
            customer.topic_chat_id, customer.topic_id = topic.chat_id, topic.thread_id
            customer.topic_shown = name
            touch(customer, unit.now)
            if customer.former_topic_id is not None:
                text = await self._history(TurnRepository(unit.session), customer)
                call = SendMessage(chat_id=0, text=text)
                key = f"{HISTORY_KEY}{topic.chat_id}:{topic.thread_id}:history"
                await unit.to_topic(call, customer, key, priority=Priority.CARD)
        return True

    def saw(self, chat_id: int, name: str, thread_id: int) -> None:
        """Take note of the service message of a topic that the bot made; its call may have ended without an answer."""
        if Topic(chat_id, thread_id) not in self._made.values() and len(self._unclaimed) < MOST_UNCLAIMED:
            self._unclaimed[chat_id, name] = thread_id

    async def _make(self, chat_id: int, name: str) -> Topic:
        if (unclaimed := self._unclaimed.pop((chat_id, name), None)) is not None:
            return Topic(chat_id, unclaimed)
        made = await self.bot.create_forum_topic(chat_id, name, request_timeout=20)
        if self._unclaimed.get((chat_id, name)) == made.message_thread_id:
            del self._unclaimed[chat_id, name]
        return Topic(chat_id, made.message_thread_id)

    async def reopen(self, topic: Topic) -> None:
        """Open a topic that somebody closed: the conversation goes on where its history is."""
        await self.bot.reopen_forum_topic(topic.chat_id, topic.thread_id, request_timeout=20)

    async def forget(self, customer_id: int, topic: Topic) -> None:
        """Drop a topic that Telegram no longer knows, unless it has been replaced meanwhile."""
        self._made.pop(customer_id, None)
        async with self.units.open() as unit:
            customer = await CustomerRepository(unit.session).by_id(customer_id)
            if customer.topic_id == topic.thread_id and customer.topic_chat_id == topic.chat_id:
                customer.former_topic_chat_id, customer.former_topic_id = topic.chat_id, topic.thread_id
                customer.topic_id = None
        log.warning("topic is gone", customer_id=customer_id, thread_id=topic.thread_id)

    async def _history(self, turns: TurnRepository, customer: CustomerRow) -> str:
        """What a new topic begins with: a link to the former one, and what was said last."""
        link = topic_link(customer.former_topic_chat_id or 0, customer.former_topic_id or 0)
        lines = [
            f"{self.texts(f'history-{row.speaker}')}: {_shortened(row.text) or self.texts('history-no-words')}"
            for row in await turns.last_seen_by_operators(customer.id, HISTORY_SHOWN)
        ]
        return "\n".join([self.texts("topic-again", link=link), *lines])


def topic_of(customer: CustomerRow, chat_id: int) -> Topic | None:
    """Return the customer's topic in the group, if it is there."""
    if customer.topic_id is None or customer.topic_chat_id != chat_id:
        return None
    return Topic(chat_id, customer.topic_id)


def topic_link(chat_id: int, thread_id: int) -> str:
    """Return the address of a topic in a private supergroup, for its members."""
    return f"https://t.me/c/{str(chat_id).removeprefix(SUPERGROUP_PREFIX).removeprefix('-')}/{thread_id}"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= HISTORY_LINE else line[: HISTORY_LINE - 1] + "…"
