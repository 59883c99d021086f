from datetime import timedelta

import pytest

from support.pauses import PauseRepository


@pytest.fixture
def pauses(session):
    return PauseRepository(session)


async def test_a_chat_is_left_alone_for_as_long_as_told_and_what_has_passed_is_forgotten(pauses, now):
    await pauses.add(101, 30.2, now)
    await pauses.add(-1001, 3000, now)

    assert await pauses.remaining(now) == {101: 31, -1001: 3000}
    assert await pauses.remaining(now + timedelta(seconds=31)) == {-1001: 2969}
    # Forgotten, not only left out.
    assert await pauses.remaining(now) == {-1001: 3000}


async def test_the_newest_word_about_a_chat_counts(pauses, now):
    await pauses.add(101, 3000, now)
    await pauses.add(101, 5, now + timedelta(seconds=1))

    assert await pauses.remaining(now + timedelta(seconds=2)) == {101: 4}


async def test_with_a_clock_that_was_set_back_a_pause_begins_again(pauses, now):
    await pauses.add(101, 60, now)

    assert await pauses.remaining(now - timedelta(days=1)) == {101: 60}
