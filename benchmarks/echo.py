"""The two echo bots that are compared: a bare aiogram bot, and the same echo through our inbox and outbox.

Run as a process: ``python -m benchmarks.echo bare|inbox|batches|outbox URL TOKEN ADDRESS``; the last is that of
a database that has the newest schema.
"""

import asyncio
import logging
import sys
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import SendMessage
from aiogram.types import Message

from bot.budget import Budget, Limit, Limits
from bot.groups import Groups
from bot.inbox import Inbox
from bot.outbox import Outbox, Parts
from bot.polling import Poller
from bot.sending import Made, Sender
from bot.texts import Library
from bot.topics import Topics
from bot.unit import Unit, Units
from support.database import Database
from support.leases import Lease

UNLIMITED = Limits(overall=Limit(10**6, 1.0), private_chat=Limit(10**6, 1.0), group=Limit(10**6, 1.0))


def telegram(url: str, token: str) -> Bot:
    """Return a bot that talks to the sandbox."""
    return Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))


async def bare(url: str, token: str) -> None:
    """What everybody's first bot does: aiogram's own polling, an answer in the handler, nothing stored."""
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text or "")

    await dispatcher.start_polling(telegram(url, token), handle_signals=False)


class NothingFollows:
    """An echo is said and forgotten: no conversation, nobody to call."""

    async def follow(self, unit: Unit, made: Made) -> None:
        """Do nothing."""


async def durable(url: str, token: str, address: str, *, batches: bool, outbox: bool) -> None:
    """The same echo: stored (synchronous=FULL) before it is confirmed, then handled, one update a transaction.

    With ``batches`` what one getUpdates brought is stored in one transaction, as in production. With ``outbox`` the
    answer goes through the ledger as well, else it is sent by the handler as in the bare bot.
    """
    database = Database(address)
    telegram_bot = telegram(url, token)
    news = asyncio.Event()
    units = Units(database, news.set)
    groups, texts = Groups((-1,)), Library()
    topics = Topics(telegram_bot, units, groups, texts.of("en"))
    lease = Lease(database, "bench")
    await lease.beat()
    ledger = Outbox(
        Parts(
            units=units,
            lease=lease,
            budget=Budget(UNLIMITED),
            groups=groups,
            topics=topics,
            sender=Sender(telegram_bot, topics),
            aftermath=NothingFollows(),
        ),
        news,
    )

    async def handle(unit: Unit, update: dict[str, Any]) -> None:
        message = update["message"]
        chat_id: int = message["chat"]["id"]
        answer = SendMessage(chat_id=chat_id, text=message["text"])
        if outbox:
            await unit.to_chat(answer, chat_id, f"echo:{update['update_id']}")
        else:
            unit.after_commit.append(lambda: sending.append(asyncio.ensure_future(telegram_bot(answer))))

    sending: list[asyncio.Future[Message]] = []
    inbox = Inbox(telegram_bot.id, database, units, handle, handle)

    async def store_each(updates: list[dict[str, Any]]) -> None:
        for update in updates:
            await inbox.store([update])

    poller = Poller(url, token, inbox.store if batches else store_each, lambda: None)
    await asyncio.gather(ledger.run(), lease.run(), inbox.run(), poller.run())


async def main() -> None:
    """Run the bot that the command line names."""
    kind, url, token, address = sys.argv[1:]
    if kind == "bare":
        await bare(url, token)
    else:
        await durable(url, token, address, batches=kind != "inbox", outbox=kind == "outbox")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main())
