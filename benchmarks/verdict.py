"""What became of every message: what people see in the sandbox, held against the ledger."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select

from benchmarks.crowd import Crowd, Customer, topics_of
from sandbox.telegram.errors import Json
from sandbox.telegram.state import World
from support.database import Database
from support.deliveries import OPEN_STATES
from support.tables import CustomerRow, MessageRow, TurnRow
from support.transport_tables import DeliveryRow, InboxRow
from support.turns import OPEN_STATES as OPEN_TURNS
from support.turns import TurnState

QUESTION: Final = re.compile(r"Какая гарантия на модель «(\w+)»\?")
ANSWER: Final = re.compile(r"Гарантия на модель «(\w+)» действует")


@dataclass(slots=True)
class Verdict:
    """Figures of one run; the lists name what went wrong, for a person to look into."""

    messages: int = 0
    answered: int = 0
    """Questions whose own answer the customer sees."""
    by_person: int = 0
    """Messages that operators see instead."""
    folded: list[str] = field(default_factory=list)
    """Questions of a turn that was answered, though not this one of its questions: no more than three are."""
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    """Shown more often than it was decided, although no outcome was unknown."""
    twice_when_unknown: int = 0
    """Shown once more after a call whose outcome was unknown."""
    out_of_order: list[str] = field(default_factory=list)
    in_pause: int = 0
    unfinished: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Whatever must not happen."""
        return [*self.lost, *self.twice, *self.out_of_order, *self.unfinished, *["a call in a pause"] * self.in_pause]


async def waiting(world: World, database: Database) -> list[str]:
    """Return what has not ended yet."""
    async with database.reading() as session:
        unhandled = select(func.count()).select_from(InboxRow).where(InboxRow.handled_at.is_(None))
        turns = select(TurnRow.id).where(TurnRow.state.in_(OPEN_TURNS))
        calls = select(DeliveryRow).where(DeliveryRow.state.in_(OPEN_STATES))
        found = [f"update {number}" for number in range(len(world.updates))]
        found += [f"stored update {number}" for number in range(await session.scalar(unhandled) or 0)]
        found += [f"turn {turn}" for turn in await session.scalars(turns)]
        found += [f"delivery {row.id} {row.key} {row.state} {row.error}" for row in await session.scalars(calls)]
    return found


async def judge(crowd: Crowd, database: Database) -> Verdict:
    """Look at everything that was said."""
    verdict = Verdict(unfinished=await waiting(crowd.world, database))
    async with database.reading() as session:
        customers = {row.chat_id: row for row in await session.scalars(select(CustomerRow))}
        messages = {(row.chat_id, row.message_id): row for row in await session.scalars(select(MessageRow))}
        turns = {row.id: row for row in await session.scalars(select(TurnRow))}
        deliveries = list(await session.scalars(select(DeliveryRow)))
    records = _Records(customers, messages, turns, deliveries)
    for customer in crowd.customers:
        _judge_customer(verdict, crowd.world, customer, records, crowd.replies.get(customer.id, []))
    calls = crowd.world.journal.after(0)
    _count_twins(verdict, crowd.world, deliveries, calls)
    verdict.in_pause = sum(call["in_pause"] for call in calls)
    return verdict


@dataclass(frozen=True, slots=True)
class _Records:
    customers: dict[int, CustomerRow]
    messages: dict[tuple[int, int], MessageRow]
    turns: dict[int, TurnRow]
    deliveries: list[DeliveryRow]


def shown(world: World, chat_id: int, thread_id: int | None = None, *, as_sent: bool = False) -> list[str]:
    """Return what the bot wrote into a chat, or into one of its topics, in order; ``as_sent`` leaves edits out."""
    return [
        message["text"]
        for message in world.chats[chat_id].messages.values()
        if message["from"]["is_bot"] and "text" in message and thread_id in {None, message.get("message_thread_id")}
        if not (as_sent and "edit_date" in message)
    ]


def _judge_customer(verdict: Verdict, world: World, customer: Customer, records: _Records, replies: list[str]) -> None:
    texts = shown(world, customer.id)
    answers = [name for text in texts for name in ANSWER.findall(text)]
    row = records.customers.get(customer.id)
    in_topic = [text for group, thread in topics_of(world, customer) for text in shown(world, group, thread)]
    for message_id, words in customer.said:
        verdict.messages += 1
        asked = QUESTION.search(words)
        by_person = any(words in text for text in in_topic)
        if asked and asked[1] in answers:
            verdict.answered += 1
        elif by_person or (words.startswith("/") and in_topic):
            verdict.by_person += 1
        elif _turn_is_answered(records, customer.id, message_id, texts):
            verdict.folded.append(f"{customer.id}: {words}")
        else:
            verdict.lost.append(f"{customer.id}: «{words}» {_where(records, customer.id, message_id)}")
    said = [words for _, words in customer.said]
    verdict.out_of_order += _disorder(customer, "answers", [one for q in said for one in QUESTION.findall(q)], answers)
    relayed = [words for words in said if words.startswith("Рассказ")]
    verdict.out_of_order += _disorder(customer, "relayed words", relayed, in_topic)
    verdict.out_of_order += _disorder(customer, "an operator's words", replies, texts)
    verdict.lost += [f"{customer.id}: an operator's «{reply}»" for reply in replies if reply not in texts]
    if row is None and customer.said:
        verdict.lost.append(f"{customer.id} is unknown")


def _turn_is_answered(records: _Records, chat_id: int, message_id: int, texts: list[str]) -> bool:
    message = records.messages.get((chat_id, message_id))
    turn = records.turns.get(message.turn_id or 0) if message else None
    if turn is None or turn.state != TurnState.ANSWERED:
        return False
    calls = [row for row in records.deliveries if row.turn_id == turn.id and not row.to_topic]
    return any(row.payload.get("text") in texts for row in calls)


def _where(records: _Records, chat_id: int, message_id: int) -> str:
    message = records.messages.get((chat_id, message_id))
    if message is None:
        return "was never stored"
    turn = records.turns.get(message.turn_id or 0)
    if turn is None:
        return "belongs to no turn and no operator sees it"
    state = TurnState(turn.state)
    calls = [(row.key, row.state, row.error) for row in records.deliveries if row.turn_id == turn.id]
    return f"turn {turn.id} {state} {turn.outcome} «{turn.text}» {calls}"


def _disorder(customer: Customer, what: str, wanted: list[str], seen: list[str]) -> list[str]:
    """Compare the first showings; what was not shown at all is another figure."""
    first: dict[str, int] = {}
    for place, one in enumerate(seen):
        first.setdefault(one, place)
    places = [first[one] for one in wanted if one in first]
    return [] if places == sorted(places) else [f"{customer.id}: {what} out of order: {seen}"]


def _how(place: tuple[bool, int | None, str], deliveries: list[DeliveryRow], calls: list[Json]) -> list[str]:
    """Return what the ledger and the sandbox know of some words."""
    in_group, chat_id, words = place
    rows = [
        f"delivery {row.id} {row.key}: {row.state}, attempts {row.attempts}, message {row.message_id}, "
        f"attempted {row.attempted_at}, finished {row.finished_at}, error {row.error}"
        for row in deliveries
        if row.payload.get("text") == words and (in_group or row.chat_id == chat_id)
    ]
    seen = [
        f"call {call['n']} at {call['at']:.3f} {call['method']}: ok {call['ok']}, effect {call['effect']}, "
        f"fault {call['fault']}, error {call['error_code']}, messages {call['message_ids']}"
        for call in calls
        if call["text"] == words and (in_group or call["chat_id"] == chat_id)
    ]
    return rows + seen


def _count_twins(verdict: Verdict, world: World, deliveries: list[DeliveryRow], calls: list[Json]) -> None:
    """Count by words and place: as often as it was decided, and once more for each outcome that was unknown."""
    decided: Counter[tuple[bool, int | None, str]] = Counter()
    unknown: Counter[tuple[bool, int | None, str]] = Counter()
    for row in deliveries:
        if row.method == "SendMessage":
            in_group = row.to_topic or (row.chat_id or 0) < 0
            place = (in_group, None if in_group else row.chat_id, row.payload["text"])
            decided[place] += 1
            unknown[place] += row.attempts > 1
    seen = Counter(
        (not chat.private, chat.id if chat.private else None, text)
        for chat in world.chats.values()
        for text in shown(world, chat.id, as_sent=True)
    )
    for place, times in seen.items():
        extra = times - decided[place]
        verdict.twice_when_unknown += max(0, min(extra, unknown[place]))
        if extra > unknown[place]:
            verdict.twice.append(
                f"{place}: seen {times} times, decided {decided[place]} times"
                + "".join(f"\n      {line}" for line in _how(place, deliveries, calls))
            )
    for chat in world.chats.values():
        names: Counter[str] = Counter()
        for text in set(shown(world, chat.id)) if chat.private else ():
            names.update(set(ANSWER.findall(text)))
        verdict.twice += [f"{chat.id}: two answers about «{name}»" for name, times in names.items() if times > 1]
