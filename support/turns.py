"""Turns: what one customer asked, possibly in several messages. Callers own the transaction."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.jobs import Exchange, Language
from support.tables import CustomerRow, MessageRow, TurnRow

DEBOUNCE: Final = timedelta(seconds=0.7)
DEBOUNCE_FRAGMENT: Final = timedelta(seconds=2.5)
DEBOUNCE_MOST: Final = timedelta(seconds=5)
FRAGMENT_WORDS: Final = 2
HISTORY_LENGTH: Final = 6
HISTORY_AGE: Final = timedelta(minutes=30)

_TRAILS_OFF = re.compile(r"(?:[,:;\-–—(]|\.\.\.|…|\b(?:и|а|но|или|что|and|but|or|that|the|my))\s*$", re.IGNORECASE)
_COMPLETE = re.compile(r"[?!.)]\s*$|[\w.+-]+@[\w-]+\.\w+|\d{4,}")


class TurnState(StrEnum):
    """Where a turn stands; the first two are open, and a customer has at most one open turn."""

    COLLECTING = "collecting"
    GENERATING = "generating"
    CLARIFYING = "clarifying"
    ANSWERED = "answered"
    ESCALATED = "escalated"
    SUPERSEDED = "superseded"


OPEN_STATES: Final = (TurnState.COLLECTING, TurnState.GENERATING)


@dataclass(frozen=True, slots=True)
class Words:
    """One message of a customer as far as a turn needs it."""

    message_id: int
    kind: str
    text: str
    album: bool = False


def debounce(words: Words) -> timedelta:
    """How long to wait for more: longer after a fragment («Здравствуйте», «а ещё,») and inside an album."""
    text = words.text.strip()
    fragment = _TRAILS_OFF.search(text) or (len(text.split()) <= FRAGMENT_WORDS and not _COMPLETE.search(text))
    return DEBOUNCE_FRAGMENT if words.album or fragment else DEBOUNCE


class TurnRepository:
    """Reads and writes of turns and their messages."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, turn_id: int) -> TurnRow:
        """Return a turn that exists, locked until the transaction ends."""
        return (await self._session.scalars(select(TurnRow).where(TurnRow.id == turn_id).with_for_update())).one()

    async def find(self, turn_id: int) -> TurnRow | None:
        """Return a turn, locked until the transaction ends."""
        return (
            await self._session.scalars(select(TurnRow).where(TurnRow.id == turn_id).with_for_update())
        ).one_or_none()

    async def open_of(self, customer_id: int) -> TurnRow | None:
        """Return the customer's open turn."""
        query = select(TurnRow).where(TurnRow.customer_id == customer_id, TurnRow.state.in_(OPEN_STATES))
        return (await self._session.scalars(query.with_for_update())).one_or_none()

    async def waiting_of(self, customer_id: int) -> list[TurnRow]:
        """Return the customer's turns that nobody has answered yet, those that wait for a button included."""
        waiting = (*OPEN_STATES, TurnState.CLARIFYING)
        query = select(TurnRow).where(TurnRow.customer_id == customer_id, TurnRow.state.in_(waiting))
        return list(await self._session.scalars(query.order_by(TurnRow.id).with_for_update()))

    async def unfinished(self) -> list[TurnRow]:
        """Return every open turn, oldest first."""
        return list(
            await self._session.scalars(select(TurnRow).where(TurnRow.state.in_(OPEN_STATES)).order_by(TurnRow.id))
        )

    async def collect(self, customer: CustomerRow, words: Words, language: Language, now: datetime) -> TurnRow:
        """Add a message to the open turn, or open one; a turn in generation begins anew under a new epoch."""
        turn = await self.open_of(customer.id)
        if turn is None:
            await self._supersede_clarifying(customer.id, now)
            turn = TurnRow(
                customer_id=customer.id,
                state=TurnState.COLLECTING,
                text="",
                language=language,
                opened_at=now,
                closes_at=now + debounce(words),
            )
            self._session.add(turn)
            await self._session.flush()
        else:
            self._reopen(turn, now, debounce(words))
        await self.add_message(customer, words, now, turn_id=turn.id)
        turn.text = await self._text_of(turn.id)
        turn.language = language
        return turn

    async def edit(self, customer: CustomerRow, message_id: int, text: str, now: datetime) -> TurnRow | None:
        """Change a message of the open turn; None when the message is not part of one."""
        query = select(MessageRow).where(MessageRow.chat_id == customer.chat_id, MessageRow.message_id == message_id)
        message = (await self._session.scalars(query)).one_or_none()
        if message is None:
            return None
        message.text = text
        turn = await self.open_of(customer.id)
        if turn is None or message.turn_id != turn.id:
            return None
        self._reopen(turn, now, DEBOUNCE)
        turn.text = await self._text_of(turn.id)
        return turn

    async def add_message(
        self,
        customer: CustomerRow,
        words: Words,
        now: datetime,
        *,
        turn_id: int | None = None,
        speaker: str = "customer",
    ) -> None:
        """Store a message of the private chat; one that is known already stays as it is."""
        query = select(MessageRow.id).where(
            MessageRow.chat_id == customer.chat_id, MessageRow.message_id == words.message_id
        )
        if await self._session.scalar(query) is not None:
            return
        self._session.add(
            MessageRow(
                customer_id=customer.id,
                turn_id=turn_id,
                chat_id=customer.chat_id,
                message_id=words.message_id,
                speaker=speaker,
                kind=words.kind,
                text=words.text,
                created_at=now,
            )
        )
        await self._session.flush()

    async def history(self, turn: TurnRow, now: datetime) -> tuple[Exchange, ...]:
        """Return what was said shortly before the turn, oldest first."""
        query = (
            select(MessageRow)
            .where(
                MessageRow.customer_id == turn.customer_id,
                MessageRow.turn_id.is_distinct_from(turn.id),
                MessageRow.created_at > now - HISTORY_AGE,
                MessageRow.text != "",
                MessageRow.speaker.in_(("customer", "bot", "operator")),
            )
            .order_by(MessageRow.id.desc())
            .limit(HISTORY_LENGTH)
        )
        rows = list(await self._session.scalars(query))
        return tuple(Exchange.model_validate({"speaker": row.speaker, "text": row.text}) for row in reversed(rows))

    async def messages_of(self, *turn_ids: int) -> list[MessageRow]:
        """Return the customer's messages of the turns, oldest first."""
        query = select(MessageRow).where(MessageRow.turn_id.in_(turn_ids), MessageRow.speaker == "customer")
        return list(await self._session.scalars(query.order_by(MessageRow.id)))

    async def _text_of(self, turn_id: int) -> str:
        return "\n".join(row.text for row in await self.messages_of(turn_id) if row.text.strip())

    async def _supersede_clarifying(self, customer_id: int, now: datetime) -> None:
        query = select(TurnRow).where(TurnRow.customer_id == customer_id, TurnRow.state == TurnState.CLARIFYING)
        for turn in await self._session.scalars(query):
            turn.state, turn.finished_at = TurnState.SUPERSEDED, now

    def _reopen(self, turn: TurnRow, now: datetime, wait: timedelta) -> None:
        if turn.state == TurnState.GENERATING:
            turn.state = TurnState.COLLECTING
            turn.epoch += 1
            turn.opened_at = now
        turn.closes_at = min(now + wait, turn.opened_at + DEBOUNCE_MOST)
