"""What a customer sees while his answer is being written: «Thinking…» with a stop button, or «typing»."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramNotFound,
    TelegramRetryAfter,
)
from sqlalchemy import select

from bot.budget import Budget
from bot.sending import show_action
from bot.unit import Units
from support.availability import UNAVAILABLE
from support.pauses import PauseRepository
from support.tables import CustomerRow, TurnRow
from support.turns import TurnState

LOOK_S: Final = 0.5
SHOWN_AFTER: Final = timedelta(seconds=0.4)
PREVIEW_EVERY_S: Final = 20.0
"""A preview lives 30 s without renewal (Bot API, sendMessageDraft)."""
TYPING_EVERY_S: Final = 4.5
CALL_TIMEOUT_S: Final = 5
MOST_AT_ONCE: Final = 20
log = structlog.get_logger()


@dataclass(slots=True)
class Presence:
    """Looks for turns in generation; shown by the process that sends, so that one budget holds for all calls."""

    bot: Bot
    units: Units
    sends: Callable[[], bool]
    """Whether this process is the one that sends, its budget restored."""
    budget: Budget
    _due: dict[tuple[int, int], float] = field(default_factory=dict)
    """When each turn (id, epoch) is shown again."""
    _without_preview: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Show what is going on, until cancelled."""
        while True:
            if self.sends():
                try:
                    await self.look()
                except Exception:
                    # The edge: a decoration must not end the process.
                    log.exception("what is going on could not be shown")
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Show every turn that has been in generation for a moment and was not shown lately."""
        query = (
            select(TurnRow.id, TurnRow.epoch, CustomerRow.chat_id)
            .join(CustomerRow, CustomerRow.id == TurnRow.customer_id)
            .where(TurnRow.state == TurnState.GENERATING, TurnRow.closed_at < self.units.clock() - SHOWN_AFTER)
        )
        async with self.units.database.reading() as session:
            turns = {(row[0], row[1]): row[2] for row in await session.execute(query)}
        now = time.monotonic()
        self._due = {key: due for key, due in self._due.items() if key in turns}
        for key, chat_id in turns.items():
            if self._due.get(key, 0.0) > now or len(self._tasks) >= MOST_AT_ONCE:
                continue
            # Decoration: it never takes what an answer could need.
            if self.budget.take_now(chat_id):
                self._due[key] = now + (TYPING_EVERY_S if self._without_preview else PREVIEW_EVERY_S)
                task = asyncio.create_task(self._show(chat_id, key[0]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _show(self, chat_id: int, turn_id: int) -> None:
        if not self._without_preview:
            try:
                # An empty preview shows «Thinking…»; nothing unjudged is ever shown in it.
                await self.bot.send_message_draft(
                    chat_id, draft_id=turn_id, text="", can_stop=True, request_timeout=CALL_TIMEOUT_S
                )
            except TelegramRetryAfter as error:
                await self.pause(chat_id, error.retry_after)
            except (TelegramBadRequest, TelegramNotFound) as error:
                log.info("previews are not possible here: typing is shown", error=error.message)
                self._without_preview = True
            except (TelegramAPIError, ClientDecodeError) as error:
                log.debug("a preview was not shown", chat_id=chat_id, error=type(error).__name__)
            return
        if (retry_after := await show_action(self.bot, chat_id, "typing")) is not None:
            await self.pause(chat_id, retry_after)

    async def pause(self, chat_id: int, retry_after_s: float) -> None:
        """Leave the chat alone, whoever sends next included."""
        self.budget.block(chat_id, retry_after_s)
        try:
            async with self.units.open() as unit:
                await PauseRepository(unit.session).add(chat_id, retry_after_s, unit.now)
        except UNAVAILABLE as error:
            log.error("a pause could not be stored", chat_id=chat_id, error=type(error).__name__)
