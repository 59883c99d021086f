"""What the bot adds to a card so that an operator can answer at once: what it tried, why it called him, its draft."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiogram.types import InlineKeyboardButton
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import guess, keyboards
from bot.texts import Texts
from support import offers, proven, summaries, tried
from support.desk_tables import OperatorRow
from support.escalations import EscalationReason
from support.jobs import Doubt, GenerationJob
from support.masking import mask
from support.offers import Offer, Verdict
from support.statistics import SUGGESTED
from support.summaries import WITHIN, cut
from support.tables import CustomerRow, EscalationRow, TurnRow

MOST_TURNS: Final = 4
MOST_SOURCES: Final = 3
HEADING_LENGTH: Final = 120


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of the last draft."""

    verdict: Verdict
    name: str
    sent: str


@dataclass(frozen=True, slots=True)
class Help:
    """Everything that a card shows beyond who waits since when."""

    why: str = ""
    """In words precise to the case; empty: the reason's own words say it all."""
    understood: str = ""
    """What the bot took the message for, and how sure it was."""
    misread: tuple[InlineKeyboardButton, ...] = ()
    """The row of the button that corrects it."""
    tried: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    """Masked numbers of the orders that the customer proved to be his."""
    answered: str = ""
    """What the bot answered and the customer saw."""
    offer: Offer | None = None
    suggested: bool = False
    """The offer answers what the customer wrote while he was waiting."""
    decided: Decided | None = None

    def sources(self, texts: Texts) -> str:
        """Name where the offered draft comes from: headings with their files."""
        if self.offer is None:
            return ""
        cited = self.offer.cited[:MOST_SOURCES]
        named = [texts("card-source", heading=cut(one.heading, HEADING_LENGTH), source=one.source) for one in cited]
        if len(named) == 1:
            return named[0]
        return "; ".join(f"{number}) {name}" for number, name in enumerate(named, start=1))


async def help_of(
    texts: Texts,
    session: AsyncSession,
    customer: CustomerRow,
    escalation: EscalationRow,
    labels: Mapping[str, str] = guess.NO_LABELS,
) -> Help:
    """Collect what helps with a conversation. ``texts``: the operators'; ``labels``: of intents, by name."""
    turn = None if escalation.turn_id is None else await session.get(TurnRow, escalation.turn_id)
    offer = None if escalation.closed_at is not None else await offers.offered(session, escalation)
    seen = turn is None or turn.outcome == "answered"
    return Help(
        why="" if turn is None else _why(texts, escalation, turn),
        understood="" if turn is None else await guess.shown(texts, session, turn, labels),
        misread=() if turn is None else tuple(guess.row(texts, turn)),
        tried=await _tried(texts, session, escalation),
        orders=tuple(proven.masked(number) for number in proven.lately(customer, escalation.opened_at)),
        answered=_answered(escalation, turn) if seen else "",
        offer=offer,
        suggested=offer is not None and offer.turn_id != escalation.turn_id,
        decided=await _decided(session, escalation),
    )


async def summarise(
    texts: Texts, session: AsyncSession, escalation: EscalationRow, turn_ids: tuple[int, ...]
) -> str | None:
    """Say in a line or two what was asked before and what the bot said; None when there was nothing."""
    without = {*turn_ids, escalation.turn_id or 0}
    found = await summaries.earlier(session, escalation.customer_id, without, escalation.opened_at)
    lines = [_told(texts, one) for one in found]
    return "\n".join(lines) or None


def draft_rows(texts: Texts, offer: Offer | None) -> list[list[InlineKeyboardButton]]:
    """Return the buttons that send, edit or discard the draft, and those that call a source wrong."""
    if offer is None:
        return []
    names = ("send", "edit", "discard")
    decide = [keyboards.desk(texts(f"button-draft-{name}"), f"draft_{name}", offer.turn_id) for name in names]
    cited = offer.cited[:MOST_SOURCES]
    labels = [texts("button-draft-wrong")] if len(cited) == 1 else []
    labels = labels or [texts("button-draft-wrong-one", n=number) for number in range(1, len(cited) + 1)]
    wrong = [
        keyboards.desk(label, "draft_wrong", offer.turn_id, passage.number)
        for label, passage in zip(labels, cited, strict=True)
    ]
    return [decide, wrong]


def _answered(escalation: EscalationRow, turn: TurnRow | None) -> str:
    job = turn.job if turn is not None else None
    known = [] if job is None else [one.text for one in GenerationJob.model_validate_json(job).passages]
    return mask(escalation.draft or "", known=known)


def _told(texts: Texts, one: summaries.Earlier) -> str:
    if one.answered:
        disliked = texts("summary-disliked") if one.rating == -1 else ""
        return texts("summary-answered", asked=one.asked, answered=one.answered) + disliked
    if one.outcome.startswith("order_"):
        return texts(f"tried-{one.outcome.replace('_', '-')}")
    return texts("summary-asked", asked=one.asked)


def _why(texts: Texts, escalation: EscalationRow, turn: TurnRow) -> str:
    if escalation.reason == EscalationReason.CHECK_FAILED:
        return _checks(texts, turn)
    scored = tried.score(turn.trace)
    if escalation.reason == EscalationReason.LOW_SCORE and scored is not None:
        told = texts("why-low-score", score=round(100 * scored[0]), threshold=round(100 * scored[1]))
        return "; ".join([told, *(_doubt(texts, one) for one in tried.doubts(turn.trace))])
    return ""


def _doubt(texts: Texts, doubt: Doubt) -> str:
    return texts(f"doubt-{doubt.name.replace('_', '-')}", detail=mask(doubt.detail))


def _checks(texts: Texts, turn: TurnRow) -> str:
    failed = tried.failed_checks(turn.trace)
    return "; ".join(texts(f"check-{name.replace('_', '-')}", detail=detail) for name, detail in failed)


async def _tried(texts: Texts, session: AsyncSession, escalation: EscalationRow) -> tuple[str, ...]:
    query = (
        select(TurnRow)
        .where(TurnRow.customer_id == escalation.customer_id, TurnRow.state.not_in(SUGGESTED))
        .where(TurnRow.opened_at > escalation.opened_at - WITHIN, TurnRow.opened_at <= escalation.opened_at)
        .order_by(TurnRow.id.desc())
        .limit(MOST_TURNS)
    )
    turns = list(await session.scalars(query))[::-1]
    own = [turn for turn in turns if turn.outcome not in {"answered", "order_shown"} or turn.id == escalation.turn_id]
    words = []
    for step in tried.steps(own):
        key = f"tried-{step.name}"
        if step.name == "failed" and escalation.reason != EscalationReason.CHECK_FAILED:
            words.append(texts("tried-failed-because", why=_checks(texts, own[-1])))
        elif step.name == "searched" and step.detail:
            words.append(texts("tried-searched-near", heading=step.detail))
        else:
            words.append(texts(key))
    return tuple(words)


async def _decided(session: AsyncSession, escalation: EscalationRow) -> Decided | None:
    label = await offers.last_label(session, escalation)
    if label is None:
        return None
    operator = await session.get(OperatorRow, label.operator_id)
    # What he wrote in its place stands in the topic.
    sent = (label.sent or "") if label.verdict == Verdict.SENT else ""
    return Decided(Verdict(label.verdict), operator.name if operator else str(label.operator_id), sent)
