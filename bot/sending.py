"""One call to Telegram, and what its answer means: delivered, refused, unknown, or to be made again."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiogram.methods
import structlog
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetMe, TelegramMethod
from aiogram.types import Message, MessageId
from aiohttp import ClientConnectorError
from pydantic import ValidationError

from bot import plainer
from bot.exporting import filled
from bot.topics import HISTORY_KEY, ElsewhereError, Topic, Topics
from support.counterparts import CounterpartRepository
from support.deliveries import MAX_ATTEMPTS_WHEN_UNKNOWN, Begun, DeliveryState, may_be_repeated
from support.transport_tables import DeliveryRow

NETWORK_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 30.0
CALL_TIMEOUT_S: Final = 20
PROBE_TIMEOUT_S: Final = 5
MOST_TOPICS: Final = 3
TOPIC_GONE: Final = ("message thread not found", "topic_deleted", "topic_id_invalid")
TOPIC_CLOSED: Final = "topic_closed"
HARMLESS: Final = (
    "message is not modified",
    "query is too old",
    "message to delete not found",
    "topic_not_modified",
    "message to react not found",
)
GROUP_REFUSES: Final = (
    "chat not found",
    "not enough rights",
    "chat_write_forbidden",
    "the chat is not a forum",
    "need administrator rights",
    "have no rights",
    "chat_admin_required",
    "group chat was deactivated",
)
Fill = Callable[[DeliveryRow, dict[str, Any]], Awaitable[dict[str, Any]]]
CHANGES: Final = frozenset(
    {
        "EditMessageText",
        "EditMessageCaption",
        "EditMessageReplyMarkup",
        "EditMessageMedia",
        "DeleteMessage",
        "SetMessageReaction",
    }
)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended; None as state: it goes out again."""

    state: DeliveryState | None
    message_ids: tuple[int, ...] = ()
    error: str | None = None
    again_in_s: float = 0.0
    had_no_effect: bool = True
    """Of a call that goes out again: whether nobody can have seen it."""
    payload: dict[str, Any] | None = field(default=None, repr=False)
    """Of a call that goes out again: in this plainer form."""
    retry_after_s: float | None = None
    """Telegram's 429: the chat is left alone for so long."""
    group_refuses: bool = False
    moved_to: int | None = None
    elsewhere: bool = False
    """The conversation has another group by now: the call is to be made there."""
    blocked: bool = False
    """The customer has blocked the bot, or is no more."""


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was made: what it was, where it went, how it ended."""

    row: DeliveryRow
    begun: Begun
    ended: Ended
    peer_id: int

    @property
    def sources(self) -> tuple[int, ...]:
        """The passed-on message behind each one that the call made; one that became several stands for all of them."""
        ids = self.begun.source_ids
        return ids * len(self.ended.message_ids) if len(ids) == 1 else ids


@dataclass(slots=True)
class Sender:
    """Makes calls of the ledger."""

    bot: Bot
    topics: Topics
    network_pause_s: float = NETWORK_PAUSE_S
    fill: Fill | None = None
    """Makes what is counted only when the call is made (bot.watching)."""
    _unreachable: int = 0
    """Failures of the network in a row: what waits is tried ever more rarely."""
    _probe_from: float = float("-inf")
    """Before it (monotonic) Telegram wants no probe."""

    async def call(self, row: DeliveryRow, begun: Begun, peer_id: int) -> Ended:
        """Make one call. ``begun.attempts`` counts this one."""
        sent, topic = False, None
        try:
            if begun.attempts > 1 and not await self._answers():
                return self._again("Telegram does not answer")
            if row.key.startswith(HISTORY_KEY):
                # It speaks of one topic: if that is gone, it must not be the reason for another one.
                topic = await self.topics.known(row.customer_id or 0, peer_id)
                if topic is None:
                    return Ended(DeliveryState.WITHDRAWN, error="its topic is gone")
            elif row.to_topic and row.customer_id is not None:
                topic = await self.topics.ensure(row.customer_id, peer_id)
            payload = await self._payload(row, begun, peer_id, topic)
            if payload is None:
                return Ended(DeliveryState.WITHDRAWN, error="what it changes was never sent")
            payload = await filled(self.topics.units, row, payload)
            if self.fill is not None:
                payload = await self.fill(row, payload)
            method = _method(*_unalbumed(row.method, payload))
            sent = True
            result = await self.bot(method, request_timeout=CALL_TIMEOUT_S)
        except (ElsewhereError, ValidationError) as error:
            return _unmade(error)
        except (TelegramAPIError, ClientDecodeError) as error:
            return await self._failed(row, begun, topic, error, sent=sent)
        self._unreachable = 0
        return Ended(DeliveryState.DELIVERED, message_ids=_ids(result))

    async def _answers(self) -> bool:
        """Whether Telegram is there: what may be shown twice is not repeated into an outage."""
        if time.monotonic() < self._probe_from:
            return True
        try:
            await self.bot(GetMe(), request_timeout=PROBE_TIMEOUT_S)
        except TelegramRetryAfter as error:
            # Who throttles is there; the probe's pause holds up no chat.
            self._probe_from = time.monotonic() + error.retry_after
            return True
        except ClientDecodeError as error:
            return _is_confirmed(error)
        except TelegramAPIError:
            return False
        return True

    async def _payload(
        self, row: DeliveryRow, begun: Begun, peer_id: int, topic: Topic | None
    ) -> dict[str, Any] | None:
        """Add where the call goes and what it replies to or changes; None when there is nothing to change."""
        payload = dict(begun.payload)
        if row.chat_id is not None and payload.get("chat_id") == row.chat_id:
            payload["chat_id"] = peer_id  # a group may have another id by now
        if topic is not None:
            payload["chat_id"] = topic.chat_id
            if row.method not in CHANGES:
                payload["message_thread_id"] = topic.thread_id
        if row.about_id is None or row.about_chat_id is None:
            return payload
        other = row.about_id if row.about_chat_id == peer_id else await self._counterpart(row, peer_id)
        if row.method in CHANGES:
            return None if other is None else payload | {"message_id": other}
        reply = payload.pop("reply_parameters", {})
        if other is not None:
            payload["reply_parameters"] = {**reply, "message_id": other, "allow_sending_without_reply": True}
        return payload

    async def _counterpart(self, row: DeliveryRow, peer_id: int) -> int | None:
        async with self.topics.units.database.reading() as session:
            counterparts = CounterpartRepository(session)
            return await counterparts.in_chat(row.about_chat_id or 0, row.about_id or 0, peer_id)

    async def _failed(  # noqa: PLR0911  # one a kind of error
        self,
        row: DeliveryRow,
        begun: Begun,
        topic: Topic | None,
        error: TelegramAPIError | ClientDecodeError,
        *,
        sent: bool,
    ) -> Ended:
        match error:
            case TelegramRetryAfter():
                text = f"429, retry after {error.retry_after} s"
                return Ended(None, error=text, retry_after_s=float(error.retry_after))
            case TelegramMigrateToChat():
                return Ended(None, error=error.message, moved_to=error.migrate_to_chat_id)
            case TelegramForbiddenError():
                if row.to_topic:
                    return Ended(None, error=error.message, group_refuses=True)
                return Ended(DeliveryState.FAILED, error=error.message, blocked=True)
            case TelegramUnauthorizedError():
                # The token was revoked: polling ends the process, and what waits goes out under the new one.
                return Ended(None, error=error.message, again_in_s=self.network_pause_s)
            case TelegramEntityTooLarge():
                # A kind of network error to aiogram, but a refusal.
                return Ended(DeliveryState.FAILED, error=error.message)
            case TelegramBadRequest():
                return await self._refused(row, begun, topic, error.message)
            case TelegramNetworkError() | TelegramServerError() | ClientDecodeError():
                return self._broken(row, begun, error, sent=sent)
            case _:
                return Ended(DeliveryState.FAILED, error=error.message)

    async def _refused(self, row: DeliveryRow, begun: Begun, topic: Topic | None, message: str) -> Ended:
        reason = message.lower()
        if any(harmless in reason for harmless in HARMLESS):
            return Ended(DeliveryState.DELIVERED, error=message)
        if topic is not None and row.customer_id is not None:
            if any(gone in reason for gone in TOPIC_GONE):
                await self.topics.forget(row.customer_id, topic)
                # Counted, or a group that swallows topics would be given new ones for ever.
                last = begun.attempts >= MOST_TOPICS or row.key.startswith(HISTORY_KEY)
                state = DeliveryState.FAILED if last else None
                return Ended(state, error=message, had_no_effect=False)
            if TOPIC_CLOSED in reason:
                return await self._reopened(row, topic, message)
        if row.to_topic and any(refusal in reason for refusal in GROUP_REFUSES):
            return Ended(None, error=message, group_refuses=True)
        simpler = plainer.without_what_was_refused(row.method, begun.payload, reason)
        if simpler is not None:
            return Ended(None, error=message, payload=simpler)
        return Ended(DeliveryState.FAILED, error=message)

    async def _reopened(self, row: DeliveryRow, topic: Topic, message: str) -> Ended:
        try:
            await self.topics.reopen(topic)
        except TelegramRetryAfter as error:
            return Ended(None, error=message, retry_after_s=float(error.retry_after))
        except TelegramBadRequest:
            # Neither open nor to be opened: the conversation goes on in a new topic that links to this one.
            await self.topics.forget(row.customer_id or 0, topic)
        except TelegramAPIError as error:
            return self._again(type(error).__name__)
        return Ended(None, error=message)

    def _broken(
        self, row: DeliveryRow, begun: Begun, error: TelegramAPIError | ClientDecodeError, *, sent: bool
    ) -> Ended:
        """Decide about a call whose outcome is unknown, unless it was never made."""
        detail = type(error.__cause__ or error).__name__
        if isinstance(error, ClientDecodeError) and _is_confirmed(error):
            # Made and confirmed; only what it returned is of a shape that we do not know.
            return Ended(DeliveryState.DELIVERED, error=detail)
        if not sent or isinstance(error.__cause__, ClientConnectorError):
            return self._again(detail)
        if may_be_repeated(row) and begun.attempts < MAX_ATTEMPTS_WHEN_UNKNOWN:
            return Ended(None, error=detail, again_in_s=self.network_pause_s, had_no_effect=False)
        return Ended(DeliveryState.UNKNOWN, error=detail)

    def _again(self, error: str) -> Ended:
        """Nothing was shown: try again, ever more rarely while Telegram is away."""
        pause_s = min(self.network_pause_s * 2 ** min(self._unreachable, 10), LONGEST_PAUSE_S)
        self._unreachable += 1
        return Ended(None, error=error, again_in_s=pause_s)


async def show_action(bot: Bot, chat_id: int, action: str) -> float | None:
    """Show what the bot is doing; never fails. Returns a 429's retry_after, None otherwise."""
    try:
        await bot.send_chat_action(chat_id, action, request_timeout=PROBE_TIMEOUT_S)
    except TelegramRetryAfter as error:
        return float(error.retry_after)
    except (TimeoutError, TelegramAPIError, ClientDecodeError) as error:
        log.debug("an action was not shown", chat_id=chat_id, error=type(error).__name__)
    return None


def _is_confirmed(error: ClientDecodeError) -> bool:
    return isinstance(error.data, Mapping) and bool(error.data.get("ok"))


def _unalbumed(name: str, payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Send an album of one part as what it is: Telegram wants at least two."""
    media = payload.get("media")
    if name != "SendMediaGroup" or not isinstance(media, list) or len(media) != 1:
        return name, payload
    (item,) = media
    rest = {key: value for key, value in item.items() if key not in {"type", "media"}}
    address = {key: value for key, value in payload.items() if key != "media"}
    return f"Send{item['type'].title()}", {**address, item["type"]: item["media"], **rest}


def _unmade(error: ElsewhereError | ValidationError) -> Ended:
    if isinstance(error, ElsewhereError):
        return Ended(None, error="the conversation has moved", elsewhere=True)
    return Ended(DeliveryState.FAILED, error=f"the call cannot be built: {error.error_count()} problems")


def _method(name: str, payload: dict[str, Any]) -> TelegramMethod[Any]:
    method: type[TelegramMethod[Any]] = getattr(aiogram.methods, name)
    return method.model_validate(payload)


def _ids(result: object) -> tuple[int, ...]:
    """Return the ids of the messages that a call made, in order."""
    results = result if isinstance(result, list) else [result]
    return tuple(one.message_id for one in results if isinstance(one, Message | MessageId))
