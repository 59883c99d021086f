"""Words that wait for their writer."""

from datetime import timedelta

import pytest

from support.customers import CustomerRepository, Person
from support.holding import hold
from support.tables import MessageRow

OLGA = 7


@pytest.fixture
def held(session, now):
    """Write a message in a colleague's conversation; return the question that it asks."""

    async def write(message_id, minutes):
        at = now + timedelta(minutes=minutes)
        customer = await CustomerRepository(session).get_or_add(Person(101, "Анна", None, "ru"), now)
        row = MessageRow(
            customer_id=customer.id,
            chat_id=-1,
            message_id=message_id,
            speaker="operator",
            kind="text",
            text="слово",
            created_at=at,
        )
        session.add(row)
        await session.flush()
        return row, await hold(session, row, OLGA, at)

    return write


async def test_one_question_is_asked_about_several_messages_and_anew_when_it_was_left_unanswered(held):
    first, question = await held(1, 0)
    second, nothing = await held(2, 9)
    third, again = await held(3, 10)
    fourth, just_asked = await held(4, 11)

    assert (nothing, just_asked) == (None, None)
    assert again is question
    assert question.messages == [first.id, second.id, third.id, fourth.id]
