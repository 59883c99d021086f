"""Who waits under load is told so: his place among the questions or among the operators' cards, never silence."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy import select

from bot.budget import Budget
from bot.digest import Digest
from bot.estimate import minutes_until_shown, seconds_shown
from bot.loops import keep_looking
from bot.rendering import Renderer
from bot.topics import Topics
from bot.unit import Unit, Units
from support.backlog import WaitingCard, WaitingTurn, waiting_cards, waiting_turns
from support.leases import Lease
from support.queue import GenerationQueue, Place
from support.tables import CustomerRow, EscalationRow, TurnRow
from support.turns import TurnState

LOOK_S: Final = 1.0
TURN_PATIENCE_S: Final = 8.0
CARD_PATIENCE_S: Final = 20.0
MOST_A_LOOK: Final = 25
"""Fewer than Telegram takes in a second: answers go out in between."""
log = structlog.get_logger()


@dataclass(slots=True)
class Waiting:
    """Looks for who waits; told by the process that sends, so that nobody is told by two."""

    units: Units
    lease: Lease
    renderer: Renderer
    queue: GenerationQueue
    topics: Topics
    budget: Budget
    digest: Digest
    clock: Callable[[], float] = time.monotonic
    _began: dict[str, float] = field(default_factory=dict)
    """Since when each waits, on the monotonic clock: jumps of the wall clock change nothing."""
    _told: set[str] = field(default_factory=set)
    """Keys of those who wait and know it; after a restart the ledger knows it."""

    async def run(self) -> None:
        """Tell whoever waits, until cancelled."""
        await keep_looking(self.lease, self.look, "who waits", every_s=LOOK_S)

    async def look(self) -> None:
        """Tell those who have waited long enough and do not know it yet; keep the operators' digest up to date."""
        async with self.units.database.reading() as session:
            cards, turns = await waiting_cards(session), await waiting_turns(session)
        now = self.units.clock()
        self._note(
            {_card_key(card): card.opened_at for card in cards}, {_turn_key(one): one.closed_at for one in turns}
        )
        by_group = self._by_group(cards)
        await self._tell_places(by_group)
        await self._tell_turns(turns)
        await self.digest.look(by_group, now)

    def _note(self, *waiting: dict[str, datetime]) -> None:
        now, here = self.units.clock(), self.clock()
        since = {key: at for one in waiting for key, at in one.items()}
        self._began = {
            key: self._began.get(key, here - max(0.0, (now - at).total_seconds())) for key, at in since.items()
        }
        self._told &= self._began.keys()

    def _is_due(self, key: str, patience_s: float) -> bool:
        return key not in self._told and self.clock() - self._began[key] >= patience_s

    def _by_group(self, cards: Sequence[WaitingCard]) -> dict[int, list[WaitingCard]]:
        """Return the cards of each group, in the order in which they go out."""
        groups = self.topics.groups
        anywhere = (groups.working() or groups.ids)[0]
        by_group: dict[int, list[WaitingCard]] = {}
        for card in cards:
            group = self.topics.known_group(card.customer_id, card.topic_chat_id) or anywhere
            by_group.setdefault(group, []).append(card)
        return by_group

    async def _tell_places(self, by_group: dict[int, list[WaitingCard]]) -> None:
        due = [
            (card.escalation_id, group, before)
            for group, cards in by_group.items()
            for before, card in enumerate(cards)
            if self._is_due(_card_key(card), CARD_PATIENCE_S)
        ]
        places = {escalation_id: (group, before) for escalation_id, group, before in due[:MOST_A_LOOK]}
        if not places:
            return
        async with self.units.open() as unit:
            query = select(EscalationRow.id, CustomerRow).join(CustomerRow, CustomerRow.id == EscalationRow.customer_id)
            query = query.where(EscalationRow.id.in_(list(places)), EscalationRow.closed_at.is_(None))
            for escalation_id, customer in await unit.session.execute(query):
                if _hears(customer):
                    group, before = places[escalation_id]
                    text = self._place(customer, group, by_group[group][: before + 1])
                    await self.renderer.say(unit, customer, f"escalation:{escalation_id}:place", text)
        self._told.update(f"escalation:{escalation_id}:place" for escalation_id in places)

    def _place(self, customer: CustomerRow, group: int, cards: Sequence[WaitingCard]) -> str:
        """Say how many cards go out before the last of these, or that none does now."""
        texts = self.renderer.library.of(customer.language)
        if group not in self.topics.groups.working():
            return texts("waiting-unreachable")
        minutes = minutes_until_shown(self.budget, group, cards)
        return texts("waiting-place", n=len(cards) - 1, minutes=minutes)

    async def _tell_turns(self, turns: Sequence[WaitingTurn]) -> None:
        due = [one for one in turns if self._is_due(_turn_key(one), TURN_PATIENCE_S)]
        if not due:
            return
        try:
            places = await asyncio.to_thread(self.queue.places)
        except RedisError as error:
            # Without Redis a person is called within seconds, and the customer hears of that.
            log.warning("places in the queue are unknown", error=type(error).__name__)
            return
        queued = [one for one in due if one.job_id in places][:MOST_A_LOOK]
        if not queued:
            return
        async with self.units.open() as unit:
            for one in queued:
                await self._tell_turn(unit, one, places[one.job_id])
        self._told.update(map(_turn_key, queued))

    async def _tell_turn(self, unit: Unit, waiting: WaitingTurn, place: Place) -> None:
        turn = await unit.session.get(TurnRow, waiting.turn_id)
        customer = await unit.session.get(CustomerRow, waiting.customer_id)
        if turn is None or customer is None or turn.state != TurnState.GENERATING or not _hears(customer):
            return
        text = self.renderer.library.of(customer.language)(
            "waiting-turn", n=place.before, seconds=seconds_shown(place.expected_s)
        )
        # Without the turn's number: that this did not arrive is no reason to call a person, as an answer's failure is.
        await self.renderer.say(unit, customer, _turn_key(waiting), text)


def _hears(customer: CustomerRow) -> bool:
    return customer.blocked_at is None and customer.banned_at is None


def _card_key(card: WaitingCard) -> str:
    return f"escalation:{card.escalation_id}:place"


def _turn_key(turn: WaitingTurn) -> str:
    # Begins as the words about a turn do: withdrawn when a person takes the conversation over.
    return f"turn:{turn.turn_id}:queue"
