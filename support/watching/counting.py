"""The figures of a period, read from SQL by small queries over indexed columns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import mean, median

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from support.board import State, standing
from support.desk_file import DeskFile
from support.desk_tables import DraftLabelRow, OperatorRow
from support.escalations import EscalationReason
from support.expectation import first_replies
from support.hours import open_minutes_between
from support.shares import Part, product
from support.tables import AnswerRow, EscalationRow, TurnRow
from support.turns import TurnState
from support.watching.audited import audits, held_audits
from support.watching.deciding import deciding
from support.watching.gaps import clusters
from support.watching.judging import Counts, Labels, judging
from support.watching.period import Period
from support.watching.report import Day, Figures, OperatorLoad, Spread
from support.watching.talks import RETURN, Talk, containment, load_talks, resolution

HELD = (EscalationReason.LOW_SCORE, EscalationReason.CHECK_FAILED)
"""Why a draft was held back that the judge had looked at."""
MOST_ANSWERS = 5000
"""The newest of a period: times and scores are read from so many."""
BINS = 10
_SUGGESTED = (TurnState.SUGGESTING, TurnState.SUGGESTED)


async def figures(
    session: AsyncSession, period: Period, file: DeskFile, *, threshold: float, threshold_is_set: bool = False
) -> Figures:
    """Count everything of a period but the shift, which has windows of its own.

    ``threshold``: ANSWER_THRESHOLD, which decides where it is set or nothing is calibrated.
    """
    now = period.end
    found = await load_talks(session, period.start, period.end, now)
    ripe = (period.start - RETURN, period.end - RETURN)
    earlier = await load_talks(session, *ripe, now)
    audited = await audits(session, period.start, period.end)
    held = await held_audits(session, period.start, period.end)
    audited_earlier = {one.turn_id: one.correct is True for one in await audits(session, *ripe)}
    escalations = list(await session.scalars(select(EscalationRow).where(EscalationRow.opened_at >= period.start)))
    still_open = list(await session.scalars(select(EscalationRow).where(EscalationRow.closed_at.is_(None))))
    verified = _verified(earlier, audited_earlier)
    useful, useless, answers = await _ratings(session, period)
    stages, latency, scores = await _answers(session, period)
    outcomes = await _outcomes(session, period)
    first = await first_replies(session, file.hours, period.start)
    gaps = await clusters(session, period.start, period.end)
    states = [standing(one, file, now).state for one in still_open if one.waiting_since is not None]
    counts = Counts(answers, outcomes[EscalationReason.LOW_SCORE], outcomes[EscalationReason.CHECK_FAILED])
    return Figures(
        start=period.start.isoformat(),
        end=period.end.isoformat(),
        days=period.days,
        containment=containment(found),
        resolution=resolution(earlier),
        verified=verified,
        honest=product(resolution(earlier), verified),
        answers=answers,
        useful=useful,
        useless=useless,
        reasons=dict(Counter(one.reason for one in escalations).most_common()),
        judging=judging(audited, held, await _labels(session, period), counts),
        latency_s=latency,
        stages_ms=stages,
        by_day=_by_day(period, found, escalations),
        operators=await _operators(session, file, escalations, still_open),
        open=len(still_open),
        overdue=states.count(State.OVERDUE),
        first_reply_min=median(first) if first else None,
        scores=await _scores(session, period),
        intents=await _intents(session, period),
        judge_scores=_histogram([*scores, *await _held_scores(session, period)]),
        thresholds=await deciding(session, period.start, threshold, is_set=threshold_is_set),
        clusters=tuple(gaps),
        unanswered=sum(one.size for one in gaps),
    )


def spread(values: Sequence[float]) -> Spread | None:
    """Return median and 95th percentile; None of nothing."""
    if not values:
        return None
    p50, p95 = np.quantile(values, (0.5, 0.95))
    return Spread(len(values), float(p50), float(p95))


def _verified(talks: Iterable[Talk], audited: dict[int, bool]) -> Part:
    """Of the audited answers in talks that were resolved: right."""
    looked = [
        audited[turn.turn_id] for talk in talks if talk.resolved for turn in talk.turns if turn.turn_id in audited
    ]
    return Part(sum(looked), len(looked))


def _by_day(period: Period, talks: Iterable[Talk], escalations: Iterable[EscalationRow]) -> tuple[Day, ...]:
    all_of, contained, called = Counter[str](), Counter[str](), Counter[str]()
    for talk in talks:
        all_of[period.day_of(talk.start)] += 1
        contained[period.day_of(talk.start)] += talk.contained
    for one in escalations:
        called[period.day_of(one.opened_at)] += 1
    return tuple(Day(date, all_of[date], contained[date], called[date]) for date in period.dates)


async def _ratings(session: AsyncSession, period: Period) -> tuple[int, int, int]:
    """Return how many answers got 👍, 👎, and were sent."""
    query = select(AnswerRow.rating, func.count()).where(AnswerRow.created_at >= period.start)
    counts: Counter[int | None] = Counter()
    for rating, n in await session.execute(query.group_by(AnswerRow.rating)):
        counts[rating] += n
    return counts[1], counts[-1], counts.total()


async def _answers(session: AsyncSession, period: Period) -> tuple[dict[str, Spread], Spread | None, list[float]]:
    """Return milliseconds by stage, seconds from the question's end to the answer, and the judge's scores."""
    draft = AnswerRow.draft
    columns = (TurnRow.closed_at, AnswerRow.created_at, draft["timings_ms"], draft["verdict"]["score"].as_float())
    query = select(*columns).join(TurnRow, TurnRow.id == AnswerRow.turn_id)
    query = query.where(AnswerRow.created_at >= period.start).order_by(AnswerRow.created_at.desc()).limit(MOST_ANSWERS)
    waited: list[float] = []
    scores: list[float] = []
    stages: dict[str, list[float]] = {}
    for closed, created, timings, score in await session.execute(query):
        if closed is not None:
            waited.append(max(0.0, (created - closed).total_seconds()))
        if score is not None:
            scores.append(score)
        for name, ms in (timings or {}).items():
            stages.setdefault(name, []).append(float(ms))
    spreads = {name: found for name, values in stages.items() if (found := spread(values))}
    return spreads, spread(waited), scores


async def _held_scores(session: AsyncSession, period: Period) -> list[float]:
    score = TurnRow.draft["verdict"]["score"].as_float()
    query = select(score).where(TurnRow.opened_at >= period.start, TurnRow.outcome.in_(HELD), score.is_not(None))
    return list(await session.scalars(query.limit(MOST_ANSWERS)))


async def _outcomes(session: AsyncSession, period: Period) -> Counter[str | None]:
    query = select(TurnRow.outcome, func.count()).where(TurnRow.opened_at >= period.start)
    return Counter({row[0]: row[1] for row in await session.execute(query.group_by(TurnRow.outcome))})


async def _intents(session: AsyncSession, period: Period) -> dict[str, int]:
    query = select(TurnRow.intent, func.count()).where(TurnRow.opened_at >= period.start, TurnRow.intent.is_not(None))
    query = query.where(TurnRow.state.not_in(_SUGGESTED)).group_by(TurnRow.intent)
    return dict(Counter({name: n for name, n in await session.execute(query) if name}).most_common())


async def _labels(session: AsyncSession, period: Period) -> Labels:
    """Return what operators decided about drafts that were held back, not about suggestions."""
    query = select(DraftLabelRow.verdict, func.count()).join(TurnRow, TurnRow.id == DraftLabelRow.turn_id)
    query = query.where(DraftLabelRow.at >= period.start, TurnRow.outcome.in_(HELD)).group_by(DraftLabelRow.verdict)
    verdicts = Counter({row[0]: row[1] for row in await session.execute(query)})
    return Labels(verdicts["sent"], verdicts["edited"], verdicts["discarded"])


async def _scores(session: AsyncSession, period: Period) -> dict[int, int]:
    query = select(EscalationRow.rating, func.count()).where(EscalationRow.closed_at >= period.start)
    query = query.where(EscalationRow.rating.is_not(None)).group_by(EscalationRow.rating)
    counts = {score: n for score, n in await session.execute(query) if score is not None}
    return {score: counts.get(score, 0) for score in range(1, 6)} if counts else {}


async def _operators(
    session: AsyncSession, file: DeskFile, opened: Sequence[EscalationRow], still_open: Sequence[EscalationRow]
) -> tuple[OperatorLoad, ...]:
    rows = {row.id: row for row in (*opened, *still_open)}
    known = await session.execute(select(OperatorRow.user_id, OperatorRow.name))
    names = {row[0]: row[1] for row in known}
    has: dict[int | None, list[EscalationRow]] = {}
    for row in rows.values():
        has.setdefault(row.assignee_id, []).append(row)
    loads = [_load(names.get(who or 0, str(who or "")), his, file) for who, his in has.items()]
    return tuple(sorted(loads, key=lambda one: (not one.name, -one.talks, one.name)))


def _load(name: str, rows: Sequence[EscalationRow], file: DeskFile) -> OperatorLoad:
    replies = [
        open_minutes_between(file.hours, row.opened_at, row.first_reply_at)
        for row in rows
        if row.first_reply_at is not None and row.reason != EscalationReason.OPERATOR_WROTE
    ]
    scores = [row.rating for row in rows if row.rating is not None]
    return OperatorLoad(
        name=name,
        talks=len(rows),
        open=sum(row.closed_at is None for row in rows),
        first_reply_min=median(replies) if replies else None,
        score=float(mean(scores)) if scores else None,
    )


def _histogram(scores: Sequence[float]) -> tuple[int, ...]:
    counts, _ = np.histogram(np.clip(scores, 0.0, 1.0), bins=BINS, range=(0.0, 1.0))
    return tuple(int(n) for n in counts)
