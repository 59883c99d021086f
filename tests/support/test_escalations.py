from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from support.escalations import EscalationReason, EscalationRepository
from support.tables import AuditRow, EscalationRow
from support.turns import TurnRepository, TurnState, Words


@pytest.fixture
def escalations(session):
    return EscalationRepository(session)


async def test_a_second_call_for_a_person_opens_nothing_new(escalations, anna, now):
    first, new = await escalations.open(anna.id, EscalationReason.COMPLAINT, now)
    second, again = await escalations.open(anna.id, EscalationReason.CUSTOMER_ASKED, now)

    assert (new, again) == (True, False)
    assert second is first


async def test_the_database_refuses_a_second_open_escalation(session, anna, now):
    session.add_all(EscalationRow(customer_id=anna.id, reason="risky", opened_at=now) for _ in range(2))

    with pytest.raises(IntegrityError):
        await session.flush()
    await session.rollback()


async def test_after_a_close_a_person_can_be_called_again(escalations, anna, now):
    first, _ = await escalations.open(anna.id, EscalationReason.COMPLAINT, now)
    await escalations.close(anna.id, 9001, now + timedelta(minutes=1))

    second, new = await escalations.open(anna.id, EscalationReason.RISKY, now + timedelta(minutes=2))

    assert new
    assert second.id != first.id
    assert first.closed_by == 9001


async def test_closing_is_written_into_the_audit(session, escalations, anna, now):
    await escalations.open(anna.id, EscalationReason.COMPLAINT, now)
    await escalations.close(anna.id, 9001, now)

    audit = (await session.scalars(select(AuditRow))).one()

    assert (audit.actor_id, audit.action) == (9001, "escalation_closed")


async def test_closing_what_is_not_open_does_nothing(escalations, anna, now):
    assert await escalations.close(anna.id, 9001, now) is None


async def test_one_turn_can_call_a_person_twice(session, escalations, anna, now):
    turn = (await TurnRepository(session).collect(anna, Words(1, "text", "вопрос"), "ru", now)).turn
    first, _ = await escalations.open(anna.id, EscalationReason.LOW_SCORE, now, turns=[turn])
    await escalations.close(anna.id, 9001, now)

    second, new = await escalations.open(anna.id, EscalationReason.CUSTOMER_ASKED, now, turns=[turn])

    assert new
    assert (first.turn_id, second.turn_id) == (turn.id, None)
    assert turn.state == TurnState.ESCALATED
