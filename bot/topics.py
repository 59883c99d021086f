"""Customers' topics in the operators' group: one a customer, made when first needed, made again if deleted."""

from dataclasses import dataclass

import structlog
from aiogram import Bot

from bot.budget import Budget
from support.customers import CustomerRepository
from support.database import Database

TOPIC_NAME_LENGTH = 128
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Topic:
    """Where a customer's conversation with operators is."""

    chat_id: int
    thread_id: int


@dataclass(frozen=True, slots=True)
class Topics:
    """Finds and makes topics. Called from one lane a group, so one topic is made at a time."""

    bot: Bot
    database: Database
    budget: Budget
    groups: tuple[int, ...]

    def group_of(self, customer_id: int, known: int | None) -> int:
        """Return the group that a customer belongs to: where his topic is, else a group chosen by his number."""
        return known if known in self.groups else self.groups[customer_id % len(self.groups)]

    async def ensure(self, customer_id: int) -> Topic:
        """Return the customer's topic; a new one costs one call of the group's budget."""
        async with self.database.reading() as session:
            customer = await CustomerRepository(session).by_id(customer_id)
            chat_id = self.group_of(customer.id, customer.topic_chat_id)
            if customer.topic_id is not None and customer.topic_chat_id == chat_id:
                return Topic(chat_id, customer.topic_id)
            name = f"{customer.name} · {customer.language.upper()}"[:TOPIC_NAME_LENGTH]
        await self.budget.take(chat_id)
        made = await self.bot.create_forum_topic(chat_id, name)
        async with self.database.writing() as session:
            customer = await CustomerRepository(session).by_id(customer_id)
            customer.topic_chat_id, customer.topic_id = chat_id, made.message_thread_id
        log.info("topic made", customer_id=customer_id, thread_id=made.message_thread_id)
        return Topic(chat_id, made.message_thread_id)

    async def forget(self, customer_id: int, topic: Topic) -> None:
        """Drop a topic that Telegram no longer knows, unless it has been replaced meanwhile."""
        async with self.database.writing() as session:
            customer = await CustomerRepository(session).by_id(customer_id)
            if customer.topic_id == topic.thread_id:
                customer.topic_id = None
        log.warning("topic is gone", customer_id=customer_id, thread_id=topic.thread_id)
