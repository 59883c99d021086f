"""The knowledge base in an administrator's hands: its state, and building it again with progress in the chat."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from aiogram.methods import EditMessageText, SendMessage
from redis.exceptions import RedisError
from sqlalchemy import select

from bot.rendering import cut
from bot.texts import Texts
from bot.unit import Unit, Units
from knowledge.releases import ReleaseStore
from support.builds import BuildDone, BuildEvent, BuildFailed, BuildProgress, BuildRequest, parse_event
from support.deliveries import Priority
from support.queue import BUILD_QUEUE, BuildQueue, GenerationQueue
from support.tables import AuditRow, DeliveryRow

PROGRESS_EVERY_S: Final = 2.0
ERRORS_SHOWN: Final = 20
log = structlog.get_logger()


@dataclass(slots=True)
class KnowledgeAdmin:
    """Answers /kb, orders builds, and tells who ordered one how it goes."""

    units: Units
    store: ReleaseStore
    sources: Path
    builds: BuildQueue
    workers: GenerationQueue
    texts: Texts
    _last_progress: dict[str, datetime] = field(default_factory=dict)
    _orders: set[asyncio.Task[None]] = field(default_factory=set)

    def state(self, now: datetime) -> str:
        """Say which release answers, how large and how old it is."""
        current = self.store.current()
        info = next((info for info in self.store.infos() if info.number == current), None)
        if info is None:
            return self.texts("kb-none")
        return self.texts(
            "kb-state",
            release=info.number,
            articles=info.articles,
            chunks=info.chunks,
            age=age(self.texts, now - info.built_at),
        )

    async def reload(self, unit: Unit, chat_id: int, thread_id: int | None, actor_id: int, request_id: str) -> None:
        """Order a build; the request's id is the key of the message that shows its progress."""
        unit.session.add(AuditRow(at=unit.now, actor_id=actor_id, action="kb_reload", detail={"request": request_id}))
        message = SendMessage(chat_id=chat_id, text=self.texts("kb-building"), message_thread_id=thread_id)
        await unit.to_chat(message, chat_id, request_id, priority=Priority.CARD)
        unit.after_commit.append(lambda: self._order_soon(request_id))

    async def on_event(self, payload: str) -> None:
        """Show an event of the build stream to whom ordered the build."""
        event = parse_event(payload)
        now = datetime.now(UTC)
        last = self._last_progress.get(event.request_id)
        if isinstance(event, BuildProgress):
            if last is not None and now - last < timedelta(seconds=PROGRESS_EVERY_S):
                return
            self._last_progress[event.request_id] = now
        else:
            self._last_progress.pop(event.request_id, None)
        await self._show(event, now)

    async def _show(self, event: BuildEvent, now: datetime) -> None:
        async with self.units.open() as unit:
            ordered = (
                await unit.session.scalars(select(DeliveryRow).where(DeliveryRow.key == event.request_id))
            ).one_or_none()
            if ordered is None or ordered.chat_id is None:
                return
            match event:
                case BuildProgress(stage=stage, done=done, total=total):
                    if ordered.message_id is None:
                        return
                    text = self.texts("kb-progress", stage=stage, done=done, total=total)
                    edit = EditMessageText(chat_id=ordered.chat_id, message_id=ordered.message_id, text=text)
                    key = f"{event.request_id}:{now.timestamp():.1f}"
                    await unit.to_chat(edit, ordered.chat_id, key, priority=Priority.EDIT)
                case BuildDone() | BuildFailed():
                    thread_id = ordered.payload.get("message_thread_id")
                    message = SendMessage(
                        chat_id=ordered.chat_id, text=self._result(event), message_thread_id=thread_id
                    )
                    await unit.to_chat(message, ordered.chat_id, f"{event.request_id}:end", priority=Priority.CARD)

    def _result(self, event: BuildDone | BuildFailed) -> str:
        if isinstance(event, BuildFailed):
            return self.texts("kb-failed", reason=event.detail)
        text = self.texts(
            "kb-done",
            release=event.release,
            articles=event.articles,
            chunks=event.chunks,
            seconds=f"{event.seconds:.1f}",
        )
        if not event.errors:
            return text
        errors = (f"• {error}" for error in event.errors[:ERRORS_SHOWN])
        return cut("\n".join([text, "", self.texts("kb-errors"), *errors]), [])[0]

    def _order_soon(self, request_id: str) -> None:
        task = asyncio.create_task(self._order(request_id))
        # The event loop itself holds its tasks only weakly.
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    async def _order(self, request_id: str) -> None:
        request = BuildRequest(
            request_id=request_id, sources=str(self.sources.resolve()), releases=str(self.store.root.resolve())
        )
        try:
            workers = await asyncio.to_thread(self.workers.live_workers, BUILD_QUEUE)
            if workers:
                await asyncio.to_thread(self.builds.put, request)
                return
        except RedisError as error:
            log.error("Redis is gone: the build cannot be ordered", error=type(error).__name__)
        await self._show(BuildFailed(request_id=request_id, detail=self.texts("kb-no-worker")), datetime.now(UTC))


def age(texts: Texts, elapsed: timedelta) -> str:
    """Put an age into words: minutes, hours or days."""
    minutes = int(elapsed.total_seconds() // 60)
    if minutes < 60:  # noqa: PLR2004  # minutes in an hour
        return texts("age-minutes", n=minutes)
    hours = minutes // 60
    return texts("age-hours", n=hours) if hours < 48 else texts("age-days", n=hours // 24)  # noqa: PLR2004  # two days
