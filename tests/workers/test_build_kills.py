"""A build worker that is killed midway: another one takes the order, and nothing of the first is left."""

import time

import pytest

from knowledge.releases import ReleaseStore
from support.builds import BuildDone, BuildProgress, BuildRequest, parse_event
from support.queue import BUILD_STREAM, RELEASES_CHANNEL, BuildQueue

ARTICLES = 80
PATIENCE_S = 90


@pytest.fixture
def sources(tmp_path):
    """So many articles that a build takes a moment."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for number in range(ARTICLES):
        words = " ".join(f"word{number}x{one}" for one in range(60))
        (folder / f"a{number}.md").write_text(f"# Article {number}\n\n{words}.\n", encoding="utf-8")
    return folder


def wait_for(redis, condition):
    """Wait until an event of the build stream meets the condition; return it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for _, fields in redis.xrange(BUILD_STREAM):
            event = parse_event(fields[b"payload"])
            if condition(event):
                return event
        time.sleep(0.01)
    pytest.fail("it did not happen in time")


def test_a_killed_build_is_made_by_the_next_worker_and_leaves_no_rubbish(redis, tmp_path, sources, start_worker):
    root = tmp_path / "releases"
    queue = BuildQueue(redis=redis)
    request = BuildRequest(request_id="r1", sources=str(sources), releases=str(root))
    first = start_worker(queue="build")
    queue.put(request)
    wait_for(redis, lambda event: isinstance(event, BuildProgress) and event.stage == "indexing")
    assert queue.is_busy()

    first.kill()
    first.wait()
    (root / ".building-left").mkdir()
    assert queue.state("r1") == "there"
    start_worker(queue="build")

    done = wait_for(redis, lambda event: isinstance(event, BuildDone))
    assert (done.request_id, done.outcome, done.release) == ("r1", "switched", 1)
    assert {path.name for path in root.iterdir()} == {
        *(".lock", ".switching", ".readings", ".addresses", ".addresses-lock", "1", "current")
    }
    assert len(ReleaseStore(root).open(1).chunks) == ARTICLES


def test_a_switch_is_announced_and_an_unchanged_build_is_not(redis, tmp_path, sources, start_worker):
    request = BuildRequest(request_id="r1", sources=str(sources), releases=str(tmp_path / "releases"))
    with redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(RELEASES_CHANNEL)
        channel.get_message(timeout=5)
        BuildQueue(redis=redis).put(request)
        BuildQueue(redis=redis).put(request.model_copy(update={"request_id": "r2"}))
        start_worker(queue="build")

        done = wait_for(redis, lambda event: isinstance(event, BuildDone) and event.request_id == "r2")

        assert done.outcome == "unchanged"
        assert channel.get_message(timeout=5)["data"] == b"1"
        assert channel.get_message(timeout=0.3) is None
