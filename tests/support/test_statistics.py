from datetime import timedelta

from support.desk_file import DeskFile
from support.statistics import DayCounts, count_since
from support.tables import AnswerRow, EscalationRow, TurnRow


async def test_only_what_happened_since_the_moment_is_counted(session, anna, add_customer, now):
    oleg = await add_customer(102, name="Олег")
    yesterday = now - timedelta(days=1)
    for number, at in enumerate((yesterday, now, now, now), start=1):
        session.add(
            TurnRow(
                id=number, customer_id=anna.id, state="answered", text="", language="ru", opened_at=at, closes_at=at
            )
        )
    await session.flush()
    for number, (at, rating) in enumerate(((yesterday, 1), (now, 1), (now, -1), (now, None)), start=1):
        session.add(AnswerRow(turn_id=number, text="", draft={}, rating=rating, created_at=at))
    replied = now + timedelta(minutes=4)
    session.add(
        EscalationRow(
            customer_id=anna.id, reason="risky", opened_at=now, closed_at=now, first_reply_at=replied, rating=5
        )
    )
    session.add(EscalationRow(customer_id=anna.id, reason="risky", opened_at=now, closed_at=yesterday, rating=1))
    session.add(EscalationRow(customer_id=anna.id, reason="risky", opened_at=now, waiting_since=now))
    session.add(EscalationRow(customer_id=oleg.id, reason="risky", opened_at=yesterday))
    await session.flush()

    counts = await count_since(session, now - timedelta(hours=1), DeskFile(), now + timedelta(minutes=10))

    assert counts == DayCounts(
        turns=3,
        answers=3,
        useful=1,
        useless=1,
        escalations=3,
        open=1,
        closed=1,
        overdue=1,
        first_reply_min=4.0,
        ratings=1,
        rating=5.0,
    )


async def test_an_empty_day_is_all_zeros(session, now):
    assert await count_since(session, now, DeskFile(), now) == DayCounts(0, 0, 0, 0, 0, 0)
