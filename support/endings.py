"""How a turn ends, and what is held against a draft before it may end one. Callers own the transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support import risk, traces
from support.escalations import EscalationReason
from support.intents.classifier import Classification
from support.intents.examples import Intent, Route
from support.jobs import Draft, FailureReason
from support.outcomes import Clarify, MediaNotUnderstood, Outcome
from support.tables import TurnRow
from support.turns import TurnRepository, TurnState, turn_language

OutcomeT = TypeVar("OutcomeT", bound=Outcome)

ASK_AGAIN_AFTER: Final = timedelta(minutes=10)
"""Unsure twice within it: a person instead of the same buttons again."""
FAILURE_REASONS: Final = {
    FailureReason.DEADLINE: EscalationReason.OVERDUE,
    FailureReason.CANCELLED: EscalationReason.OVERDUE,
    FailureReason.ENGINE_ERROR: EscalationReason.ENGINE_ERROR,
}


def finish(turn: TurnRow, state: TurnState, outcome: OutcomeT, now: datetime, *, why: str | None = None) -> OutcomeT:
    """End a turn with an outcome, and return it; ``why`` is for its trace."""
    turn.state, turn.finished_at, turn.outcome = state, now, traces.NAMES[type(outcome)]
    turn.trace = traces.outcome(turn.trace, turn.outcome, why)
    return outcome


async def without_words(session: AsyncSession, turn: TurnRow, now: datetime) -> MediaNotUnderstood:
    """End a turn that holds a voice message, a photo … and no words."""
    messages = await TurnRepository(session).messages_of(turn.id)
    kind = messages[-1].kind if messages else "text"
    return finish(turn, TurnState.ANSWERED, MediaNotUnderstood(kind), now)


async def was_asked_lately(session: AsyncSession, turn: TurnRow, now: datetime) -> bool:
    """Whether the customer has been shown buttons about another message just now."""
    asked_before = await session.scalar(
        select(TurnRow.id)
        .where(TurnRow.customer_id == turn.customer_id, TurnRow.id < turn.id, TurnRow.outcome == "clarify")
        .where(TurnRow.opened_at > now - ASK_AGAIN_AFTER)
    )
    return asked_before is not None


def choices(turn: TurnRow, classification: Classification, intents: Mapping[str, Intent]) -> Clarify:
    """Offer the two likeliest intents; a person has a button of his own."""
    known = [intents[name] for name, _ in classification.ranking if name in intents]
    language = turn_language(turn)
    return Clarify(tuple((one.name, one.label(language)) for one in known if one.route is not Route.OPERATOR)[:2])


def against(turn: TurnRow, draft: Draft, threshold: float) -> EscalationReason | None:
    """Return why a draft must not be sent; None: it may. ``threshold``: 0..1."""
    if risk.find(turn.text):
        return EscalationReason.RISKY
    if draft.verdict.failed:
        return EscalationReason.CHECK_FAILED
    return EscalationReason.LOW_SCORE if draft.verdict.score < threshold else None
