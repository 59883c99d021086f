import pytest

from support.counterparts import CounterpartRepository

ANNA, GROUP, OTHER = 101, -1001, -1002


@pytest.fixture
def counterparts(session):
    return CounterpartRepository(session)


async def test_a_message_finds_its_copy_and_a_copy_its_message(counterparts, anna):
    await counterparts.add(anna.id, (ANNA, 5), (GROUP, 70))
    await counterparts.add(anna.id, (GROUP, 71), (ANNA, 6))

    assert await counterparts.in_chat(ANNA, 5, GROUP) == 70
    assert await counterparts.in_chat(GROUP, 70, ANNA) == 5
    assert await counterparts.in_chat(ANNA, 6, GROUP) == 71
    assert await counterparts.in_chat(GROUP, 71, ANNA) == 6


async def test_of_several_copies_the_first_stands_for_the_message(counterparts, anna):
    for copy_id in (70, 71, 72):
        await counterparts.add(anna.id, (ANNA, 5), (GROUP, copy_id))

    assert await counterparts.in_chat(ANNA, 5, GROUP) == 70
    assert await counterparts.copies(ANNA, 5) == [(GROUP, 70), (GROUP, 71), (GROUP, 72)]
    # And each of them leads back to it.
    assert await counterparts.in_chat(GROUP, 72, ANNA) == 5


async def test_what_has_no_counterpart_in_a_chat_has_none(counterparts, anna):
    await counterparts.add(anna.id, (ANNA, 5), (GROUP, 70))

    assert await counterparts.in_chat(ANNA, 5, OTHER) is None
    assert await counterparts.in_chat(ANNA, 6, GROUP) is None
    assert await counterparts.in_chat(GROUP, 70, OTHER) is None


async def test_a_copy_that_is_known_stays_as_it_is(counterparts, anna):
    for source_id in (5, 6):
        await counterparts.add(anna.id, (ANNA, source_id), (GROUP, 70))

    assert await counterparts.in_chat(GROUP, 70, ANNA) == 5
    assert await counterparts.copies(ANNA, 6) == []
