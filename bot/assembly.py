"""Every part of the bot's process, put together from the settings."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiogram import Bot
from aiogram.types import User
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from bot.aftermath import Aftermath
from bot.board import Board
from bot.budget import Budget
from bot.build_orders import BuildOrders
from bot.cancellations import Cancellations
from bot.digest import Digest
from bot.dispatch import Updates
from bot.erasing import Erasing
from bot.foresight import Foresight, Relevances, Vectors
from bot.groups import Groups
from bot.inbox import Inbox
from bot.knowledge_admin import KnowledgeAdmin
from bot.outbox import Outbox, Parts
from bot.presence import Presence
from bot.received import ReceivedFiles
from bot.releases import ReleaseFollower
from bot.rendering import Renderer
from bot.retention import Retaining
from bot.sending import Sender
from bot.services import Services
from bot.streams import StreamReader
from bot.texts import Library
from bot.topics import Topics
from bot.turns import TurnClock
from bot.understanding import Understanding
from bot.unit import Clock, Unit, Units
from bot.waiting import Waiting
from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from support import desk_file
from support.database import Database
from support.desk import Desk
from support.flood import FallbackPace, FloodGuard, MemoryPace, RedisPace
from support.intents.classifier import IntentClassifier
from support.intents.examples import load_intents
from support.jobs import GenerationResult
from support.leases import Lease, this_process
from support.order_desk import OrderDesk
from support.orders.lookup import OrderLookup
from support.orders.sql import SqlOrders
from support.queue import (
    BUILD_STREAM,
    RESULTS_GROUP,
    RESULTS_STREAM,
    BuildQueue,
    GenerationQueue,
    announce_release,
)
from support.readings import Understood
from support.secret import Secret
from support.settings import Settings

REDIS_TIMEOUT_S: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The running parts, and what must be closed at the end."""

    units: Units
    lease: Lease
    groups: Groups
    inbox: Inbox
    outbox: Outbox
    clock: TurnClock
    presence: Presence
    waiting: Waiting
    board: Board
    erasing: Erasing
    retaining: Retaining
    cancellations: Cancellations
    results: StreamReader
    build_events: StreamReader
    orders: BuildOrders
    knowledge: KnowledgeAdmin
    received: ReceivedFiles
    releases: ReleaseFollower
    library: Library
    redis: Redis
    streams: AsyncRedis


def assemble(settings: Settings, bot: Bot, me: User, groups: Groups, database: Database, *, now: Clock) -> Assembly:
    """Build the parts; nothing runs yet and nothing is asked of anybody.

    Raises:
        IntentsError: the intents' file cannot be used.
        DeskFileError: the desk file cannot be used.
    """
    news = asyncio.Event()
    units = Units(database, news.set, now)
    library = Library()
    redis = Redis.from_url(settings.redis_url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
    # Longer than a reader blocks; without it a connection that died silently is read for ever.
    streams = AsyncRedis.from_url(settings.redis_url, socket_timeout=REDIS_TIMEOUT_S)
    queue = GenerationQueue(redis=redis)
    store = ReleaseStore(settings.releases_dir)
    cancellations = Cancellations(queue)
    renderer = Renderer(library, settings.operators_language, cancellations)
    vectors, relevances = Vectors(), Relevances()
    current = CurrentKnowledge(store, vectors.find, relevances.find if settings.reranker_model else None)
    desk = _desk(settings, database, current)
    file = desk_file.load(settings.desk_file)
    lease = Lease(database, f"telegram:{me.id}")
    budget = Budget()
    topics = Topics(bot, units, groups, library.of(settings.operators_language))
    aftermath = Aftermath(desk, renderer, groups, settings.admin_ids)
    outbox = Outbox(
        Parts(
            units=units,
            lease=lease,
            budget=budget,
            groups=groups,
            topics=topics,
            sender=Sender(bot, topics),
            aftermath=aftermath,
        ),
        news,
    )

    async def more(unit: Unit, chat_id: int) -> bool:
        return await inbox.waits(unit, chat_id)

    understanding = Understanding(database, desk, queue, streams, now)
    foresight = Foresight(streams, units, desk.search, current, vectors, relevances, settings.reranker_model)

    async def known(turn_id: int) -> Understood | None:
        understood = await understanding.of(turn_id)
        await foresight.prepare(turn_id, understood)
        return understood

    clock = TurnClock(units, desk, renderer, queue, more, understood=known, before_settling=foresight.prepare_again)
    admin_texts = library.of(settings.operators_language)
    orders = BuildOrders(units, store, settings.knowledge_dir, BuildQueue(redis=redis), queue)
    knowledge = KnowledgeAdmin(
        units, store, current, orders, lambda number: announce_release(redis, number), admin_texts
    )
    received = ReceivedFiles(bot, units, knowledge, settings.knowledge_dir, settings.data_dir / "received")
    erasing = Erasing(units, lease, streams, groups, Secret(settings.data_dir), admin_texts)
    services = Services(
        desk=desk,
        clock=clock,
        renderer=renderer,
        cancellations=cancellations,
        library=library,
        knowledge=knowledge,
        received=received,
        erasing=erasing,
        groups=groups,
        topics=topics,
        admins=settings.admin_ids,
        company=settings.company_name,
        file=file,
    )
    updates = Updates(bot, services)
    flood = FloodGuard(FallbackPace(RedisPace(streams), MemoryPace()))
    inbox = Inbox(me.id, database, units, updates.handle, updates.give_up, flood=flood)
    consumer = this_process()
    return Assembly(
        units=units,
        lease=lease,
        groups=groups,
        inbox=inbox,
        outbox=outbox,
        clock=clock,
        presence=Presence(bot, units, outbox.sends, budget),
        waiting=Waiting(units, lease, renderer, queue, topics, budget, Digest(units, groups, budget, admin_texts)),
        board=Board(units, lease, groups, admin_texts, file),
        erasing=erasing,
        retaining=Retaining(units, lease, erasing, file.retention),
        cancellations=cancellations,
        results=StreamReader(
            streams,
            RESULTS_STREAM,
            RESULTS_GROUP,
            lambda text: clock.settle(GenerationResult.model_validate_json(text)),
            consumer=consumer,
        ),
        build_events=StreamReader(streams, BUILD_STREAM, RESULTS_GROUP, knowledge.on_event, consumer=consumer),
        orders=orders,
        knowledge=knowledge,
        received=received,
        releases=ReleaseFollower(streams, current),
        library=library,
        redis=redis,
        streams=streams,
    )


def _desk(settings: Settings, database: Database, knowledge: CurrentKnowledge) -> Desk:
    intents = load_intents(settings.intents_file)
    knowledge.get()  # loaded now, not when the first customer asks
    return Desk(
        classifier=IntentClassifier.fit(intents),
        intents={intent.name: intent for intent in intents},
        knowledge=knowledge,
        orders=OrderDesk(OrderLookup(SqlOrders(database.reading))),
        threshold=settings.answer_threshold,
        deadline=timedelta(seconds=settings.answer_deadline_s),
    )
