"""Webhooks: Telegram is answered 200 once an update has been stored, and never before.

Updates that come at the same time are stored in one transaction: a commit costs about the same for one as for many.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import time
import traceback
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from bot.arrivals import Store, Update, cause_of, update_of
from bot.startup import StartError

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
SECRET_LABEL: Final = b"otvet: secret of the webhook"
BATCH: Final = 100
# Telegram opens 100 connections at most (setWebhook, max_connections); what it gave up on may still wait here.
IN_HAND: Final = 256
LARGEST_BODY: Final = 1024 * 1024
ANSWER_S: Final = 25.0
# aiohttp takes it twice: to let requests finish, then to let go of them.
STOP_S: Final = 2.5
KEEP_ALIVE_S: Final = 75.0
LINGER_S: Final = 2.0
SAY_AGAIN_S: Final = 60.0
# Telegram's own pauses double up to a minute or two; it obeys this header instead (telegram-bot-api, WebhookActor.cpp).
RETRY_AFTER_S: Final = "1"
log = structlog.get_logger()
_http_log = logging.getLogger("aiohttp.server.webhook")


def webhook_secret(token: str, configured: str = "") -> str:
    """Return WEBHOOK_SECRET or, where it is not set, one that all processes derive alike from the bot's token."""
    return configured or hmac.new(token.encode(), SECRET_LABEL, hashlib.sha256).hexdigest()


class WebhookServer:
    """Listens on the path of WEBHOOK_URL and hands what Telegram pushes to ``store``."""

    def __init__(
        self,
        url: str,
        port: int,
        secret: str,
        store: Store,
        *,
        host: str = "0.0.0.0",  # noqa: S104 - whoever knows the secret is let in, wherever the proxy in front runs
        answer_s: float = ANSWER_S,
    ) -> None:
        self._address = (host, port)
        self._secret = secret.encode()
        self._answer_s = answer_s
        self._writer = _Writer(store)
        self._writing: asyncio.Task[None] | None = None
        self._places = asyncio.Semaphore(IN_HAND)
        self._refused = 0
        self._quiet_until = 0.0
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_get("/healthz", _say_ok)
        # Not add_post, which reads braces as the name of a parameter.
        hook = web.PlainResource(URL(url).path_safe)
        hook.add_route("POST", self._receive)
        app.router.register_resource(hook)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=_http_log,
            shutdown_timeout=STOP_S,
            keepalive_timeout=KEEP_ALIVE_S,
            lingering_time=LINGER_S,
        )

    @property
    def port(self) -> int:
        """The port listened on; known once the server runs."""
        return int(self._runner.addresses[0][1])

    async def start(self) -> None:
        """Listen.

        Raises:
            StartError: the port cannot be had.
        """
        await self._runner.setup()
        host, port = self._address
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise StartError(f"WEBHOOK_PORT {port} cannot be listened on ({error.strerror}): set another") from None
        self._writing = asyncio.create_task(self._writer.run())

    async def stop(self) -> None:
        """Accept nothing more and finish the requests in hand."""
        await self._runner.cleanup()
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing

    async def _receive(self, request: web.Request) -> web.Response:
        if not self._knows_secret(request):
            return web.Response(status=403)
        try:
            async with asyncio.timeout(self._answer_s), self._places:
                update = await _update_in(request)
                if update is None:
                    log.warning("a webhook's request holds no update", declared_bytes=request.content_length)
                    return web.Response(status=400)
                stored = await self._writer.put(update)
        except TimeoutError:
            log.warning("a webhook's request was not done in time: Telegram is to send it again")
            stored = False
        return web.Response() if stored else web.Response(status=503, headers={"Retry-After": RETRY_AFTER_S})

    def _knows_secret(self, request: web.Request) -> bool:
        given = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")
        if hmac.compare_digest(given, self._secret):
            return True
        self._refused += 1
        if time.monotonic() >= self._quiet_until:
            log.warning("webhook requests without the right secret are refused", count=self._refused)
            self._refused, self._quiet_until = 0, time.monotonic() + SAY_AGAIN_S
        return False


class _WithoutStrangers(logging.Filter):
    """Drops what aiohttp says about malformed requests: on a public port they are no errors of ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


_http_log.addFilter(_WithoutStrangers())


async def _say_ok(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


async def _update_in(request: web.Request) -> Update | None:
    try:
        return update_of(json.loads(await request.read()))
    except (ValueError, RecursionError, ConnectionError, web.RequestPayloadError, web.HTTPRequestEntityTooLarge):
        return None


@dataclass(frozen=True, slots=True)
class _Waiting:
    update: Update
    stored: asyncio.Future[bool]

    def settle(self, stored: bool) -> None:
        if not self.stored.done():
            self.stored.set_result(stored)


class _Writer:
    """Stores whatever waits, in one call, while the next updates gather."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Bounded: behind a store that hangs, requests come again and again.
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(IN_HAND)

    async def put(self, update: Update) -> bool:
        """Return whether the update was stored; a request that is cancelled meanwhile is no longer waited for."""
        waiting = _Waiting(update, asyncio.get_running_loop().create_future())
        await self._queue.put(waiting)
        return await waiting.stored

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            # A request that was given up comes again by itself.
            if wanted := [waiting for waiting in batch if not waiting.stored.done()]:
                await self._write(wanted)

    async def _write(self, batch: list[_Waiting]) -> None:
        stored = await self._stored(batch)
        if stored or len(batch) == 1:
            for waiting in batch:
                waiting.settle(stored)
            return
        # One that a database does not take must not fail the others.
        for waiting in batch:
            if not waiting.stored.done():
                waiting.settle(await self._stored([waiting]))

    async def _stored(self, batch: list[_Waiting]) -> bool:
        try:
            await self._store([waiting.update for waiting in batch])
        except Exception as error:  # noqa: BLE001 - the edge of a request: whatever it is, Telegram is not told 200
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error(
                "updates cannot be stored: Telegram is to send them again",
                updates=len(batch),
                error=cause_of(error),
                where=f"{place.name}:{place.lineno}",
            )
            return False
        return True
