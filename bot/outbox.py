"""The outbox: makes every call of the ledger, in order within a chat, within Telegram's limits."""

import asyncio
import contextlib
import heapq
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import aiogram.methods
import structlog
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiogram.types import Message, MessageId
from aiohttp import ClientConnectorError
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.budget import Budget
from bot.topics import Topic, Topics
from support.customers import CustomerRepository
from support.database import Database
from support.deliveries import MAX_ATTEMPTS_WHEN_UNKNOWN, DeliveryRepository, DeliveryState, Priority
from support.tables import CustomerRow, DeliveryRow
from support.turns import TurnRepository, Words

RESCAN_S: Final = 5.0
NETWORK_PAUSE_S: Final = 2.0
CALL_TIMEOUT_S: Final = 20
MOST_TOPICS: Final = 3
TOPIC_GONE: Final = ("message thread not found", "topic_deleted", "topic_id_invalid")
HARMLESS: Final = ("message is not modified", "query is too old", "message to delete not found")
log = structlog.get_logger()


@dataclass(order=True, slots=True)
class _Waiting:
    priority: int
    id: int
    row: DeliveryRow = field(compare=False)


@dataclass(slots=True)
class _Lane:
    """The calls to one chat that wait, best first."""

    waiting: list[_Waiting] = field(default_factory=list)
    ids: set[int] = field(default_factory=set)
    """Of what waits and of what is being made."""
    task: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a call ended; None as state: it goes out again."""

    state: DeliveryState | None
    message_id: int | None = None
    error: str | None = None
    pause: bool = False
    """Whether it goes out again only after a moment."""
    had_no_effect: bool = True
    """Of a call that goes out again: whether nobody can have seen it."""


class Outbox:
    """Reads the ledger and works a lane a chat, side by side."""

    def __init__(
        self,
        bot: Bot,
        database: Database,
        budget: Budget,
        topics: Topics,
        *,
        network_pause_s: float = NETWORK_PAUSE_S,
    ) -> None:
        self._bot = bot
        self._database = database
        self._budget = budget
        self._topics = topics
        self._network_pause_s = network_pause_s
        self._news = asyncio.Event()
        self._lanes: dict[int, _Lane] = {}
        self._stopping = False

    def wake(self) -> None:
        """Say that something was enqueued and committed."""
        self._news.set()

    async def run(self) -> None:
        """Work until stopped. First deals with what a killed process left in the middle."""
        async with self._database.writing() as session:
            await DeliveryRepository(session).recover(datetime.now(UTC))
        read_to, whole_at = 0, 0.0
        while not self._stopping:
            self._news.clear()
            if time.monotonic() >= whole_at:
                # From the beginning now and then: what a failed lane dropped, or another process committed late.
                read_to, whole_at = 0, time.monotonic() + RESCAN_S
            try:
                read_to = await self._read(read_to)
            except Exception:
                # The edge of a loop that must not end: the ledger is read again at the next round.
                log.exception("the outbox cannot read its ledger")
            # Not wait_for: in Python 3.11 it can swallow a cancellation that comes together with the news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RESCAN_S):
                    await self._news.wait()

    async def stop(self, patience_s: float = 5.0) -> None:
        """Finish the calls in hand; what waits stays in the ledger."""
        self._stopping = True
        self.wake()
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        if tasks:
            await asyncio.wait(tasks, timeout=patience_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def typing(self, chat_id: int) -> None:
        """Show «typing» if the budget allows; never waits, never fails."""
        if not self._budget.take_now(chat_id):
            return
        try:
            await self._bot.send_chat_action(chat_id, "typing", request_timeout=5)
        except TelegramRetryAfter as error:
            self._budget.block(chat_id, error.retry_after)
        except (TelegramAPIError, ClientDecodeError) as error:
            log.debug("typing was not shown", chat_id=chat_id, error=type(error).__name__)

    async def _read(self, last_id: int) -> int:
        """Queue what was enqueued after last_id; return the last one's id."""
        while not self._stopping:
            async with self._database.reading() as session:
                rows = await DeliveryRepository(session).open_after(last_id)
                lanes = [await self._lane_of(session, row) for row in rows]
            for row, chat_id in zip(rows, lanes, strict=True):
                last_id = row.id
                self._queue(chat_id, row)
            if not rows:
                break
        return last_id

    def _queue(self, chat_id: int, row: DeliveryRow) -> None:
        lane = self._lanes.setdefault(chat_id, _Lane())
        if row.id in lane.ids:
            return
        lane.ids.add(row.id)
        heapq.heappush(lane.waiting, _Waiting(row.priority, row.id, row))
        if lane.task is None:
            lane.task = asyncio.create_task(self._work(chat_id, lane))

    async def _lane_of(self, session: AsyncSession, row: DeliveryRow) -> int:
        if row.chat_id is not None:
            return row.chat_id
        customer = await session.get_one(CustomerRow, row.customer_id)
        return self._topics.group_of(customer.id, customer.topic_chat_id)

    async def _work(self, chat_id: int, lane: _Lane) -> None:
        try:
            while lane.waiting and not self._stopping:
                item = heapq.heappop(lane.waiting)
                if await self._deliver(chat_id, item.row):
                    lane.ids.discard(item.id)
                else:
                    heapq.heappush(lane.waiting, item)
        except Exception:
            # The edge of a lane: the call stays in the ledger and is read again.
            log.exception("a delivery failed unexpectedly", chat_id=chat_id)
        finally:
            del self._lanes[chat_id]

    async def _deliver(self, lane: int, row: DeliveryRow) -> bool:
        """Make one call; return whether it is dealt with, one way or another."""
        await self._budget.take(lane)
        async with self._database.writing() as session:
            if not await DeliveryRepository(session).begin(row.id):
                return True
        row.attempts += 1
        ended = await self._call(lane, row)
        now = datetime.now(UTC)
        async with self._database.writing() as session:
            repository = DeliveryRepository(session)
            if ended.state is None:
                await repository.postpone(row.id, ended.error or "", had_no_effect=ended.had_no_effect)
            else:
                await repository.finish(row.id, ended.state, now, message_id=ended.message_id, error=ended.error)
                await self._remember(session, row, ended, now)
        if ended.state is None:
            row.attempts -= ended.had_no_effect
            log.warning("a call to Telegram goes out again", chat_id=lane, method=row.method, error=ended.error)
            await asyncio.sleep(self._network_pause_s if ended.pause else 0)
        elif ended.state is not DeliveryState.DELIVERED:
            log.error(
                "a call to Telegram failed", chat_id=lane, method=row.method, state=ended.state, error=ended.error
            )
        return ended.state is not None

    async def _call(self, lane: int, row: DeliveryRow) -> _Ended:  # noqa: PLR0911  # one a kind of error
        topic, sent = None, False
        try:
            if row.to_topic and row.customer_id is not None:
                topic = await self._topics.ensure(row.customer_id)
            method = _method(row, topic)
            sent = True
            result = await self._bot(method, request_timeout=CALL_TIMEOUT_S)
        except TelegramRetryAfter as error:
            self._budget.block(lane, error.retry_after)
            return _Ended(None, error=f"429, retry after {error.retry_after} s")
        except TelegramForbiddenError as error:
            return _Ended(DeliveryState.FAILED, error=error.message)
        except TelegramBadRequest as error:
            return await self._refused(row, topic, error)
        except TelegramUnauthorizedError as error:
            # The token was revoked: polling ends the process, and what waits goes out under the new one.
            return _Ended(None, error=error.message, pause=True)
        except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
            return _broken(row, error, sent=sent)
        except TelegramAPIError as error:
            return _Ended(DeliveryState.FAILED, error=error.message)
        except ValidationError as error:
            return _Ended(DeliveryState.FAILED, error=f"the call cannot be built: {error.error_count()} problems")
        message_id = result.message_id if isinstance(result, Message | MessageId) else None
        return _Ended(DeliveryState.DELIVERED, message_id=message_id)

    async def _refused(self, row: DeliveryRow, topic: Topic | None, error: TelegramBadRequest) -> _Ended:
        reason = error.message.lower()
        if any(harmless in reason for harmless in HARMLESS):
            return _Ended(DeliveryState.DELIVERED, error=error.message)
        if topic is not None and row.customer_id is not None and any(gone in reason for gone in TOPIC_GONE):
            await self._topics.forget(row.customer_id, topic)
            # Counted, or a group that swallows topics would be given new ones for ever.
            state = None if row.attempts < MOST_TOPICS else DeliveryState.FAILED
            return _Ended(state, error=error.message, had_no_effect=False)
        return _Ended(DeliveryState.FAILED, error=error.message)

    async def _remember(self, session: AsyncSession, row: DeliveryRow, ended: _Ended, now: datetime) -> None:
        """Keep what the customer was told as part of the conversation, and that he blocked the bot."""
        if row.customer_id is None or row.to_topic:
            return
        customer = await CustomerRepository(session).by_id(row.customer_id)
        if ended.state is DeliveryState.FAILED and ended.error and "blocked" in ended.error:
            customer.blocked_at = now
        if ended.message_id is not None and row.priority == Priority.ANSWER and "text" in row.payload:
            words = Words(ended.message_id, "text", row.payload["text"])
            await TurnRepository(session).add_message(customer, words, now, turn_id=row.turn_id, speaker="bot")


def _broken(row: DeliveryRow, error: TelegramAPIError | ClientDecodeError, *, sent: bool) -> _Ended:
    """Decide about a call whose outcome is unknown, unless it was never made."""
    detail = type(error.__cause__ or error).__name__
    if isinstance(error, ClientDecodeError) and isinstance(error.data, dict) and error.data.get("ok"):
        # Made and confirmed; only what it returned is of a shape that we do not know.
        return _Ended(DeliveryState.DELIVERED, error=detail)
    no_effect = not sent or isinstance(error.__cause__, ClientConnectorError)
    again = row.priority <= Priority.RELAY and row.attempts < MAX_ATTEMPTS_WHEN_UNKNOWN
    if no_effect or again:
        return _Ended(None, error=detail, pause=True, had_no_effect=no_effect)
    return _Ended(DeliveryState.UNKNOWN, error=detail)


def _method(row: DeliveryRow, topic: Topic | None) -> TelegramMethod[Any]:
    method: type[TelegramMethod[Any]] = getattr(aiogram.methods, row.method)
    address = {"chat_id": topic.chat_id, "message_thread_id": topic.thread_id} if topic else {}
    return method.model_validate({**row.payload, **address})
