"""Messages that one member of a group alone sees (Bot API 10.2, «Ephemeral messages»): personal data for an operator.

They are made at once and stored nowhere. Telegram does not promise that they arrive, so nothing else may depend on one.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramBadRequest, TelegramNotFound
from aiogram.methods import DeleteEphemeralMessage, DeleteMessage, SendMessage
from aiogram.types import EphemeralMessageParameters

from bot.budget import Budget

CALL_TIMEOUT_S: Final = 10
NO_MESSAGE: Final = 2**31 - 1
"""An id that no ephemeral message has."""
log = structlog.get_logger()


@dataclass(slots=True)
class Ephemeral:
    """Shows a text to one person. An older Bot API server, which would show it to all, is never given it."""

    bot: Bot
    budget: Budget
    _supported: bool | None = None
    """None: not known yet."""
    _tasks: set[asyncio.Task[bool]] = field(default_factory=set)

    def soon(self, chat_id: int, thread_id: int | None, user_id: int, text: str) -> None:
        """Show the text; call it after the commit of what it belongs to."""
        task = asyncio.create_task(self.show(chat_id, thread_id, user_id, text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def show(self, chat_id: int, thread_id: int | None, user_id: int, text: str) -> bool:
        """Show the text; whether Telegram took it. Never fails."""
        try:
            if not await self._is_supported(chat_id, user_id):
                return False
            await self.budget.take(chat_id)
            only_him = EphemeralMessageParameters(receiver_user_id=user_id)
            call = SendMessage(
                chat_id=chat_id, message_thread_id=thread_id, text=text, ephemeral_message_parameters=only_him
            )
            sent = await self.bot(call, request_timeout=CALL_TIMEOUT_S)
            if sent.ephemeral_message_id is None:
                # Against all signs everybody sees it.
                self._supported = False
                await self.bot(DeleteMessage(chat_id=chat_id, message_id=sent.message_id))
        except (TelegramAPIError, ClientDecodeError, TimeoutError) as error:
            log.info("a message for one operator was not shown", chat_id=chat_id, error=type(error).__name__)
            return False
        return bool(self._supported)

    async def stop(self) -> None:
        """Leave what is in hand."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _is_supported(self, chat_id: int, user_id: int) -> bool:
        """Ask for something that only a server which knows ephemeral messages can refuse."""
        if self._supported is None:
            probe = DeleteEphemeralMessage(chat_id=chat_id, receiver_user_id=user_id, ephemeral_message_id=NO_MESSAGE)
            try:
                await self.bot(probe, request_timeout=CALL_TIMEOUT_S)
            except TelegramBadRequest:
                self._supported = True
            except TelegramNotFound:
                log.warning("this Bot API server is older than 10.2: personal data stays masked")
                self._supported = False
            else:
                self._supported = True
        return self._supported
