"""Operators' verdicts on drafts as labels that the judge's score may be fitted on. Reads only.

A label of the answer audit never is one of them, nor a verdict on an answer that was drawn for it: what the claim of
`otvet eval calibrate` rests on and what trains the score are different answers.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.tokens import terms
from support import judge_fits, risk
from support.audit_tables import AnswerAuditRow
from support.desk_tables import DraftLabelRow
from support.jobs import Draft
from support.offers import Verdict
from support.tables import TurnRow

DRAWN = "on answers drawn for the audit: those are kept for the claim"
GONE = "without features any more: the words are gone, by retention or erasure"
FAILED = "on drafts that failed a check: the score decides nothing about them"
RISKY = "on drafts about risky demands: the score decides nothing about them"
FORMER = "on drafts of another version of the shipped score, whose features are others"
ADDED = "on drafts that were sent with words added: neither right nor wrong"


@dataclass(frozen=True, slots=True)
class Label:
    """A draft's features, and whether an operator let it go out as it stood."""

    features: dict[str, float]
    right: bool
    customer_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Labels:
    """What may train the score, oldest first, and how many verdicts may not, by reason."""

    usable: tuple[Label, ...]
    left_out: dict[str, int]


async def read(session: AsyncSession, base: str) -> Labels:
    """Return the labels of drafts that were judged by the shipped score ``base``, or by a fit of its features."""
    bases = await judge_fits.bases(session) | {base: base}
    drawn = exists().where(AnswerAuditRow.turn_id == DraftLabelRow.turn_id)
    query = select(DraftLabelRow, TurnRow, drawn).join(TurnRow, TurnRow.id == DraftLabelRow.turn_id)
    usable: list[Label] = []
    left_out: Counter[str] = Counter()
    for row, turn, is_drawn in await session.execute(query.order_by(DraftLabelRow.id)):
        found = DRAWN if is_drawn else _label(row, turn, lambda version: bases.get(version) == base)
        if isinstance(found, Label):
            usable.append(found)
        else:
            left_out[found] += 1
    return Labels(tuple(usable), dict(left_out))


def _label(row: DraftLabelRow, turn: TurnRow, is_present: Callable[[str], bool]) -> Label | str:
    """Return the label, or why it is none."""
    draft = None if turn.draft is None else Draft.model_validate(turn.draft)
    # Without its words nobody can tell an addition from a correction, nor a demand from a question.
    if draft is None or not draft.verdict.features or not turn.text or not row.draft:
        return GONE
    if draft.verdict.failed:
        return FAILED
    if risk.find(turn.text):
        return RISKY
    if not is_present(draft.verdict.version):
        return FORMER
    was_added_to = row.verdict == Verdict.EDITED and set(terms(row.draft)) <= set(terms(row.sent or ""))
    return (
        ADDED if was_added_to else Label(draft.verdict.features, row.verdict == Verdict.SENT, turn.customer_id, row.at)
    )
