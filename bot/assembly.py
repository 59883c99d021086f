"""Every part of the bot's process, put together from the settings."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aiogram import Bot
from aiogram.types import User
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from bot.aftermath import Aftermath
from bot.alarm import Alarm
from bot.answer_audit import AuditMessage
from bot.board import Board
from bot.budget import Budget
from bot.build_orders import BuildOrders
from bot.cancellations import Cancellations
from bot.desk_timers import DeskTimers
from bot.digest import Digest
from bot.dispatch import Updates
from bot.ephemeral import Ephemeral
from bot.erasing import Erasing
from bot.foresight import Foresight, Relevances, Vectors
from bot.groups import Groups
from bot.inbox import Inbox
from bot.knowledge_admin import KnowledgeAdmin
from bot.learning import Learning
from bot.order_views import OrderViews
from bot.outbox import Outbox, Parts
from bot.presence import Presence
from bot.quarantine import Quarantine
from bot.received import ReceivedFiles
from bot.releases import ReleaseFollower
from bot.rendering import Renderer
from bot.retention import Retaining
from bot.rota import Rota
from bot.sending import Sender
from bot.services import Services
from bot.stats_words import StatsWords
from bot.streams import StreamReader
from bot.suggestions import Suggestions
from bot.texts import Library
from bot.topics import Topics
from bot.turns import TurnClock
from bot.understanding import Understanding
from bot.unit import Clock, Unit, Units
from bot.waiting import Waiting
from bot.watching import Watching
from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from support import desk_file
from support.answer_audits import Draw
from support.database import Database
from support.desk import Desk
from support.desk_file import DeskFile
from support.flood import FallbackPace, FloodGuard, MemoryPace, RedisPace
from support.intents.current import CurrentClassifier
from support.intents.examples import load_intents
from support.jobs import GenerationResult
from support.leases import Lease, this_process
from support.order_desk import OrderDesk
from support.orders.base import OrderSource
from support.orders.lookup import OrderLookup
from support.orders.remote import RemoteOrders
from support.orders.sources import company_source, order_source
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
from support.suggesting import Lookup

if TYPE_CHECKING:
    from bot.metrics_feed import MetricsFeed

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
    timers: DeskTimers
    suggestions: Suggestions
    audit_message: AuditMessage
    quarantine: Quarantine
    learning: Learning
    rota: Rota
    erasing: Erasing
    retaining: Retaining
    alarm: Alarm
    metrics: "MetricsFeed | None"
    """None without METRICS_PORT."""
    cancellations: Cancellations
    results: StreamReader
    build_events: StreamReader
    orders: BuildOrders
    knowledge: KnowledgeAdmin
    received: ReceivedFiles
    releases: ReleaseFollower
    library: Library
    order_views: OrderViews
    company_orders: RemoteOrders | None
    """The company's own system, unless orders are imported."""
    redis: Redis
    streams: AsyncRedis


def assemble(settings: Settings, bot: Bot, me: User, groups: Groups, database: Database, *, now: Clock) -> Assembly:
    """Build the parts; nothing runs yet and nothing is asked of anybody.

    Raises:
        IntentsError: the intents' file cannot be used.
        DeskFileError: the desk file cannot be used.
        OrderSourceError: the company's order system cannot be used.
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
    file = desk_file.load(settings.desk_file)
    rota = Rota(groups, file, library.of(settings.operators_language))
    vectors, relevances = Vectors(), Relevances()
    current = CurrentKnowledge(store, vectors.find, relevances.find if settings.reranker_model else None)
    company = company_source(settings)
    company_orders = None if company is None else RemoteOrders(company)
    orders_source = order_source(company_orders, database.reading)
    desk = _desk(settings, orders_source, current, file, vectors)
    lease = Lease(database, f"telegram:{me.id}")
    budget = Budget()
    admin_texts = library.of(settings.operators_language)
    topics = Topics(bot, units, groups, admin_texts)
    labels = {name: intent.label(admin_texts.language) for name, intent in desk.intents.items()}
    renderer = Renderer(library, settings.operators_language, cancellations, rota, file, labels)
    aftermath = Aftermath(desk, renderer, groups, settings.admin_ids)
    watching = Watching(
        units, file, StatsWords(admin_texts, labels), settings.answer_threshold, settings.threshold_is_set
    )
    outbox = Outbox(
        Parts(
            units=units,
            lease=lease,
            budget=budget,
            groups=groups,
            topics=topics,
            sender=Sender(bot, topics, fill=watching.fill),
            aftermath=aftermath,
        ),
        news,
    )

    async def more(unit: Unit, chat_id: int) -> bool:
        return await inbox.waits(unit, chat_id)

    understanding = Understanding(database, desk, queue, streams, now)
    foresight = Foresight(streams, units, desk.search, current, vectors, relevances, settings.reranker_model)

    async def known(turn_id: int) -> Understood | None:
        await foresight.hear(turn_id)
        understood = await understanding.of(turn_id)
        await foresight.prepare(turn_id, understood)
        return understood

    clock = TurnClock(units, desk, renderer, queue, more, understood=known, before_settling=foresight.prepare_again)
    orders = BuildOrders(units, store, settings.knowledge_dir, BuildQueue(redis=redis), queue)
    knowledge = KnowledgeAdmin(
        units, store, current, orders, lambda number: announce_release(redis, number), admin_texts
    )
    received = ReceivedFiles(bot, units, knowledge, settings.knowledge_dir, settings.data_dir / "received")
    order_views = OrderViews(orders_source, units, admin_texts, Ephemeral(bot, budget))
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
        quarantine=Quarantine(database, current),
        learning=Learning(database, desk.classifier, foresight),
        order_views=order_views,
        watching=watching,
        file=file,
    )
    updates = Updates(bot, services)
    flood = FloodGuard(FallbackPace(RedisPace(streams), MemoryPace()))
    inbox = Inbox(me.id, database, units, updates.handle, updates.give_up, flood=flood)
    metrics = None
    if settings.metrics_port is not None:
        # 45 ms that nobody else need wait for.
        from bot.metrics import Metrics  # noqa: PLC0415
        from bot.metrics_feed import MetricsFeed  # noqa: PLC0415

        metrics = MetricsFeed(Metrics(), units, lease, budget, outbox, queue, current, file)
    consumer = this_process()
    return Assembly(
        units=units,
        lease=lease,
        groups=groups,
        inbox=inbox,
        outbox=outbox,
        clock=clock,
        presence=Presence(bot, units, outbox.sends, budget),
        waiting=Waiting(
            units, lease, renderer, queue, topics, budget, Digest(units, groups, budget, admin_texts, file)
        ),
        board=Board(units, lease, groups, admin_texts, file, labels),
        timers=DeskTimers(units, lease, renderer, admin_texts),
        quarantine=services.quarantine,
        audit_message=AuditMessage(units, lease, groups, admin_texts),
        learning=services.learning,
        suggestions=Suggestions(
            units,
            lease,
            Lookup(desk.search, desk.classifier, desk.deadline),
            foresight.prepare,
            clock.start_generation,
        ),
        rota=rota,
        erasing=erasing,
        retaining=Retaining(units, lease, erasing, file.retention),
        alarm=Alarm(units, lease, watching.words, file.hours, settings.admin_ids),
        metrics=metrics,
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
        order_views=order_views,
        company_orders=company_orders,
        redis=redis,
        streams=streams,
    )


def _desk(
    settings: Settings, orders: OrderSource, knowledge: CurrentKnowledge, file: DeskFile, vectors: Vectors
) -> Desk:
    intents = load_intents(settings.intents_file)
    knowledge.get()  # loaded now, not when the first customer asks
    return Desk(
        classifier=CurrentClassifier(intents, vectors.find),
        intents={intent.name: intent for intent in intents},
        knowledge=knowledge,
        orders=OrderDesk(OrderLookup(orders)),
        threshold=settings.answer_threshold,
        threshold_is_set=settings.threshold_is_set,
        draw=Draw(settings.audit_one_in, Secret(settings.data_dir)),
        deadline=timedelta(seconds=settings.answer_deadline_s),
        file=file,
    )
