"""The bot's process: start, serve by polling or by webhook, stop."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import User
from aiogram.utils.token import TokenValidationError

from bot.assembly import Assembly, assemble
from bot.groups import Groups
from bot.members import learn
from bot.polling import Poller, TokenRevokedError
from bot.startup import (
    NO_GROUP,
    StartError,
    check_groups,
    has_lost_webhook,
    identify,
    leave_webhook,
    publish_commands,
    set_webhook,
)
from bot.unit import Clock, utc_now
from bot.webhooks import WebhookServer, webhook_secret
from support.availability import UNAVAILABLE
from support.database import Database
from support.desk_file import DeskFileError
from support.intents.examples import IntentsError
from support.leases import Lease
from support.orders.base import OrderSourceError
from support.pauses import PauseRepository
from support.settings import Settings

CONFIGURATION_EXIT: Final = 2
CANCEL_AGAIN_S: Final = 10.0
GROUPS_EVERY_S: Final = 10.0
WEBHOOK_EVERY_S: Final = 60.0
STANDBY_LOOK_S: Final = 0.2
log = structlog.get_logger()


async def run(settings: Settings, *, on_ready: Callable[[], None] = lambda: None, now: Clock = utc_now) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code: 0, or 2 when the configuration is wrong."""
    try:
        bot = _telegram(settings)
    except StartError as error:
        log.error(str(error))  # a sentence for a person
        return CONFIGURATION_EXIT
    database = Database(settings.sql_url)
    try:
        me = await identify(bot)
        groups = _groups(settings)
        async with database.writing() as session:
            await groups.load(session)
            paused = await PauseRepository(session).remaining(now())
        groups.configured = await check_groups(bot, groups.ids, me.id, paused=paused)
        await _serve(settings, bot, me, assemble(settings, bot, me, groups, database, now=now), on_ready)
    except (StartError, TokenRevokedError, IntentsError, DeskFileError, OrderSourceError) as error:
        log.error(str(error))  # a sentence for a person
        return CONFIGURATION_EXIT
    finally:
        await bot.session.close()
        await database.close()
    return 0


def _groups(settings: Settings) -> Groups:
    if not settings.operators_chat_id:
        raise StartError(NO_GROUP)
    return Groups(settings.operators_chat_id)


def _telegram(settings: Settings) -> Bot:
    token = settings.bot_token.get_secret_value()
    if not token:
        raise StartError("BOT_TOKEN is not set: get one from @BotFather, or try «otvet demo» without a token")
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_api_url))
    try:
        return Bot(token, session=session)
    except TokenValidationError:
        raise StartError("BOT_TOKEN is malformed: it looks like 123456:ABC…, as @BotFather gave it") from None


async def _serve(settings: Settings, bot: Bot, me: User, parts: Assembly, on_ready: Callable[[], None]) -> None:
    def ready() -> None:
        log.info("the bot serves", username=me.username)
        on_ready()

    with contextlib.suppress(*UNAVAILABLE):
        await parts.lease.beat()
        await parts.quarantine.load()
        await parts.learning.load()
    arrivals = _by_webhook if settings.webhook_url else _by_polling
    loops = [
        arrivals(settings, bot, parts, ready),
        parts.lease.run(),
        parts.outbox.run(),
        parts.presence.run(),
        parts.waiting.run(),
        parts.board.run(),
        parts.timers.run(),
        parts.suggestions.run(),
        parts.audit_message.run(),
        parts.quarantine.run(),
        parts.learning.run(),
        parts.erasing.run(),
        parts.retaining.run(),
        parts.alarm.run(),
        parts.inbox.run(),
        parts.clock.run(),
        parts.results.run(),
        parts.build_events.run(),
        parts.orders.run(parts.knowledge.give_up),
        parts.received.run(),
        parts.releases.run(),
        _follow_groups(parts),
        *_metrics(settings, parts),
        _publish(bot, parts),
    ]
    try:
        await _until_stopped(loops, [parts.results.stop, parts.build_events.stop, parts.releases.stop])
    finally:
        log.info("stopping: what is in hand is finished")
        await _stop(parts)


def _metrics(settings: Settings, parts: Assembly) -> list[Coroutine[Any, Any, None]]:
    if settings.metrics_port is None or parts.metrics is None:
        return []
    from bot.metrics_server import MetricsServer  # noqa: PLC0415  # as in bot.assembly

    server = MetricsServer(parts.metrics.metrics.registry, settings.metrics_host, settings.metrics_port)
    return [parts.metrics.run(), server.run()]


async def _stop(parts: Assembly) -> None:
    await parts.inbox.stop()
    await parts.clock.stop()
    await parts.outbox.stop()
    await parts.cancellations.stop()
    await parts.received.stop()
    with contextlib.suppress(*UNAVAILABLE):
        await parts.lease.release()
    await parts.order_views.stop()
    if parts.company_orders is not None:
        await parts.company_orders.close()
    await parts.streams.aclose()
    parts.redis.close()


async def _by_webhook(settings: Settings, bot: Bot, parts: Assembly, ready: Callable[[], None]) -> None:
    """Let Telegram push; every process that listens shares the work."""
    token = settings.bot_token.get_secret_value()
    secret = webhook_secret(token, settings.webhook_secret.get_secret_value())
    server = WebhookServer(str(settings.webhook_url), settings.webhook_port, secret, parts.inbox.store)
    await server.start()
    try:
        await set_webhook(bot, str(settings.webhook_url), secret)
        ready()
        while True:
            await asyncio.sleep(WEBHOOK_EVERY_S)
            if await has_lost_webhook(bot, str(settings.webhook_url)):
                log.warning("somebody else took the webhook away: it is set again")
                await set_webhook(bot, str(settings.webhook_url), secret)
    finally:
        await server.stop()


async def _by_polling(settings: Settings, bot: Bot, parts: Assembly, ready: Callable[[], None]) -> None:
    """Poll in the process that holds the lease; any other one stands by, for Telegram allows one poller."""
    poller = Poller(
        settings.telegram_api_url,
        settings.bot_token.get_secret_value(),
        parts.inbox.store,
        ready,
        leave_webhook=lambda: leave_webhook(bot),
    )
    standing_by = False
    while True:
        if parts.lease.held:
            await _while_held(parts.lease, poller.run())
        elif not standing_by:
            standing_by = True
            log.info("another process serves this bot: standing by")
            ready()
        await asyncio.sleep(STANDBY_LOOK_S)


async def _publish(bot: Bot, parts: Assembly) -> None:
    """Learn who works here and fill the menus of commands beside everything else, however slow Telegram is."""
    await learn(bot, parts.units, parts.rota, parts.presence.pause)
    await publish_commands(bot, parts.library)
    await asyncio.Event().wait()


async def _while_held(lease: Lease, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    try:
        while lease.held:
            done, _ = await asyncio.wait({task}, timeout=STANDBY_LOOK_S)
            for one in done:
                one.result()
                return
    finally:
        await _cancel({task})


async def _follow_groups(parts: Assembly) -> None:
    """Learn of groups that moved while another process looked."""
    while True:
        await asyncio.sleep(GROUPS_EVERY_S)
        with contextlib.suppress(*UNAVAILABLE):
            async with parts.units.database.reading() as session:
                await parts.groups.load(session)


async def _until_stopped(loops: list[Coroutine[Any, Any, None]], stops: list[Callable[[], None]]) -> None:
    """Run the loops until a signal comes or one of them fails; ``stops`` are called before they are cancelled."""
    stopped = asyncio.Event()
    running = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(name, stopped.set)
    tasks = [asyncio.create_task(loop) for loop in loops]
    waiter = asyncio.create_task(stopped.wait())
    try:
        done, _ = await asyncio.wait([waiter, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for stop in stops:
            stop()
        await _cancel({waiter, *tasks})


async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel once and wait: a second cancellation would tear a session away while it is being closed."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
