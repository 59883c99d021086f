from datetime import timedelta

import pytest

from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from support import quarantine
from support.outcomes import Answered, Generating
from support.quarantine import KEPT, REMOVED
from support.turns import Words

QUERY = "Сколько дней хранится заказ в пункте выдачи?"


@pytest.fixture
def current(shop_releases):
    return CurrentKnowledge(ReleaseStore(shop_releases))


def found(current):
    return [passage.chunk.id for passage in current.get().search(QUERY, language="ru", limit=5).passages]


async def test_a_wrong_passage_is_not_found_until_it_is_kept_and_stays_out_when_removed(session, current, now):
    before = found(current)
    chunk = current.get().chunk(before[0])

    row, new = await quarantine.report(session, chunk, 7, now)
    assert new
    assert not (await quarantine.report(session, chunk, 8, now))[1]
    current.hide(await quarantine.keys(session))
    assert chunk.id not in found(current)
    assert len(found(current)) == 5, "others take its place"
    assert current.get().chunk(chunk.id) is None
    assert await quarantine.count(session) == (1, 0)

    assert (await quarantine.decide(session, row.id, KEPT, 9, now))[1]
    assert not (await quarantine.decide(session, row.id, REMOVED, 9, now))[1]
    current.hide(await quarantine.keys(session))
    assert found(current) == before

    again, _ = await quarantine.report(session, chunk, 7, now)
    assert again.id != row.id
    await quarantine.decide(session, again.id, REMOVED, 9, now)
    current.hide(await quarantine.keys(session))
    assert chunk.id not in found(current)
    assert await quarantine.count(session) == (0, 1)


async def test_a_release_loaded_later_lacks_what_was_hidden_before(shop_releases, current):
    chunk_id = found(current)[0]
    fresh = CurrentKnowledge(ReleaseStore(shop_releases))
    fresh.hide({current.get().chunk(chunk_id).key})
    assert fresh.get().chunk(chunk_id) is None
    assert chunk_id not in found(fresh)


async def test_a_draft_in_flight_that_cites_it_is_written_anew(
    session, anna, desk, make_result, make_draft, now, shop_releases
):
    collected = await desk.receive(session, anna, Words(1, "text", QUERY), now)
    generating = await desk.close(session, collected.turn_id, now + timedelta(seconds=6))
    assert isinstance(generating, Generating)
    cited = generating.job.passages[0]
    desk.knowledge.hide({desk.knowledge.get().chunk(cited.chunk_id).key})

    again = await desk.settle(
        session, make_result(generating.job, draft=make_draft(citations=(cited.number,))), now + timedelta(seconds=7)
    )

    assert isinstance(again, Generating)
    assert cited.chunk_id not in {passage.chunk_id for passage in again.job.passages}
    answered = await desk.settle(session, make_result(again.job), now + timedelta(seconds=8))
    assert isinstance(answered, Answered)
