"""The operators' digest while cards wait: one message a group in General, edited in place, gone quiet with the backlog.

It lives in the ledger alone: the post under ``digest:<group>:<start>``, its edits under that key with the time after
it, the last one under ``…:over``. A restart goes on with the same message.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from aiogram.methods import EditMessageText, SendMessage
from sqlalchemy import func, select

from bot.budget import Budget
from bot.estimate import minutes_until_shown
from bot.groups import Groups
from bot.texts import Texts
from bot.unit import Unit, Units
from support.backlog import WaitingCard
from support.deliveries import OPEN_STATES, DeliveryRepository, DeliveryState, Priority
from support.tables import DeliveryRow

MANY: Final = 10
LONG_S: Final = 60.0
"""A backlog begins with more cards than MANY or with one older than this …"""
FEW: Final = 2
SHORT_S: Final = 20.0
"""… and is over when at most FEW wait, none of them longer than this."""
EVERY_S: Final = 60.0
"""An edit counts against the group's limit as any call."""
LOOK_BACK: Final = 100_000
"""Calls of the ledger among which an earlier process's digest is looked for."""
OVER: Final = "over"


@dataclass(slots=True)
class _Standing:
    """A digest that is shown."""

    key: str
    last_key: str
    """Of its newest change."""
    changed_at: float
    since: datetime


@dataclass(slots=True)
class Digest:
    """Posts and edits; called once in a while with what waits."""

    units: Units
    groups: Groups
    budget: Budget
    texts: Texts
    every_s: float = EVERY_S
    clock: Callable[[], float] = time.monotonic
    _standing: dict[int, _Standing | None] = field(default_factory=dict)
    _quiet_until: dict[int, float] = field(default_factory=dict)

    def forget(self) -> None:
        """Read again from the ledger what is shown: another process has sent meanwhile."""
        self._standing.clear()

    async def look(self, by_group: dict[int, list[WaitingCard]], now: datetime) -> None:
        """Show what waits in each group that can be reached."""
        for group in self.groups.working():
            await self._look(group, by_group.get(group, []), now)

    async def _look(self, group: int, cards: Sequence[WaitingCard], now: datetime) -> None:
        if group not in self._standing:
            self._standing[group] = await self._find(group, now)
        standing = self._standing[group]
        oldest_s = max(((now - card.opened_at).total_seconds() for card in cards), default=0.0)
        if standing is None:
            backlog = len(cards) > MANY or oldest_s > LONG_S
            if backlog and self.clock() >= self._quiet_until.get(group, 0.0):
                await self._post(group, cards, now)
        elif self.clock() - standing.changed_at >= self.every_s:
            over = len(cards) <= FEW and oldest_s <= SHORT_S
            await self._change(group, standing, [] if over else cards, now)

    async def _find(self, group: int, now: datetime) -> _Standing | None:
        """Return the digest that an earlier process left standing."""
        async with self.units.database.reading() as session:
            newest = await session.scalar(select(func.max(DeliveryRow.id))) or 0
            query = select(DeliveryRow).where(DeliveryRow.id > newest - LOOK_BACK)
            query = query.where(DeliveryRow.key.like(f"digest:{group}:%")).order_by(DeliveryRow.id.desc()).limit(1)
            row = (await session.scalars(query)).one_or_none()
        if row is None or row.key.endswith(OVER):
            return None
        prefix, number, start = row.key.split(":")[:3]
        age_s = max(0.0, (now - row.created_at).total_seconds())
        since = datetime.fromtimestamp(int(start), tz=now.tzinfo)
        return _Standing(f"{prefix}:{number}:{start}", row.key, self.clock() - age_s, since)

    async def _post(self, group: int, cards: Sequence[WaitingCard], now: datetime) -> None:
        key = f"digest:{group}:{int(now.timestamp())}"
        async with self.units.open() as unit:
            post = SendMessage(chat_id=group, text=self._text(group, cards))
            # Before the cards, or it would be shown when they all have been.
            await unit.to_chat(post, group, key, priority=Priority.ANSWER)
        self._standing[group] = _Standing(key, key, self.clock(), now)

    async def _change(self, group: int, standing: _Standing, cards: Sequence[WaitingCard], now: datetime) -> None:
        """Edit the message, or give it up when it is gone; no cards: all is sorted out."""
        async with self.units.open() as unit:
            repository = DeliveryRepository(unit.session)
            post, last = await repository.by_key(standing.key), await repository.by_key(standing.last_key)
            if last is not None and last.state in OPEN_STATES:
                return
            if post is None or post.message_id is None or last is None or last.state == DeliveryState.FAILED:
                self._end(group)
                return
            key = f"{standing.key}:{int(now.timestamp()) if cards else OVER}"
            text = self._text(group, cards) if cards else self._over(standing, now)
            await self._edit(unit, group, post.message_id, text, key)
        if cards:
            standing.last_key, standing.changed_at = key, self.clock()
        else:
            self._end(group)

    async def _edit(self, unit: Unit, group: int, message_id: int, text: str, key: str) -> None:
        edit = EditMessageText(chat_id=group, message_id=message_id, text=text)
        await unit.to_chat(edit, group, key, priority=Priority.ANSWER)

    def _end(self, group: int) -> None:
        self._standing[group] = None
        self._quiet_until[group] = self.clock() + self.every_s

    def _over(self, standing: _Standing, now: datetime) -> str:
        return self.texts("digest-over", since=_time(standing.since), until=_time(now))

    def _text(self, group: int, cards: Sequence[WaitingCard]) -> str:
        """Say how many wait, since when, how long it takes, and why they were escalated."""
        oldest = min(card.opened_at for card in cards)
        minutes = minutes_until_shown(self.budget, group, cards)
        head = self.texts("digest", n=len(cards), since=_time(oldest), minutes=minutes)
        reasons = Counter(card.reason for card in cards).most_common()
        lines = [f"• {self.texts('reason-' + reason.replace('_', '-'))}: {number}" for reason, number in reasons]
        return "\n".join([head, "", *lines])


def _time(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M}"
