"""Customers: found by their private chat, made at the first message. Callers own the transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.language import detect
from support.jobs import Language
from support.tables import CustomerRow

LONGEST_CHAT_ID: Final = 16
"""Digits: ids have 52 bits at most (Bot API, User.id)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who writes, as the channel tells."""

    chat_id: int
    name: str
    username: str | None
    language: Language
    """The app's language, until the customer writes or chooses."""


def follow_language(customer: CustomerRow, text: str) -> Language:
    """Return the language to answer in: what the customer writes, unless he has chosen one."""
    language = detect(text)
    if language and not customer.language_chosen:
        customer.language = language
    return "ru" if customer.language == "ru" else "en"


class CustomerRepository:
    """Reads and writes of the customer table."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_chat(self, chat_id: int) -> CustomerRow | None:
        """Return the customer of a private chat, locked until the transaction ends."""
        query = select(CustomerRow).where(CustomerRow.chat_id == chat_id).with_for_update()
        return (await self._session.scalars(query)).one_or_none()

    async def by_id(self, customer_id: int) -> CustomerRow:
        """Return a customer that exists, locked until the transaction ends."""
        query = select(CustomerRow).where(CustomerRow.id == customer_id).with_for_update()
        return (await self._session.scalars(query)).one()

    async def find(self, customer_id: int) -> CustomerRow | None:
        """Return a customer that may be gone, locked until the transaction ends."""
        query = select(CustomerRow).where(CustomerRow.id == customer_id).with_for_update()
        return (await self._session.scalars(query)).one_or_none()

    async def by_handle(self, handle: str) -> CustomerRow | None:
        """Return whom people mean by ``@username`` or by the number of his chat; the one who came last, of several."""
        plain = handle.removeprefix("https://t.me/").removeprefix("@").strip()
        if plain.isdecimal() and len(plain) <= LONGEST_CHAT_ID:
            return await self.by_chat(int(plain))
        query = select(CustomerRow).where(func.lower(CustomerRow.username) == plain.lower())
        return (await self._session.scalars(query.order_by(CustomerRow.id.desc()).limit(1))).one_or_none()

    async def by_topic(self, chat_id: int, topic_id: int) -> CustomerRow | None:
        """Return whose topic it is, locked until the transaction ends."""
        query = (
            select(CustomerRow)
            .where(CustomerRow.topic_chat_id == chat_id, CustomerRow.topic_id == topic_id)
            .with_for_update()
        )
        return (await self._session.scalars(query)).one_or_none()

    async def by_card(self, chat_id: int, message_id: int) -> CustomerRow | None:
        """Return whose card a message is, locked until the transaction ends."""
        query = select(CustomerRow).where(CustomerRow.card_chat_id == chat_id, CustomerRow.card_id == message_id)
        return (await self._session.scalars(query.limit(1).with_for_update())).one_or_none()

    async def by_former_topic(self, chat_id: int, topic_id: int) -> CustomerRow | None:
        """Return whose topic it was before his present one."""
        query = select(CustomerRow).where(
            CustomerRow.former_topic_chat_id == chat_id, CustomerRow.former_topic_id == topic_id
        )
        return (await self._session.scalars(query.limit(1))).one_or_none()

    async def get_or_add(self, person: Person, now: datetime) -> CustomerRow:
        """Return the customer with his present name, made if he is new."""
        customer = await self.by_chat(person.chat_id)
        if customer is None:
            customer = CustomerRow(
                chat_id=person.chat_id, language=person.language, language_chosen=False, created_at=now
            )
            self._session.add(customer)
        customer.name = person.name
        customer.username = person.username
        customer.blocked_at = None
        await self._session.flush()
        return customer
