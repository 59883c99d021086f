import pytest

from support.ratings import rate
from support.tables import AnswerRow
from support.turns import TurnRepository, Words


@pytest.fixture
async def answer(session, anna, now):
    turn = (await TurnRepository(session).collect(anna, Words(1, "text", "вопрос"), "ru", now)).turn
    row = AnswerRow(turn_id=turn.id, text="", draft={}, created_at=now)
    session.add(row)
    await session.flush()
    return row


async def test_a_customer_may_change_his_mind(session, anna, answer):
    assert await rate(session, anna.id, answer.id, 1)
    assert await rate(session, anna.id, answer.id, -1)

    assert answer.rating == -1


async def test_nobody_rates_the_answer_to_another_customer(session, anna, answer, add_customer):
    oleg = await add_customer(102, name="Олег")

    assert not await rate(session, oleg.id, answer.id, 1)
    assert not await rate(session, anna.id, 999, 1)
    assert answer.rating is None
