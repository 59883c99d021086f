"""Drafts that the card offers to operators, and what operators decide about them. Callers own the transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.base import KnowledgeBase
from support import citations, freshness
from support.board import AT_ONCE, touch
from support.citations import SourceShown
from support.desk_tables import DraftLabelRow
from support.escalations import EscalationRepository, end_edit
from support.jobs import CheckName, Draft, GenerationJob, JobPassage
from support.masking import mask
from support.tables import AuditRow, CustomerRow, EscalationRow, TurnRow

EDIT_LASTS: Final = timedelta(minutes=15)
"""So long after he has asked for a draft's words an operator's next message is taken for his version of them."""
NO_ANSWERS: Final = frozenset({CheckName.NO_ANSWER, CheckName.EMPTY})


class Verdict(StrEnum):
    """What an operator decides about a draft: labels that a score can be trained on."""

    SENT = "sent"
    EDITED = "edited"
    DISCARDED = "discarded"


class Refusal(StrEnum):
    """Why a press does nothing."""

    STALE = "stale"
    """The card offers another draft by now, or none."""
    DECIDED = "decided"
    """Somebody was faster."""
    GONE = "gone"
    """The text that the draft rests on was changed, deleted or called wrong."""
    EDITING = "editing"
    """Somebody else is editing it."""
    ANSWERED = "answered"
    """An operator has answered in his own words since: the same again would be one answer too many."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A draft as an operator sees it."""

    turn_id: int
    question: str
    draft: Draft
    text: str
    """As the customer would read it."""
    sources: tuple[SourceShown, ...]
    passages: tuple[JobPassage, ...]
    """What the draft was written from."""

    @property
    def cited(self) -> tuple[JobPassage, ...]:
        """The passages that the draft names as its sources."""
        return tuple(passage for passage in self.passages if passage.number in self.draft.citations)

    def masked(self, text: str) -> str:
        """Hide what is about a person in the draft or in what was sent for it; what the passages say stays readable."""
        return mask(text, known=[passage.text for passage in self.passages])


@dataclass(frozen=True, slots=True)
class Edit:
    """A draft that an operator edits."""

    offer: Offer
    operator_id: int
    since: datetime
    over: int | None = None
    """The turn whose draft was shown before, and is edited no more."""


def keep(turn: TurnRow, draft: Draft) -> None:
    """Keep a draft that a person is to see, unless it says nothing."""
    if not any(failed.name in NO_ANSWERS for failed in draft.verdict.failed):
        job = None if turn.job is None else GenerationJob.model_validate_json(turn.job)
        known = [] if job is None else [passage.text for passage in job.passages]
        turn.draft = draft.model_copy(update={"text": mask(draft.text, known=known)}).model_dump(mode="json")


def offer_in(turn: TurnRow | None) -> Offer | None:
    """Return the draft of a turn that a person has."""
    if turn is None or turn.draft is None or turn.job is None:
        return None
    draft, job = Draft.model_validate(turn.draft), GenerationJob.model_validate_json(turn.job)
    text, sources = citations.shown(draft, job.passages)
    return Offer(turn.id, turn.text, draft, text, sources, job.passages) if text else None


async def offered(session: AsyncSession, escalation: EscalationRow) -> Offer | None:
    """Return the draft that the card of a conversation offers."""
    if escalation.offered_turn_id is None:
        return None
    return offer_in(await session.get(TurnRow, escalation.offered_turn_id))


async def last_label(session: AsyncSession, escalation: EscalationRow) -> DraftLabelRow | None:
    """Return what was decided last about a draft of the conversation."""
    query = select(DraftLabelRow).where(DraftLabelRow.escalation_id == escalation.id)
    return (await session.scalars(query.order_by(DraftLabelRow.id.desc()).limit(1))).one_or_none()


def is_edited(escalation: EscalationRow, now: datetime) -> bool:
    """Whether somebody edits a draft of the conversation."""
    return escalation.editing_since is not None and now - escalation.editing_since < EDIT_LASTS


async def ended_edits(session: AsyncSession, now: datetime, limit: int) -> list[int]:
    """Return the conversations in which a draft was shown to be edited, and nobody edits it any more."""
    over = or_(EscalationRow.editing_since.is_(None), EscalationRow.editing_since <= now - EDIT_LASTS)
    query = select(EscalationRow.id).where(EscalationRow.editing_turn_id.is_not(None), over)
    return list(await session.scalars(query.order_by(EscalationRow.id).limit(limit)))


@dataclass(frozen=True, slots=True)
class Offers:
    """An operator's decisions about the drafts of one customer."""

    session: AsyncSession
    customer: CustomerRow
    operator_id: int
    now: datetime

    async def send(self, turn_id: int, base: KnowledgeBase | None) -> Offer | Refusal:
        """Decide to send the draft as it stands; ``base`` says whether what it rests on still holds."""
        found = await self._open(turn_id)
        if isinstance(found, Refusal):
            return found
        escalation, offer = found
        turn = await self.session.get_one(TurnRow, turn_id)
        if escalation.last_reply_at is not None and escalation.last_reply_at > (turn.finished_at or turn.opened_at):
            return Refusal.ANSWERED
        if freshness.gone(offer.draft, offer.passages, base):
            self._end(escalation)
            return Refusal.GONE
        await self._label(escalation, offer, Verdict.SENT, offer.text)
        return offer

    async def discard(self, turn_id: int) -> Offer | Refusal:
        """Decide that the draft is of no use."""
        found = await self._open(turn_id)
        if isinstance(found, Refusal):
            return found
        escalation, offer = found
        await self._label(escalation, offer, Verdict.DISCARDED, None)
        return offer

    async def edit(self, turn_id: int) -> Edit | Refusal:
        """Let the operator's next message take the draft's place."""
        found = await self._open(turn_id)
        if isinstance(found, Refusal):
            return found
        escalation, offer = found
        editor = escalation.editing_by if is_edited(escalation, self.now) else None
        if escalation.editing_turn_id == turn_id and editor is not None:
            # Pressed again by himself: the copy that he was shown says how long he has.
            since = escalation.editing_since or self.now
            return Edit(offer, editor, since) if editor == self.operator_id else Refusal.EDITING
        over, escalation.editing_turn_id = escalation.editing_turn_id, turn_id
        escalation.editing_by, escalation.editing_since = self.operator_id, self.now
        return Edit(offer, self.operator_id, self.now, over)

    async def replaced_by(self, escalation: EscalationRow, text: str) -> Offer | None:
        """Note that the operator has written to the customer; the draft whose place that takes, if he edits one."""
        turn_id = escalation.editing_turn_id
        if turn_id is None or escalation.editing_by != self.operator_id:
            return None
        late = not is_edited(escalation, self.now)
        end_edit(escalation)
        offer = None if late else offer_in(await self.session.get(TurnRow, turn_id))
        if offer is None or await self.label_of(turn_id) is not None:
            return None
        await self._label(escalation, offer, Verdict.EDITED, text)
        return offer

    async def label_of(self, turn_id: int) -> DraftLabelRow | None:
        """Return what was decided about the draft of a turn."""
        return (await self.session.scalars(select(DraftLabelRow).where(DraftLabelRow.turn_id == turn_id))).one_or_none()

    async def _open(self, turn_id: int) -> tuple[EscalationRow, Offer] | Refusal:
        escalation = await EscalationRepository(self.session).open_of(self.customer.id)
        if await self.label_of(turn_id) is not None:
            return Refusal.DECIDED
        if escalation is None or escalation.offered_turn_id != turn_id:
            return Refusal.STALE
        offer = await offered(self.session, escalation)
        return Refusal.STALE if offer is None else (escalation, offer)

    async def _label(self, escalation: EscalationRow, offer: Offer, verdict: Verdict, sent: str | None) -> None:
        row = DraftLabelRow(
            turn_id=offer.turn_id,
            escalation_id=escalation.id,
            operator_id=self.operator_id,
            verdict=verdict,
            draft=offer.masked(offer.text),
            sent=None if sent is None else offer.masked(sent),
            score=offer.draft.verdict.score,
            at=self.now,
        )
        detail = {"turn_id": offer.turn_id, "escalation_id": escalation.id}
        audit = AuditRow(at=self.now, actor_id=self.operator_id, action=f"draft_{verdict}", detail=detail)
        self.session.add_all((row, audit))
        if escalation.offered_turn_id == offer.turn_id:
            self._end(escalation)
        if escalation.editing_turn_id == offer.turn_id:
            end_edit(escalation)
        touch(self.customer, self.now, AT_ONCE)
        await self.session.flush()

    def _end(self, escalation: EscalationRow) -> None:
        escalation.offered_turn_id = None
        touch(self.customer, self.now, AT_ONCE)
