"""Long polling: an update is confirmed to Telegram only after it has been stored.

Raw JSON, not aiogram's getUpdates: one update that a library cannot parse must not hold up those behind it.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import structlog

from bot.arrivals import ALLOWED_UPDATES, STORE_ERRORS, Store, Update, cause_of, update_of

POLL_S: Final = 25
ANSWER_S: Final = 15.0
BATCH: Final = 100
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
OTHER_POLLER_PAUSE_S: Final = 3.0
ASK_AGAIN_S: Final = 1.0
# Bot API, Update: after a quiet week the numbering goes on at a random place; within one it has no such gaps.
RESTART_GAP: Final = 1_000_000
UNKNOWN_TOKEN: Final = (401, 404)
CONFLICT: Final = 409
TOO_MANY: Final = 429
log = structlog.get_logger()


class TokenRevokedError(Exception):
    """Telegram no longer knows the token."""


class _PauseError(Exception):
    """The call failed; try again after so many seconds (None: growing pauses)."""

    def __init__(self, sentence: str, pause_s: float | None = None) -> None:
        super().__init__(sentence)
        self.pause_s = pause_s


class _WebhookError(_PauseError):
    """A webhook is set: until it is removed, polling is refused."""


class _Pauses:
    """Pauses that grow from failure to failure."""

    def __init__(self, first_s: float) -> None:
        self._first_s = first_s
        self.reset()

    def reset(self) -> None:
        """Begin with the shortest again."""
        self._next_s = self._first_s

    async def rest(self, exactly_s: float | None = None) -> None:
        """Wait: as long as Telegram says, or a little longer than the last time."""
        if exactly_s is not None:
            await asyncio.sleep(exactly_s)
            return
        pause_s, self._next_s = self._next_s, min(self._next_s * 2, LONGEST_PAUSE_S)
        await asyncio.sleep(pause_s)


async def _nothing_to_leave() -> None:
    """Leave a webhook to whoever set it."""


class Poller:
    """Calls getUpdates for ever; store is awaited before the next call confirms.

    ``leave_webhook`` is awaited whenever a webhook stands in the way: another process may set one at any time.
    """

    def __init__(
        self,
        api_url: str,
        token: str,
        store: Store,
        on_ready: Callable[[], None],
        *,
        leave_webhook: Callable[[], Awaitable[None]] = _nothing_to_leave,
        first_pause_s: float = FIRST_PAUSE_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._url = f"{api_url}/bot{token}/getUpdates"
        self._store = store
        self._on_ready = on_ready
        self._leave_webhook = leave_webhook
        self._first_pause_s = first_pause_s
        self._answer_s = answer_s

    async def run(self) -> None:
        """Poll until cancelled.

        Raises:
            TokenRevokedError: the token is not valid any more.
        """
        pauses = _Pauses(self._first_pause_s)
        offset, ready = 0, False
        async with aiohttp.ClientSession() as client:
            while True:
                try:
                    updates = await self._poll(client, offset, wait_s=POLL_S if ready else 0)
                    if updates:
                        await self._store(updates)
                except _PauseError as error:
                    log.warning(str(error))
                    if isinstance(error, _WebhookError):
                        await self._leave_webhook()
                    await pauses.rest(error.pause_s)
                    continue
                except STORE_ERRORS as error:
                    sentence = "updates cannot be stored: Telegram keeps them until the database is back"
                    log.error(sentence, error=cause_of(error))
                    await pauses.rest()
                    continue
                pauses.reset()
                if updates:
                    # update_id may restart after a quiet week: follow what came, not the highest ever seen.
                    offset = updates[-1]["update_id"] + 1
                if not ready:
                    ready = True
                    self._on_ready()

    async def _poll(self, client: aiohttp.ClientSession, offset: int, *, wait_s: int) -> list[Update]:
        began = time.monotonic()
        answer = await self._call(client, offset, wait_s)
        if _code(answer) in UNKNOWN_TOKEN:
            # One such answer may be a proxy's, and it would end the process.
            await asyncio.sleep(ASK_AGAIN_S)
            answer = await self._call(client, offset, wait_s)
        if not isinstance(answer, dict) or not answer.get("ok") or not isinstance(answer.get("result"), list):
            raise _refusal(answer)
        updates = [update for one in answer["result"] if (update := update_of(one))]
        if answer["result"] and not updates:
            raise _PauseError("Telegram answered with updates that have no number: trying again")
        if not updates and time.monotonic() - began < wait_s / 2:
            # Somebody between us and Telegram does not wait, and must not be asked without a pause.
            await asyncio.sleep(self._first_pause_s)
        return _in_order(updates)

    async def _call(self, client: aiohttp.ClientSession, offset: int, wait_s: int) -> Any:  # noqa: ANN401 - any JSON
        body = {"offset": offset, "limit": BATCH, "timeout": wait_s, "allowed_updates": ALLOWED_UPDATES}
        timeout = aiohttp.ClientTimeout(total=wait_s + self._answer_s)
        try:
            async with client.post(self._url, json=body, timeout=timeout, allow_redirects=False) as response:
                if response.status in range(300, 400):
                    sentence = f"TELEGRAM_API_URL answers with a redirect ({response.status}): set the final address"
                    raise _PauseError(f"{sentence}; trying again")
                return await response.json(content_type=None)
        except (aiohttp.ClientError, OSError, ValueError, RecursionError) as error:
            # Never the error's own text: it holds the address, and the address holds the token.
            raise _PauseError(f"Telegram cannot be reached ({type(error).__name__}): trying again") from None


def _in_order(updates: list[Update]) -> list[Update]:
    """Sort a batch that came mixed up, unless its ids are those of a numbering that has begun anew."""
    ids = [update["update_id"] for update in updates]
    if ids and max(ids) - min(ids) < RESTART_GAP:
        return sorted(updates, key=lambda update: int(update["update_id"]))
    return updates


def _code(answer: object) -> object:
    return answer.get("error_code") if isinstance(answer, dict) and not answer.get("ok") else None


def _refusal(answer: object) -> Exception:
    if not isinstance(answer, dict):
        return _PauseError("Telegram answered something that is not its API: trying again")
    code, description = _code(answer), answer.get("description", "")
    if code in UNKNOWN_TOKEN:
        return TokenRevokedError(f"Telegram refuses BOT_TOKEN ({code} {description}): get a valid one from @BotFather")
    if code == CONFLICT and "webhook" in str(description).lower():
        return _WebhookError("a webhook is set, so that polling is refused (409): it is removed; trying again")
    if code == CONFLICT:
        sentence = "another process polls with the same BOT_TOKEN (409): stop it; trying again"
        return _PauseError(sentence, OTHER_POLLER_PAUSE_S)
    if code == TOO_MANY:
        pause_s = _retry_after(answer.get("parameters"))
        return _PauseError(f"Telegram asks to slow down (429, for {pause_s or 'some'} s)", pause_s)
    return _PauseError(f"getUpdates failed ({code} {description}): trying again")


def _retry_after(parameters: object) -> float | None:
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if not isinstance(seconds, int | float) or not math.isfinite(seconds) or seconds <= 0:
        return None
    return seconds
