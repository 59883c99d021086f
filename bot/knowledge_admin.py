"""The knowledge base in an administrator's hands: its state, builds with progress in the chat, switching releases."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from aiogram.methods import EditMessageText, SendMessage
from aiogram.types import InlineKeyboardMarkup
from redis.exceptions import RedisError
from sqlalchemy import select

from bot import knowledge_buttons as buttons
from bot.build_orders import BuildOrders
from bot.knowledge_words import KnowledgeWords, fitting
from bot.texts import Texts
from bot.unit import Unit, Units
from knowledge.current import CurrentKnowledge
from knowledge.differences import compare
from knowledge.errors import KnowledgeError
from knowledge.releases import ReleaseStore
from support.builds import BuildDone, BuildEvent, BuildFailed, BuildProgress, parse_event
from support.deliveries import Priority
from support.tables import AuditRow
from support.transport_tables import DeliveryRow

PROGRESS_EVERY_S: Final = 2.0
CONFIRM_WITHIN: Final = timedelta(minutes=10)
"""An older question is asked anew: much may have happened since."""
FILES: Final = "kb-f-"
"""Begins the request id of a build that received files have caused; their batch follows."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an administrator writes, and who he is."""

    chat_id: int
    thread_id: int | None
    actor_id: int
    actor: str


@dataclass(frozen=True, slots=True)
class Said:
    """What is shown, with its buttons."""

    text: str
    markup: InlineKeyboardMarkup | None = None
    instead: bool = False
    """In the place of the question that was answered by a button."""


@dataclass(slots=True)
class KnowledgeAdmin:
    """Answers /kb and its buttons, orders builds, and tells who ordered one how it goes."""

    units: Units
    store: ReleaseStore
    current: CurrentKnowledge
    orders: BuildOrders
    announce: Callable[[int], None]
    """Tells every process which release answers. Blocking."""
    texts: Texts
    _last_progress: dict[str, datetime] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def words(self) -> KnowledgeWords:
        """What administrators read."""
        return KnowledgeWords(self.texts)

    def state(self, now: datetime) -> Said:
        """Say which release answers, how large and how old it is, and offer what can be done."""
        infos = self.store.infos()
        number = self._number()
        info = next((info for info in infos if info.number == number), None)
        if number is None or info is None:
            return Said(self.texts("kb-none" if number is None else "kb-damaged"), buttons.again(self.texts))
        held = infos[-1] if infos[-1].held else None
        markup = buttons.state(
            self.texts,
            older=self.store.older(),
            newer=self.store.newer(),
            held=held.number if held else None,
            errors=len(info.errors),
            waiting=len(self.current.addresses.waiting()),
        )
        return Said(self.words.state(info, now, held, len(self.current.addresses.waiting())), markup)

    def difference(self) -> Said:
        """Say what the current release has changed."""
        number, older = self._number(), self.store.older() if self._number() else None
        if number is None or older is None:
            return Said(self.texts("kb-diff-one"))
        try:
            found = compare(self.store.chunks(older), self.store.chunks(number))
        except KnowledgeError as error:
            return Said(str(error))
        return Said(self.words.difference(found, older, number))

    def errors(self) -> Said:
        """Name what could not be read."""
        number = self._number()
        return Said(self.words.errors(None if number is None else self.store.info(number)))

    def addresses(self, *, instead: bool = False) -> Said:
        """Name the addresses and codes that no answer may hold before somebody has confirmed them, and offer to."""
        waiting = self.current.addresses.waiting()
        marked = [(_mark(one), one) for one, _ in waiting]
        return Said(self.words.addresses(waiting), buttons.addresses(self.texts, marked), instead=instead)

    async def decide(self, unit: Unit, place: Place, mark: str, *, show: bool) -> Said:
        """Show an address to customers from now on, or never; who decided is written down."""
        book = self.current.addresses
        one = next((one for one, _ in book.waiting() if _mark(one) == mark), None)
        if one is not None:
            await asyncio.to_thread(book.decide, [one], show=show)
            detail = {"address": one, "shown": show}
            unit.session.add(AuditRow(at=unit.now, actor_id=place.actor_id, action="kb_address", detail=detail))
        return self.addresses(instead=True)

    def ask_switch(self, to: int | None, now: datetime) -> Said:
        """Ask whether to switch to a release, to the one before unless said; say what that would change."""
        number = self._number()
        to = to or (self.store.older() if number else None)
        if number is None or to is None or to == number:
            return Said(self.texts("kb-rollback-none"))
        try:
            found = compare(self.store.chunks(number), self.store.chunks(to))
        except KnowledgeError:
            return Said(self.texts("kb-rollback-gone", release=to))
        lines = [self.texts("kb-rollback-ask", current=number, release=to), "", *self.words.articles(found)]
        markup = buttons.confirm_switch(self.texts, to, number, int(now.timestamp()))
        return Said(fitting(lines), markup)

    async def switch(self, unit: Unit, place: Place, to: int, current: int, issued: int) -> Said:
        """Switch to a release, if the question is fresh and nobody has switched since; who did it is written down."""
        if not 0 <= unit.now.timestamp() - issued <= CONFIRM_WITHIN.total_seconds():
            return Said(self.texts("kb-expired"), buttons.none(), instead=True)
        if self._number() != current:
            return Said(self.texts("kb-changed-meanwhile"), buttons.none(), instead=True)
        action = "kb_rollback" if to < current else "kb_forward"
        return replace(await self._switch(unit, place, to, action, "kb-switched"), instead=True)

    async def force(self, unit: Unit, place: Place, to: int) -> Said:
        """Switch to a release that was held back, whatever speaks against it."""
        info = self.store.info(to)
        if info is None or not info.held:
            return Said(self.texts("kb-changed-meanwhile"))
        return await self._switch(unit, place, to, "kb_force", "kb-forced")

    async def reload(self, unit: Unit, place: Place, request_id: str, reason: str = "/kb reload") -> None:
        """Order a build; the request's id is the key of the message that shows its progress."""
        busy = self.store.is_building() or await self._is_queued()
        text = self.texts("kb-building-next" if busy else "kb-building")
        message = SendMessage(chat_id=place.chat_id, text=text, message_thread_id=place.thread_id)
        await unit.to_chat(message, place.chat_id, request_id, priority=Priority.CARD)
        self.orders.order(unit, place.actor_id, request_id, built_by=place.actor, reason=reason)

    async def on_event(self, payload: str) -> None:
        """Show an event of the build stream to whom ordered the build."""
        event = parse_event(payload)
        now = datetime.now(UTC)
        if isinstance(event, BuildProgress):
            last = self._last_progress.get(event.request_id)
            if last is not None and now - last < timedelta(seconds=PROGRESS_EVERY_S):
                return
            self._last_progress[event.request_id] = now
        elif self.current.is_behind():
            # What is said to be live is live here; the other processes are told at the same time.
            await asyncio.to_thread(self.current.refresh)
        await self._show(event, now)

    async def give_up(self, request_id: str, key: str) -> None:
        """Tell who ordered a build that there will be none, and why."""
        failed = BuildFailed(request_id=request_id, cause="unexpected", detail=self.texts(key))
        await self._show(failed, datetime.now(UTC))

    async def _switch(self, unit: Unit, place: Place, to: int, action: str, key: str) -> Said:
        before = self._number()
        try:
            await asyncio.to_thread(self.store.rollback, to)
        except KnowledgeError as error:
            return Said(self.texts("kb-switch-failed", reason=self.words.reason(error)), buttons.none())
        detail = {"from": before, "to": to}
        unit.session.add(AuditRow(at=unit.now, actor_id=place.actor_id, action=action, detail=detail))
        unit.after_commit.append(lambda: self._soon(to))
        markup = buttons.after_switch(self.texts, before) if before else buttons.none()
        return Said(self.texts(key, release=to), markup)

    def _soon(self, number: int) -> None:
        task = asyncio.create_task(self._tell(number))
        # The event loop itself holds its tasks only weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, number: int) -> None:
        await asyncio.to_thread(self.current.refresh)
        try:
            await asyncio.to_thread(self.announce, number)
        except RedisError as error:
            log.warning("Redis is gone: other processes see the release by themselves", error=type(error).__name__)

    async def _is_queued(self) -> bool:
        try:
            return await asyncio.to_thread(self.orders.builds.is_busy)
        except RedisError:
            return False

    def _number(self) -> int | None:
        try:
            return self.store.current()
        except KnowledgeError:
            return 0

    async def _show(self, event: BuildEvent, now: datetime) -> None:
        async with self.units.open() as unit:
            query = select(DeliveryRow).where(DeliveryRow.key == event.request_id)
            ordered = (await unit.session.scalars(query)).one_or_none()
            if ordered is not None and ordered.chat_id is not None:
                await self._show_in(unit, ordered, ordered.chat_id, event, now)
        if not isinstance(event, BuildProgress):
            self._last_progress.pop(event.request_id, None)
            self.orders.end(event.request_id)

    async def _show_in(self, unit: Unit, ordered: DeliveryRow, chat_id: int, event: BuildEvent, now: datetime) -> None:
        if isinstance(event, BuildProgress):
            await self._edit(unit, ordered, chat_id, self.words.progress(event), f"{now.timestamp():.1f}")
            return
        said = self._result(event)
        message = SendMessage(
            chat_id=chat_id,
            text=said.text,
            message_thread_id=ordered.payload.get("message_thread_id"),
            reply_markup=said.markup,
        )
        await unit.to_chat(message, chat_id, f"{event.request_id}:end", priority=Priority.CARD)
        await self._edit(unit, ordered, chat_id, self.texts("kb-over"), "over")

    async def _edit(self, unit: Unit, ordered: DeliveryRow, chat_id: int, text: str, name: str) -> None:
        if ordered.message_id is not None:
            edit = EditMessageText(chat_id=chat_id, message_id=ordered.message_id, text=text)
            await unit.to_chat(edit, chat_id, f"{ordered.key}:{name}", priority=Priority.EDIT)

    def _result(self, event: BuildDone | BuildFailed) -> Said:
        if isinstance(event, BuildFailed):
            cause = self.texts(f"kb-cause-{event.cause}", detail=self.words.reason(event.detail))
            return Said(self.texts("kb-failed", reason=cause), buttons.again(self.texts))
        batch = event.request_id.removeprefix(FILES) if event.request_id.startswith(FILES) else None
        text = self.words.done(event, self._number())
        match event.outcome:
            case "held":
                return Said(text, buttons.held(self.texts, event.release, batch))
            case "unchanged":
                return Said(text, buttons.done(self.texts, older=None, batch=None, waiting=event.waiting.n))
            case "switched":
                markup = buttons.done(self.texts, older=self.store.older(), batch=batch, waiting=event.waiting.n)
                return Said(text, markup)


def _mark(address: str) -> str:
    """Return what stands for an address in a button, whose data has 64 bytes."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def detail_of(place: Place, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """Return what an audit entry says about where something was ordered."""
    return {"chat_id": place.chat_id, "thread_id": place.thread_id, "actor": place.actor, **more}
