from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.groups import PAUSES_S, Groups
from sandbox.world import ANNA
from support.customers import CustomerRepository
from support.transport_tables import MovedChatRow

ONE, TWO, MOVED = -1001, -1002, -2001
NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def groups():
    return Groups((ONE, TWO), Clock())


def test_a_group_that_refuses_is_left_out_until_it_takes_a_call(groups):
    groups.fail(ONE, "not enough rights")
    assert groups.working() == (TWO,)
    assert groups.recover(ONE)
    assert groups.working() == (ONE, TWO)
    assert not groups.recover(ONE)


def test_a_group_that_goes_on_refusing_is_tried_ever_more_rarely(groups):
    for pause_s in (*PAUSES_S, PAUSES_S[-1], PAUSES_S[-1]):
        groups.fail(ONE, "chat not found")
        groups.clock.now += pause_s - 1
        assert groups.rests(ONE)
        groups.clock.now += 1
        assert not groups.rests(ONE)
    assert groups.working() == (TWO,)


async def test_a_moved_group_is_followed_with_its_topics_and_after_a_restart(groups, database):
    async with database.writing() as session:
        anna = await CustomerRepository(session).by_chat(ANNA)
        anna.topic_chat_id, anna.topic_id = ONE, 7
        anna.former_topic_chat_id, anna.former_topic_id, anna.card_chat_id, anna.card_id = ONE, 6, ONE, 70
    groups.fail(ONE, "group chat was upgraded")
    for _ in range(2):
        async with database.writing() as session:
            await groups.move(session, ONE, MOVED, NOW)

    assert (groups.ids, groups.working()) == ((MOVED, TWO), (MOVED, TWO))
    async with database.writing() as session:
        anna = await CustomerRepository(session).by_chat(ANNA)
        assert (anna.topic_chat_id, anna.topic_id) == (MOVED, 7)
        assert (anna.former_topic_chat_id, anna.card_chat_id) == (MOVED, MOVED)
        assert len(list(await session.scalars(select(MovedChatRow)))) == 1
        again = Groups((ONE, TWO))
        await again.load(session)
    assert again.present(ONE) == MOVED


async def test_a_group_that_moved_in_a_circle_is_found(groups, database):
    async with database.writing() as session:
        await groups.move(session, ONE, MOVED, NOW)
        await groups.move(session, MOVED, ONE, NOW)

    assert groups.present(ONE) in {ONE, MOVED}


def test_two_ids_of_one_group_are_one_group():
    groups = Groups((ONE, ONE))

    assert groups.ids == (ONE,)
