"""The bot's process follows the release that answers."""

import asyncio
import shutil
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot import releases
from bot.releases import ReleaseFollower
from knowledge.current import CurrentKnowledge
from knowledge.releases import Order, ReleaseStore
from support.queue import RELEASES_CHANNEL

SOURCES = Path(__file__).parents[1] / "knowledge" / "shop"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("two") / "releases"
    for _ in range(2):
        ReleaseStore(root).build(SOURCES, order=Order(force=True))
    return root


@pytest.fixture
def store(built, tmp_path):
    return ReleaseStore(Path(shutil.copytree(built, tmp_path / "releases")))


@pytest.fixture
def current(store):
    current = CurrentKnowledge(store)
    assert current.get().release == 2
    return current


async def follows(follower, eventually, condition, *, within_s=10.0):
    task = asyncio.create_task(follower.run())
    try:
        await eventually(condition, within_s=within_s)
    finally:
        follower.stop()
        task.cancel()
        await asyncio.wait({task}, timeout=5)


def answers_from(current, release):
    async def ask():
        return current.get().release == release

    return ask


async def test_an_announced_release_is_loaded_at_once(redis_url, store, current, monkeypatch, eventually):
    # Nobody asks for the base meanwhile, and the next look of its own would come much later.
    monkeypatch.setattr(releases, "LOOK_S", 60.0)
    async with Redis.from_url(redis_url) as redis, Redis.from_url(redis_url) as other:

        async def loaded():
            if not (await other.pubsub_numsub(RELEASES_CHANNEL))[0][1]:
                return False
            if store.current() == 2:
                store.rollback(1)
                await other.publish(RELEASES_CHANNEL, "1")
            return not current.is_behind()

        await follows(ReleaseFollower(redis, current), eventually, loaded)
    assert current.get().release == 1


async def test_without_redis_the_pointer_is_followed_all_the_same(store, current, monkeypatch, eventually):
    monkeypatch.setattr(releases, "LOOK_S", 0.05)
    async with Redis.from_url("unix:///nowhere/redis.sock") as redis:
        store.rollback(1)
        await follows(ReleaseFollower(redis, current), eventually, answers_from(current, 1))


async def test_a_damaged_release_leaves_the_loaded_one_answering(redis_url, store, current, monkeypatch, eventually):
    monkeypatch.setattr(releases, "LOOK_S", 0.05)
    (store.root / "1" / "arrays.npy").write_bytes(b"rubbish")
    store.pointer.write_text("1\n", encoding="ascii")
    async with Redis.from_url(redis_url) as redis:
        with pytest.raises(AssertionError):
            await follows(ReleaseFollower(redis, current), eventually, answers_from(current, 1), within_s=0.5)
    assert current.get().release == 2
