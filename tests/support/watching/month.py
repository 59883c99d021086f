"""Five weeks of a made-up shop, written into the database: what figures, pages and screenshots are tried with."""

import json
from datetime import timedelta

import numpy as np

from support.desk_tables import DraftLabelRow, OperatorRow
from support.tables import AnswerRow, CustomerRow, EscalationRow, MessageRow, TurnRow
from tests.conftest import REPOSITORY

REASONS = ("no_answer", "low_score", "customer_asked", "risky", "complaint", "check_failed")
REASON_SHARES = (0.42, 0.2, 0.18, 0.08, 0.07, 0.05)
TENTS = ("можно сдать палатку в ремонт?", "ремонтируете палатки? молния сломалась", "сколько стоит ремонт палатки")
REPLY = "Да, палатки ремонтируем в шоуруме: замена молнии стоит 1 500 ₽ и занимает неделю. Меня зовут Ольга Петрова."
OPERATORS = {9003: "Ольга", 9004: "Пётр", 9005: "Елена"}


def questions(name):
    lines = (REPOSITORY / "evaluation" / "basket" / name).read_text(encoding="utf-8").splitlines()
    return [(row["question"], row["language"]) for row in map(json.loads, lines)]


async def write_month(session, now, *, days=35, customers_a_day=25, tents_this_week=0.0, seed=5, first_id=1):
    """Fill the tables. ``tents_this_week``: the share of the last week's questions that are about repairing tents."""
    chance = np.random.default_rng(seed)
    good, bad = questions("questions.jsonl"), questions("unanswerable.jsonl")
    session.add_all(
        [OperatorRow(user_id=who, name=name, seen_at=now, created_at=now) for who, name in OPERATORS.items()]
    )
    number = first_id - 1
    for back in range(days, 0, -1):
        for _ in range(chance.poisson(customers_a_day * (1 if (now - timedelta(days=back)).weekday() < 5 else 0.6))):
            number += 1
            at = now - timedelta(days=back) + timedelta(seconds=float(chance.uniform(0, 86000)))
            customer = CustomerRow(id=number, chat_id=10_000 + number, name=f"К{number}", language="ru", created_at=at)
            session.add(customer)
            await session.flush()
            for place in range(1 + chance.poisson(0.6)):
                tents = back <= 7 and chance.random() < tents_this_week
                fails = tents or chance.random() < 0.25
                text, language = bad[chance.integers(len(bad))] if fails else good[chance.integers(len(good))]
                if tents:
                    text, language = TENTS[chance.integers(3)], "ru"
                opened = at + timedelta(minutes=4.0 * place)
                if await _turn(session, chance, number, text, language, opened, fails=fails, tents=tents):
                    break


async def _turn(session, chance, customer_id, text, language, opened, *, fails, tents):
    """Add a turn and what came of it; return whether a person has the conversation now."""
    wait = float(chance.gamma(3, 0.9))
    reason = "no_answer" if tents else str(chance.choice(REASONS, p=REASON_SHARES))
    score = float(chance.beta(2, 3) * 0.74) if fails else float(0.75 + chance.beta(3, 2) * 0.25)
    draft = {"verdict": {"score": score}, "timings_ms": {"queue": 12 + 40 * wait, "generate": 800 * wait, "judge": 150}}
    turn = TurnRow(
        customer_id=customer_id,
        state="escalated" if fails else "answered",
        text=text,
        language=language,
        opened_at=opened,
        closes_at=opened,
        closed_at=opened + timedelta(seconds=1),
        finished_at=opened + timedelta(seconds=1 + wait),
        outcome=reason if fails else "answered",
        intent=str(chance.choice(("question", "order_status", "complaint", "greeting"), p=(0.7, 0.2, 0.04, 0.06))),
        draft=draft if fails and reason in {"low_score", "check_failed"} else None,
    )
    session.add(turn)
    await session.flush()
    if not fails:
        rating = [None, 1, -1][int(chance.choice(3, p=(0.7, 0.26, 0.04)))]
        session.add(AnswerRow(turn_id=turn.id, text="…", draft=draft, rating=rating, created_at=turn.finished_at))
        return False
    await _escalate(session, chance, turn, reason)
    return True


async def _escalate(session, chance, turn, reason):
    replied = turn.finished_at + timedelta(minutes=float(chance.gamma(2, 3)))
    closed = replied + timedelta(minutes=20)
    who = int(chance.choice(list(OPERATORS), p=(0.5, 0.3, 0.2)))
    row = EscalationRow(
        customer_id=turn.customer_id,
        turn_id=turn.id,
        reason=reason,
        assignee_id=who,
        opened_at=turn.finished_at,
        first_reply_at=replied,
        closed_at=closed,
        rating=int(chance.choice((3, 4, 5), p=(0.1, 0.3, 0.6))) if chance.random() < 0.4 else None,
    )
    session.add(row)
    await session.flush()
    said = REPLY if "палат" in turn.text else "Сейчас уточню и вернусь с ответом в течение часа."
    session.add(
        MessageRow(
            customer_id=turn.customer_id,
            chat_id=-1,
            message_id=turn.id,
            speaker="operator",
            author_id=who,
            kind="text",
            text=said,
            created_at=replied,
        )
    )
    if turn.draft is not None:
        verdict = str(chance.choice(("sent", "edited", "discarded"), p=(0.3, 0.2, 0.5)))
        label = DraftLabelRow(
            turn_id=turn.id, escalation_id=row.id, operator_id=who, verdict=verdict, draft="…", at=replied
        )
        session.add(label)
