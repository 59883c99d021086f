"""The operators' digest: one message a group in General, pinned and edited in place: who waits, who is overdue, today.

It appears when somebody waits and is edited at most once a minute, only when what it shows has changed. When everybody
has to be reminded it is posted anew, which notifies, and the former one is deleted: General never holds two. What
stands is in SQL (DigestRow), so a restart goes on with the same message and reminds nobody twice.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from aiogram.methods import DeleteMessage, EditMessageText, PinChatMessage, UnpinChatMessage
from aiogram.types import LinkPreviewOptions
from aiogram.utils.formatting import Text
from sqlalchemy.ext.asyncio import AsyncSession

from bot import digest_text
from bot.budget import Budget
from bot.digest_text import Backlog, DigestText
from bot.estimate import minutes_until_shown
from bot.groups import Groups
from bot.rendering import cut, send
from bot.texts import Texts
from bot.unit import Unit, Units
from support.backlog import WaitingCard
from support.deliveries import OPEN_STATES, DeliveryRepository, DeliveryState, Priority
from support.desk_file import DeskFile
from support.desk_tables import DigestRow, OperatorRow
from support.hours import today_began
from support.operators import OperatorRepository
from support.statistics import count_since
from support.tables import EscalationRow
from support.waiting_list import EVERYBODY_REMINDED, Waiter, waiting_list

MANY: Final = 10
LONG: Final = timedelta(seconds=60)
"""More cards than MANY wait for Telegram's limit, or one longer than LONG: that is said."""
SHOWN_FROM: Final = timedelta(minutes=2)
"""Who waits so long is shown: who is answered at once has his card, and needs no edit of the digest."""
LOOK_S: Final = 2.0
EVERY: Final = timedelta(seconds=60)
"""An edit counts against the group's limit as any call."""
AGAIN: Final = timedelta(minutes=15)
"""A group that does not take the digest (General is closed) is tried again after it."""
DELETABLE: Final = timedelta(hours=47)
"""A message can be deleted for two days (Bot API, deleteMessage), and a call may have to wait."""
NUMBERS_EVERY: Final = timedelta(minutes=15)
"""Today's numbers alone are no reason for an edit before."""


@dataclass(frozen=True, slots=True)
class _View:
    """What there is to show in a group."""

    group: int
    waiters: Sequence[Waiter]
    backlog: Backlog | None

    @property
    def to_call(self) -> list[Waiter]:
        """Those of whom everybody has to be reminded now."""
        return [waiter for waiter in self.waiters if waiter.remind_everybody]

    @property
    def is_worth_a_message(self) -> bool:
        """Whether a digest that does not stand yet has to."""
        return self.backlog is not None or bool(self.waiters)


@dataclass(slots=True)
class Digest:
    """Posts and edits; called often, looks now and then."""

    units: Units
    groups: Groups
    budget: Budget
    texts: Texts
    file: DeskFile
    clock: Callable[[], float] = time.monotonic
    _looks_at: float = 0.0
    _numbers_at: dict[int, float] = field(default_factory=dict)
    """When today's numbers are counted again in a group where nothing else changes."""

    async def look(self, by_group: dict[int, list[WaitingCard]], now: datetime) -> None:
        """Show in each group that can be reached who waits there; ``by_group``: cards that wait for the limit."""
        if self.clock() < self._looks_at:
            return
        self._looks_at = self.clock() + LOOK_S
        async with self.units.database.reading() as session:
            waiters = [one for one in await waiting_list(session, self.file, now) if now - one.since >= SHOWN_FROM]
        working = self.groups.working()
        for group in working:
            here = [waiter for waiter in waiters if self._group_of(waiter, working) == group]
            await self._look(_View(group, here, self._backlog(group, by_group.get(group, []), now)), now)

    def _group_of(self, waiter: Waiter, working: Sequence[int]) -> int:
        """Return where a customer's topic is, if it can be reached; else he is shown in the first group."""
        known = self.groups.present(waiter.topic_chat_id or 0)
        return known if known in working else working[0]

    def _backlog(self, group: int, cards: list[WaitingCard], now: datetime) -> Backlog | None:
        if len(cards) > MANY or any(now - card.opened_at > LONG for card in cards):
            return Backlog(cards, minutes_until_shown(self.budget, group, cards))
        return None

    async def _look(self, view: _View, now: datetime) -> None:
        async with self.units.database.reading() as session:
            row = await session.get(DigestRow, view.group)
            if row is None:
                if view.is_worth_a_message or view.to_call:
                    await self._post(view, None)
                return
            post = await DeliveryRepository(session).peek(row.post_key)
            last = await DeliveryRepository(session).peek(row.last_key)
        message_id = row.message_id
        if message_id is None and post is not None and post.message_id is not None:
            message_id = post.message_id
            await self._pin(view.group, message_id)
        if timedelta() <= now - row.changed_at < EVERY or (last is not None and last.state in OPEN_STATES):
            return
        if post is not None and post.state == DeliveryState.FAILED and now - row.posted_at < AGAIN:
            return
        gone = message_id is None or (last is not None and last.state == DeliveryState.FAILED)
        if view.to_call or (gone and view.is_worth_a_message):
            await self._post(view, message_id)
        elif message_id is not None and not gone:
            await self._change(view, row, message_id)

    async def _post(self, view: _View, former_id: int | None) -> None:
        """Post the digest; with somebody to remind everybody of, it notifies and takes the place of the former one."""
        async with self.units.open() as unit:
            for waiter in view.to_call:
                escalation = await unit.session.get_one(EscalationRow, waiter.escalation_id, with_for_update=True)
                if escalation.waiting_since == waiter.since:
                    escalation.reminded = EVERYBODY_REMINDED
            key = f"digest:{view.group}:{int(unit.now.timestamp())}"
            waiting = await self._waiting(unit.session, view, unit.now)
            drawn = DigestText(waiting, await self._numbers(unit.session, unit.now))
            post = send(drawn.whole, view.group)
            if not view.to_call:
                post.disable_notification = True
            # Before the cards, or what it says of them would be shown when they all have been.
            await unit.to_chat(post, view.group, key, priority=Priority.ANSWER)
            row = await unit.session.get(DigestRow, view.group) or DigestRow(chat_id=view.group)
            if former_id is not None:
                await self._remove(unit, view.group, former_id, row.posted_at)
            row.post_key, row.posted_at, row.message_id = key, unit.now, None
            self._note(row, key, drawn, unit.now)
            unit.session.add(row)

    async def _change(self, view: _View, known: DigestRow, message_id: int) -> None:
        """Edit the digest if that is worth a call."""
        now = self.units.clock()
        async with self.units.database.reading() as session:
            waiting = await self._waiting(session, view, now)
            if digest_text.fingerprint(waiting) == known.waiting:
                if self.clock() < self._numbers_at.get(view.group, 0.0) or now - known.changed_at < NUMBERS_EVERY:
                    return
                self._numbers_at[view.group] = self.clock() + NUMBERS_EVERY.total_seconds()
            drawn = DigestText(waiting, await self._numbers(session, now))
        if (digest_text.fingerprint(waiting), digest_text.fingerprint(drawn.numbers)) == (known.waiting, known.numbers):
            return
        async with self.units.open() as unit:
            row = await unit.session.get_one(DigestRow, view.group, with_for_update=True)
            key = f"{row.post_key}:{int(unit.now.timestamp())}"
            words, entities = cut(*drawn.whole.render())
            edit = EditMessageText(
                chat_id=view.group,
                message_id=message_id,
                text=words,
                entities=entities,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
            priority = Priority.EDIT if view.backlog is None else Priority.ANSWER
            await unit.to_chat(edit, view.group, key, priority=priority)
            self._note(row, key, drawn, unit.now)

    def _note(self, row: DigestRow, key: str, drawn: DigestText, now: datetime) -> None:
        row.last_key, row.changed_at = key, now
        row.waiting, row.numbers = digest_text.fingerprint(drawn.waiting), digest_text.fingerprint(drawn.numbers)

    async def _waiting(self, session: AsyncSession, view: _View, now: datetime) -> Text:
        called = await self._called(session, view)
        return digest_text.draw(self.texts, view.waiters, called, view.backlog, self.file.hours, now)

    async def _numbers(self, session: AsyncSession, now: datetime) -> Text:
        counts = await count_since(session, today_began(self.file.hours, now), self.file, now)
        return digest_text.numbers(self.texts, counts)

    async def _called(self, session: AsyncSession, view: _View) -> Sequence[OperatorRow] | None:
        """Return whom the digest reminds as long as somebody waits of whom all had to be reminded; None: nobody."""
        if not any(waiter.remind_everybody or waiter.reminded >= EVERYBODY_REMINDED for waiter in view.waiters):
            return None
        present = await OperatorRepository(session).present(view.group)
        return [operator for operator in present if operator.away_since is None]

    async def _pin(self, group: int, message_id: int) -> None:
        async with self.units.open() as unit:
            (await unit.session.get_one(DigestRow, group, with_for_update=True)).message_id = message_id
            pin = PinChatMessage(chat_id=group, message_id=message_id, disable_notification=True)
            await unit.to_chat(pin, group, f"pin:{group}:{message_id}", priority=Priority.ACTION)

    async def _remove(self, unit: Unit, group: int, message_id: int, posted_at: datetime) -> None:
        """Take the former digest away; what is too old for that says nothing of anybody any more."""
        unpin = UnpinChatMessage(chat_id=group, message_id=message_id)
        old = unit.now - posted_at > DELETABLE
        stub = EditMessageText(chat_id=group, message_id=message_id, text=self.texts("digest-replaced"))
        calls = (unpin, stub if old else DeleteMessage(chat_id=group, message_id=message_id))
        for number, call in enumerate(calls):
            key = f"digest:{group}:former:{message_id}:{number}"
            await unit.to_chat(call, group, key, priority=Priority.ACTION)
