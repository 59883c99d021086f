"""What customers write to a person is looked up for him: a suggestion on the card. Callers own the transaction.

It takes the way of every question (debounce, search, queue, worker, judge) in turns of a state of its own, which the
customer waits for in no way: whatever fails, there is no suggestion.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.base import KnowledgeBase
from support import answering, freshness, judge_fits, offers, traces
from support.board import AT_ONCE, touch
from support.escalations import EscalationRepository
from support.flood import same_words
from support.intents.current import CurrentClassifier
from support.intents.examples import Route
from support.jobs import GenerationJob, GenerationResult, Language, job_id
from support.suspicion import is_to_a_model
from support.tables import CustomerRow, EscalationRow, MessageRow, TurnRow
from support.turn_search import TurnSearch, asked
from support.turns import DEBOUNCE, DEBOUNCE_MOST, TurnRepository, TurnState, Words, debounce, turn_language

MOST_A_LOOK: Final = 20
SUGGESTS: Final = (TurnState.SUGGESTING, TurnState.SUGGESTED)


async def hear(
    session: AsyncSession, customer: CustomerRow, words: Words, now: datetime, *, language: Language, slowed: bool
) -> tuple[str, ...]:
    """Store a message that a person has to answer; with words in it, a suggestion for it is looked for.

    Not for who writes too much (``slowed``). Returns the job that nobody waits for any more.
    """
    turns = TurnRepository(session)
    if await turns.message(customer.chat_id, words.message_id) is not None:
        return ()
    turn = await _open_of(session, customer.id)
    if slowed or not words.text.strip():
        await turns.add_message(customer, words, now, turn_id=turn.id if turn else None)
        return ()
    cancelled: tuple[str, ...] = ()
    if turn is None:
        turn = await _open(session, customer, language, now)
    else:
        cancelled = _begin_anew(turn, now)
    await turns.add_message(customer, words, now, turn_id=turn.id)
    turn.text = await turns.text_of(turn.id)
    turn.language = language
    turn.closes_at = min(now + debounce(words), turn.opened_at + DEBOUNCE_MOST)
    return cancelled


async def edit(  # noqa: PLR0917  # as Desk.edit, and the conversation that it found
    session: AsyncSession, customer: CustomerRow, escalation: EscalationRow, message_id: int, text: str, now: datetime
) -> tuple[str, ...]:
    """Change a message that a person has; what it asks now is looked up, if it was the last thing that was asked.

    Words that are being looked up are asked together with it. A draft for its former words leaves the card. Returns the
    job that nobody waits for any more.
    """
    turns = TurnRepository(session)
    message = await turns.message(customer.chat_id, message_id)
    if message is None:
        return ()
    changed = not same_words(message.text, text)
    message.text = text
    last = await _last_of(session, customer.id)
    if not changed or escalation.waiting_since is None or last is None or message.turn_id is None:
        return ()
    edited = last if message.turn_id == last.id else await _asked_before(session, last, message, escalation)
    if edited is None:
        return ()
    asked = await turns.messages_of(edited.id)
    if edited.state not in {*SUGGESTS, TurnState.ESCALATED} or not any(row.text.strip() for row in asked):
        return ()
    cancelled: tuple[str, ...] = ()
    if last.state == TurnState.SUGGESTING:
        turn, cancelled = last, _begin_anew(last, now)
    else:
        turn = await _open(session, customer, turn_language(last), now)
    if escalation.offered_turn_id in {last.id, edited.id}:
        escalation.offered_turn_id = None
        touch(customer, now, AT_ONCE)
    for row in asked:
        row.turn_id = turn.id
    await session.flush()
    turn.text, turn.closes_at = await turns.text_of(turn.id), now + DEBOUNCE
    return cancelled


async def due(session: AsyncSession, now: datetime) -> list[int]:
    """Return turns whose words are complete, and those for which no suggestion has come in time."""
    complete = and_(TurnRow.closed_at.is_(None), TurnRow.closes_at <= now)
    query = select(TurnRow.id).where(TurnRow.state == TurnState.SUGGESTING, or_(complete, TurnRow.deadline_at <= now))
    return list(await session.scalars(query.order_by(TurnRow.id).limit(MOST_A_LOOK)))


@dataclass(frozen=True, slots=True)
class Lookup:
    """Searches for turns whose words are complete."""

    search: TurnSearch
    classifier: CurrentClassifier
    deadline: timedelta

    async def ask(self, session: AsyncSession, turn_id: int, now: datetime) -> GenerationJob | None:
        """Return the job that writes a suggestion; None when there is nothing to write one from, or no use any more."""
        locked = await TurnRepository(session).lock(turn_id)
        if locked is None or locked[0].state != TurnState.SUGGESTING:
            return None
        turn, customer = locked
        if turn.closed_at is not None:
            if turn.deadline_at is not None and turn.deadline_at <= now:
                _end(turn, "suggestion_late", now)
            return None
        if turn.closes_at > now:
            return None
        turn.closed_at, turn.deadline_at = now, now + self.deadline
        prepared = await self._search(session, turn, customer, now)
        if prepared is None or not prepared.parts:
            _end(turn, "no_suggestion", now)
            return None
        job = answering.job_for(
            prepared,
            turn_id=turn.id,
            epoch=turn.epoch,
            question=asked(turn),
            history=await TurnRepository(session).history(turn, now),
            language=turn_language(turn),
            deadline=turn.deadline_at,
            addresses=self.search.knowledge.addresses,
            judge=await judge_fits.current(session),
        )
        turn.job, turn.attempt = job.model_dump_json(), job.attempt
        return job

    async def _search(
        self, session: AsyncSession, turn: TurnRow, customer: CustomerRow, now: datetime
    ) -> answering.Prepared | None:
        escalation = await EscalationRepository(session).open_of(customer.id)
        if escalation is None or escalation.waiting_since is None or is_to_a_model(turn.text):
            return None
        classification = self.classifier.classify(turn.text)
        turn.intent, turn.trace = classification.intent, traces.intent(turn.trace, classification)
        if classification.sure and classification.route is not Route.QUESTION:
            return None
        return await self.search.of(session, turn, now)


async def settle(
    session: AsyncSession,
    locked: tuple[TurnRow, CustomerRow],
    result: GenerationResult,
    base: KnowledgeBase | None,
    now: datetime,
    *,
    threshold: float,
) -> None:
    """Offer a worker's draft on the card, if the judge lets it pass and the customer still waits for a word."""
    turn, customer = locked
    if turn.state != TurnState.SUGGESTING or turn.epoch != result.epoch or turn.job is None:
        return
    draft, job = result.draft, GenerationJob.model_validate_json(turn.job)
    escalation = await EscalationRepository(session).open_of(customer.id)
    if draft is not None:
        turn.trace = traces.draft(turn.trace, draft, threshold)
    passed = draft is not None and not draft.verdict.failed and draft.verdict.score >= threshold
    if draft is None or not passed or freshness.gone(draft, job.passages, base):
        _end(turn, "no_suggestion", now)
    elif escalation is None or escalation.waiting_since is None:
        _end(turn, "suggestion_late", now)
    else:
        _end(turn, "suggested", now)
        offers.keep(turn, draft)
        escalation.offered_turn_id = turn.id
        touch(customer, now, AT_ONCE)


async def withdraw(session: AsyncSession, customer_id: int, now: datetime) -> tuple[str, ...]:
    """Look no further for a suggestion; return the job that nobody waits for any more."""
    turn = await _open_of(session, customer_id)
    if turn is None:
        return ()
    jobs = () if turn.job is None else (job_id(turn.id, turn.epoch, turn.attempt),)
    turn.epoch += 1
    _end(turn, "no_suggestion", now)
    return jobs


async def _last_of(session: AsyncSession, customer_id: int) -> TurnRow | None:
    query = select(TurnRow).where(TurnRow.customer_id == customer_id).order_by(TurnRow.id.desc()).limit(1)
    return (await session.scalars(query.with_for_update())).one_or_none()


async def _asked_before(
    session: AsyncSession, last: TurnRow, message: MessageRow, escalation: EscalationRow
) -> TurnRow | None:
    """Return the turn of a message right before words that are being looked up; None: it is another's, or answered."""
    answered = escalation.last_reply_at is not None and escalation.last_reply_at > message.created_at
    if last.state != TurnState.SUGGESTING or answered:
        return None
    query = select(TurnRow).where(TurnRow.customer_id == last.customer_id, TurnRow.id < last.id)
    former = (await session.scalars(query.order_by(TurnRow.id.desc()).limit(1))).one_or_none()
    return former if former is not None and former.id == message.turn_id else None


async def _open(session: AsyncSession, customer: CustomerRow, language: Language, now: datetime) -> TurnRow:
    turn = TurnRow(
        customer_id=customer.id, state=TurnState.SUGGESTING, text="", language=language, opened_at=now, closes_at=now
    )
    session.add(turn)
    await session.flush()
    return turn


def _begin_anew(turn: TurnRow, now: datetime) -> tuple[str, ...]:
    """Let words come in again; return the job for the former ones."""
    if turn.closed_at is None:
        return ()
    cancelled = () if turn.job is None else (job_id(turn.id, turn.epoch, turn.attempt),)
    # A late suggestion for the former words is refused by the epoch, as a late answer is.
    turn.epoch, turn.closed_at, turn.deadline_at, turn.job, turn.opened_at = turn.epoch + 1, None, None, None, now
    return cancelled


async def _open_of(session: AsyncSession, customer_id: int) -> TurnRow | None:
    query = select(TurnRow).where(TurnRow.customer_id == customer_id, TurnRow.state == TurnState.SUGGESTING)
    return (await session.scalars(query.with_for_update())).one_or_none()


def _end(turn: TurnRow, outcome: str, now: datetime) -> None:
    turn.state, turn.outcome, turn.finished_at = TurnState.SUGGESTED, outcome, now
    turn.trace = traces.outcome(turn.trace, outcome)
