"""Turns: what one customer asked, possibly in several messages. Callers own the transaction."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from support.flood import same_words
from support.jobs import Exchange, GenerationJob, Language, job_id
from support.masking import mask
from support.suspicion import is_to_a_model
from support.tables import CustomerRow, MessageRow, TurnRow
from support.transport_tables import CounterpartRow

DEBOUNCE: Final = timedelta(seconds=0.7)
DEBOUNCE_FRAGMENT: Final = timedelta(seconds=2.5)
DEBOUNCE_MOST: Final = timedelta(seconds=5)
SLOWED: Final = timedelta(seconds=12)
EDIT_AGE: Final = timedelta(minutes=10)
"""A later edit of an answered question is not asked again."""
FRAGMENT_WORDS: Final = 2
HISTORY_LENGTH: Final = 6
HISTORY_AGE: Final = timedelta(minutes=30)
MEDIA_SHOWN: Final = 10

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
    STOPPED = "stopped"
    """The customer pressed the stop button of the preview."""
    SUGGESTING = "suggesting"
    """Written to a person: the bot looks whether it could help him; the customer waits for none of it."""
    SUGGESTED = "suggested"
    """That has come to its end, whether there was something to suggest or not."""


OPEN_STATES: Final = (TurnState.COLLECTING, TurnState.GENERATING)


@dataclass(frozen=True, slots=True)
class Words:
    """One message of a customer as far as a turn needs it."""

    message_id: int
    kind: str
    text: str
    album: str | None = None
    """Telegram's media_group_id."""
    reply_to_id: int | None = None
    content: dict[str, Any] | None = field(default=None, repr=False)
    """The channel's call that sends it again; None for plain text."""
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A turn that collects, and the job of its former state that nobody waits for any more."""

    turn: TurnRow
    cancelled: tuple[str, ...] = ()


def debounce(words: Words) -> timedelta:
    """How long to wait for more: longer after a fragment («Здравствуйте», «а ещё,»), in albums and after forwards."""
    text = words.text.strip()
    fragment = _TRAILS_OFF.search(text) or (len(text.split()) <= FRAGMENT_WORDS and not _COMPLETE.search(text))
    return DEBOUNCE_FRAGMENT if words.album or words.forwarded or fragment else DEBOUNCE


class TurnRepository:
    """Reads and writes of turns and their messages."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, turn_id: int) -> tuple[TurnRow, CustomerRow] | None:
        """Return a turn and its customer, locked until the transaction ends; the customer first, as everywhere."""
        owner = select(TurnRow.customer_id).where(TurnRow.id == turn_id).scalar_subquery()
        customers = select(CustomerRow).where(CustomerRow.id == owner).with_for_update()
        customer = (await self._session.scalars(customers)).one_or_none()
        turns = select(TurnRow).where(TurnRow.id == turn_id).with_for_update().execution_options(populate_existing=True)
        turn = (await self._session.scalars(turns)).one_or_none()
        return None if turn is None or customer is None else (turn, customer)

    async def open_of(self, customer_id: int) -> TurnRow | None:
        """Return the customer's open turn."""
        query = select(TurnRow).where(TurnRow.customer_id == customer_id, TurnRow.state.in_(OPEN_STATES))
        return (await self._session.scalars(query.with_for_update())).one_or_none()

    async def waiting_of(self, customer_id: int) -> list[TurnRow]:
        """Return the customer's turns that nobody has answered yet, those that wait for a button included."""
        waiting = (*OPEN_STATES, TurnState.CLARIFYING)
        query = select(TurnRow).where(TurnRow.customer_id == customer_id, TurnRow.state.in_(waiting))
        return list(await self._session.scalars(query.order_by(TurnRow.id).with_for_update()))

    async def by_ids(self, turn_ids: Collection[int]) -> list[TurnRow]:
        """Return these turns, locked until the transaction ends, oldest first."""
        query = select(TurnRow).where(TurnRow.id.in_(turn_ids)).order_by(TurnRow.id).with_for_update()
        return list(await self._session.scalars(query)) if turn_ids else []

    async def unfinished(self) -> list[TurnRow]:
        """Return every open turn, oldest first."""
        return list(
            await self._session.scalars(select(TurnRow).where(TurnRow.state.in_(OPEN_STATES)).order_by(TurnRow.id))
        )

    async def collect(
        self, customer: CustomerRow, words: Words, language: Language, now: datetime, *, slowed: bool = False
    ) -> Opened:
        """Add a message to the open turn, or open one; a turn in generation begins anew under a new epoch.

        The turn of a customer who writes too much (``slowed``) waits until he pauses.
        """
        wait = SLOWED if slowed else debounce(words)
        turn = await self.open_of(customer.id)
        cancelled: tuple[str, ...] = ()
        if turn is None:
            await self._supersede_clarifying(customer.id, now)
            turn = await self._open(customer, language, now, wait)
        elif turn.state == TurnState.GENERATING and await self._repeats(turn, words):
            # A second paste of what is being answered asks nothing new.
            await self.add_message(customer, words, now, turn_id=turn.id)
            return Opened(turn)
        else:
            cancelled = self._reopen(turn, now, wait)
        await self.add_message(customer, words, now, turn_id=turn.id)
        turn.text = await self.text_of(turn.id)
        turn.language = language
        return Opened(turn, cancelled)

    async def edit(self, customer: CustomerRow, message_id: int, text: str, now: datetime) -> Opened | None:
        """Change a message; None when nothing is to be answered anew.

        An edit of a question that has just been answered asks it again, unless its words are the same: together with
        what the customer has written since, if that is not answered yet.
        """
        message = await self.message(customer.chat_id, message_id)
        if message is None:
            return None
        changed = not same_words(message.text, text)
        message.text = text
        turn = await self.open_of(customer.id)
        if turn is not None and message.turn_id == turn.id:
            cancelled = self._reopen(turn, now, DEBOUNCE) if changed or turn.state == TurnState.COLLECTING else ()
            turn.text = await self.text_of(turn.id)
            return Opened(turn, cancelled)
        if not changed or not await self._just_answered(message, now):
            return None
        cancelled = ()
        if turn is None:
            turn = await self._open(customer, "ru" if customer.language == "ru" else "en", now, DEBOUNCE)
        else:
            cancelled = self._reopen(turn, now, DEBOUNCE)
        message.turn_id = turn.id
        await self._session.flush()
        turn.text = await self.text_of(turn.id)
        return Opened(turn, cancelled)

    async def message(self, chat_id: int, message_id: int) -> MessageRow | None:
        """Return a message of a conversation by the chat and id that it has there."""
        query = select(MessageRow).where(MessageRow.chat_id == chat_id, MessageRow.message_id == message_id)
        return (await self._session.scalars(query)).one_or_none()

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
        if await self.message(customer.chat_id, words.message_id) is not None:
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
                content=words.content,
                album=words.album,
                reply_to_id=words.reply_to_id,
                created_at=now,
            )
        )
        await self._session.flush()

    async def history(self, turn: TurnRow, now: datetime) -> tuple[Exchange, ...]:
        """Return what was said shortly before the turn, oldest first, masked; nothing that is addressed to a model."""
        # The bot's own words come from the company: its phone must stand there again.
        return tuple(
            Exchange.model_validate(
                {"speaker": row.speaker, "text": row.text if row.speaker == "bot" else mask(row.text)}
            )
            for row in await self.said_before(turn, now)
            if row.speaker == "bot" or not is_to_a_model(row.text)
        )

    async def said_before(self, turn: TurnRow, now: datetime) -> list[MessageRow]:
        """Return the messages shortly before the turn, oldest first."""
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
        return list(reversed(list(await self._session.scalars(query))))

    async def topic(self, turn: TurnRow, now: datetime) -> str | None:
        """Return what the customer's last question was searched as; None unless it was answered, and recently."""
        query = (
            select(TurnRow)
            .where(TurnRow.customer_id == turn.customer_id, TurnRow.id < turn.id, TurnRow.opened_at > now - HISTORY_AGE)
            .where(TurnRow.outcome.is_distinct_from("greeted"))
            .order_by(TurnRow.id.desc())
            .limit(1)
        )
        last = (await self._session.scalars(query)).one_or_none()
        if last is None or last.outcome != "answered" or last.job is None:
            return None
        return GenerationJob.model_validate_json(last.job).parts[-1]

    async def messages_of(self, *turn_ids: int) -> list[MessageRow]:
        """Return the customer's messages of the turns, oldest first."""
        query = select(MessageRow).where(MessageRow.turn_id.in_(turn_ids), MessageRow.speaker == "customer")
        # By Telegram's number: updates may arrive in another order.
        return list(await self._session.scalars(query.order_by(MessageRow.message_id)))

    async def last_seen_by_operators(self, customer_id: int, limit: int) -> list[MessageRow]:
        """Return what operators wrote or were shown last, oldest first; what only the bot heard is none of it."""
        shown = exists().where(
            CounterpartRow.source_chat_id == MessageRow.chat_id, CounterpartRow.source_id == MessageRow.message_id
        )
        heard = (TurnState.ESCALATED, TurnState.SUGGESTING, TurnState.SUGGESTED)
        escalated = select(TurnRow.id).where(TurnRow.customer_id == customer_id, TurnRow.state.in_(heard))
        theirs = MessageRow.speaker.in_(("operator", "note"))
        from_customer = and_(MessageRow.speaker == "customer", or_(shown, MessageRow.turn_id.in_(escalated)))
        query = select(MessageRow).where(MessageRow.customer_id == customer_id, or_(theirs, from_customer))
        rows = await self._session.scalars(query.order_by(MessageRow.id.desc()).limit(limit))
        return list(reversed(list(rows)))

    async def recent_media(self, customer_id: int, now: datetime) -> list[MessageRow]:
        """Return what the customer sent shortly before that is more than words, oldest first."""
        query = (
            select(MessageRow)
            .where(MessageRow.customer_id == customer_id, MessageRow.speaker == "customer")
            .where(MessageRow.kind != "text", MessageRow.created_at > now - HISTORY_AGE)
            .order_by(MessageRow.message_id.desc())
            .limit(MEDIA_SHOWN)
        )
        return list(reversed(list(await self._session.scalars(query))))

    async def text_of(self, turn_id: int) -> str:
        """Join the words of a turn's messages; what was pasted twice stands once."""
        texts: list[str] = []
        for row in await self.messages_of(turn_id):
            if row.text.strip() and not any(same_words(row.text, known) for known in texts):
                texts.append(row.text)
        return "\n".join(texts)

    async def _repeats(self, turn: TurnRow, words: Words) -> bool:
        return words.content is None and any(
            same_words(row.text, words.text) for row in await self.messages_of(turn.id)
        )

    async def _just_answered(self, message: MessageRow, now: datetime) -> bool:
        """Whether the message belongs to the last turn that is not open, and a bot's answer to it stands."""
        ended = select(TurnRow).where(TurnRow.customer_id == message.customer_id, TurnRow.state.not_in(OPEN_STATES))
        turn = (await self._session.scalars(ended.order_by(TurnRow.id.desc()).limit(1))).one_or_none()
        return (
            turn is not None
            and turn.id == message.turn_id
            and turn.state == TurnState.ANSWERED
            and now - message.created_at < EDIT_AGE
        )

    async def _open(self, customer: CustomerRow, language: Language, now: datetime, wait: timedelta) -> TurnRow:
        turn = TurnRow(
            customer_id=customer.id,
            state=TurnState.COLLECTING,
            text="",
            language=language,
            opened_at=now,
            closes_at=now + wait,
        )
        self._session.add(turn)
        await self._session.flush()
        return turn

    async def _supersede_clarifying(self, customer_id: int, now: datetime) -> None:
        query = select(TurnRow).where(TurnRow.customer_id == customer_id, TurnRow.state == TurnState.CLARIFYING)
        for turn in await self._session.scalars(query):
            turn.state, turn.finished_at = TurnState.SUPERSEDED, now

    def _reopen(self, turn: TurnRow, now: datetime, wait: timedelta) -> tuple[str, ...]:
        """Let the turn collect on; return the jobs that nobody waits for any more."""
        cancelled: tuple[str, ...] = ()
        if turn.state == TurnState.GENERATING:
            cancelled = (job_id(turn.id, turn.epoch, turn.attempt),)
            turn.state = TurnState.COLLECTING
            turn.epoch += 1
            turn.opened_at = now
        most = max(DEBOUNCE_MOST, wait)
        # An opening in the future is one before the clock was set back.
        turn.closes_at = min(now + wait, min(turn.opened_at, now) + most)
        return cancelled


def turn_language(turn: TurnRow) -> Language:
    """Return the turn's language as the closed set that it is."""
    return "ru" if turn.language == "ru" else "en"
