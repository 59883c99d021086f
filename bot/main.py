"""The bot's process: composition root, start and stop."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Final

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import User
from aiogram.utils.token import TokenValidationError
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from bot.budget import Budget
from bot.dispatch import Updates
from bot.inbox import Inbox
from bot.knowledge_admin import KnowledgeAdmin
from bot.outbox import Outbox
from bot.polling import Poller, TokenRevokedError
from bot.rendering import Renderer
from bot.services import Services
from bot.startup import StartError, check_groups, identify, leave_webhook, publish_commands
from bot.streams import StreamReader
from bot.texts import Library
from bot.topics import Topics
from bot.turns import TurnClock
from bot.unit import Units
from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from support.database import Database
from support.desk import Desk
from support.intents.classifier import IntentClassifier
from support.intents.examples import IntentsError, load_intents
from support.jobs import GenerationResult
from support.order_desk import OrderDesk
from support.orders.lookup import OrderLookup
from support.orders.sql import SqlOrders
from support.queue import BUILD_STREAM, RESULTS_GROUP, RESULTS_STREAM, BuildQueue, GenerationQueue
from support.settings import Settings

CONFIGURATION_EXIT: Final = 2
REDIS_TIMEOUT_S: Final = 5
CANCEL_AGAIN_S: Final = 10.0
log = structlog.get_logger()


async def run(settings: Settings, *, on_ready: Callable[[], None] = lambda: None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code: 0, or 2 when the configuration is wrong."""
    try:
        bot = _telegram(settings)
    except StartError as error:
        log.error(str(error))  # a sentence for a person
        return CONFIGURATION_EXIT
    for name in settings.without_effect:
        log.warning("set, but without effect in this version", setting=name)
    database = Database(settings.sql_url)
    try:
        me = await identify(bot)
        await check_groups(bot, settings.operators_chat_id, me.id)
        await _serve(settings, bot, me, database, on_ready)
    except (StartError, TokenRevokedError, IntentsError) as error:
        log.error(str(error))  # a sentence for a person
        return CONFIGURATION_EXIT
    finally:
        await bot.session.close()
        await database.close()
    return 0


def _telegram(settings: Settings) -> Bot:
    token = settings.bot_token.get_secret_value()
    if not token:
        raise StartError("BOT_TOKEN is not set: get one from @BotFather, or try «otvet demo» without a token")
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_api_url))
    try:
        return Bot(token, session=session)
    except TokenValidationError:
        raise StartError("BOT_TOKEN is malformed: it looks like 123456:ABC…, as @BotFather gave it") from None


async def _serve(settings: Settings, bot: Bot, me: User, database: Database, on_ready: Callable[[], None]) -> None:
    library = Library()
    store = ReleaseStore(settings.releases_dir)
    budget = Budget()
    groups = settings.operators_chat_id
    topics = Topics(bot, database, budget, groups)
    outbox = Outbox(bot, database, budget, topics)
    units = Units(database, outbox.wake)
    redis = Redis.from_url(settings.redis_url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
    queue = GenerationQueue(redis=redis)
    intents = load_intents(settings.intents_file)
    desk = Desk(
        classifier=IntentClassifier.fit(intents),
        intents={intent.name: intent for intent in intents},
        knowledge=CurrentKnowledge(store),
        orders=OrderDesk(OrderLookup(SqlOrders(database.reading))),
        threshold=settings.answer_threshold,
        deadline=timedelta(seconds=settings.answer_deadline_s),
    )
    renderer = Renderer(library, settings.operators_language)
    clock = TurnClock(units, desk, renderer, queue, outbox)
    admin_texts = library.of(settings.operators_language)
    builds = BuildQueue(redis=redis)
    services = Services(
        desk=desk,
        clock=clock,
        renderer=renderer,
        library=library,
        knowledge=KnowledgeAdmin(units, store, settings.knowledge_dir, builds, queue, admin_texts),
        groups=groups,
        admins=settings.admin_ids,
        company=settings.company_name,
    )
    updates = Updates(bot, services)
    inbox = Inbox(me.id, database, units, updates.handle, updates.give_up)
    # Longer than a reader blocks; without it a connection that died silently is read for ever.
    streams = AsyncRedis.from_url(settings.redis_url, socket_timeout=REDIS_TIMEOUT_S)
    results = StreamReader(
        streams, RESULTS_STREAM, RESULTS_GROUP, lambda text: clock.settle(GenerationResult.model_validate_json(text))
    )
    build_events = StreamReader(streams, BUILD_STREAM, RESULTS_GROUP, services.knowledge.on_event)

    def ready() -> None:
        log.info("the bot serves", username=me.username)
        on_ready()

    poller = Poller(settings.telegram_api_url, settings.bot_token.get_secret_value(), inbox.store, ready)
    desk.knowledge.get()
    await leave_webhook(bot)
    await publish_commands(bot, library)
    await inbox.resume()
    try:
        await _until_stopped(
            [outbox.run(), clock.run(), results.run(), build_events.run(), poller.run()],
            [results.stop, build_events.stop],
        )
    finally:
        log.info("stopping: what is in hand is finished")
        await inbox.stop()
        await clock.stop()
        await outbox.stop()
        await streams.aclose()
        redis.close()


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
