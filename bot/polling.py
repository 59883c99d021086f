"""Long polling: an update is confirmed to Telegram only after it has been stored.

Raw JSON, not aiogram's getUpdates: one update that a library cannot parse must not hold up those behind it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import structlog
from sqlalchemy.exc import DBAPIError

POLL_S: Final = 25
BATCH: Final = 100
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
ALLOWED_UPDATES: Final = (
    "message",
    "edited_message",
    "callback_query",
    "message_reaction",
    "my_chat_member",
    "stopped_message_generation",
)
UNAUTHORIZED: Final = 401
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


class Poller:
    """Calls getUpdates for ever; store is awaited before the next call confirms."""

    def __init__(
        self,
        api_url: str,
        token: str,
        store: Callable[[list[dict[str, Any]]], Awaitable[None]],
        on_ready: Callable[[], None],
        *,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._url = f"{api_url}/bot{token}/getUpdates"
        self._store = store
        self._on_ready = on_ready
        self._first_pause_s = first_pause_s

    async def run(self) -> None:
        """Poll until cancelled.

        Raises:
            TokenRevokedError: the token is not valid any more.
        """
        offset, pause_s, ready = 0, self._first_pause_s, False
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=POLL_S + 15)) as client:
            while True:
                try:
                    updates = await self._poll(client, offset, wait_s=POLL_S if ready else 0)
                    await self._store(updates)
                except _PauseError as error:
                    log.warning(str(error))
                    await asyncio.sleep(pause_s if error.pause_s is None else error.pause_s)
                    pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                    continue
                except DBAPIError:
                    log.exception("updates cannot be stored: Telegram keeps them until the database is back")
                    await asyncio.sleep(pause_s)
                    pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                    continue
                pause_s = self._first_pause_s
                if updates:
                    # update_id may restart after a quiet week: follow what came, not the highest ever seen.
                    offset = updates[-1]["update_id"] + 1
                if not ready:
                    ready = True
                    self._on_ready()

    async def _poll(self, client: aiohttp.ClientSession, offset: int, *, wait_s: int) -> list[dict[str, Any]]:
        body = {"offset": offset, "limit": BATCH, "timeout": wait_s, "allowed_updates": ALLOWED_UPDATES}
        try:
            async with client.post(self._url, json=body) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            # Never the error's own text: it holds the address, and the address holds the token.
            raise _PauseError(f"Telegram cannot be reached ({type(error).__name__}): trying again") from None
        if isinstance(answer, dict) and answer.get("ok") and isinstance(answer.get("result"), list):
            return [one for one in answer["result"] if isinstance(one, dict) and isinstance(one.get("update_id"), int)]
        raise _refusal(answer)


def _refusal(answer: object) -> Exception:
    if not isinstance(answer, dict):
        return _PauseError("Telegram answered something that is not its API: trying again")
    code, description = answer.get("error_code"), answer.get("description", "")
    if code == UNAUTHORIZED:
        return TokenRevokedError("Telegram refuses BOT_TOKEN (401 Unauthorized): get a valid one from @BotFather")
    if code == CONFLICT:
        return _PauseError("another process polls with the same BOT_TOKEN (409): stop it; trying again", 3)
    if code == TOO_MANY:
        parameters = answer.get("parameters")
        pause_s = parameters.get("retry_after") if isinstance(parameters, dict) else None
        return _PauseError("Telegram asks to slow down (429)", pause_s if isinstance(pause_s, int | float) else None)
    return _PauseError(f"getUpdates failed ({code} {description}): trying again")
