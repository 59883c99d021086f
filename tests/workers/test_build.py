import pytest

from support.builds import BuildDone, BuildFailed, BuildProgress, BuildRequest, parse_event
from support.queue import BUILD_STREAM, BuildQueue
from workers import build


@pytest.fixture
def request_build(redis, tmp_path):
    def order(sources):
        return BuildRequest(request_id="r1", sources=str(sources), releases=str(tmp_path / "releases"))

    return order


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "sources" / "ru"
    folder.mkdir(parents=True)
    for name, text in {
        "delivery": "# Доставка\n\nДоставка курьером стоит 300 ₽ и занимает два дня.\n",
        "returns": "# Возврат товара\n\nВернуть товар можно за 14 дней после покупки.\n",
        "payment": "# Оплата заказа\n\nОплатить заказ можно картой или наличными.\n",
    }.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / "broken.csv").write_bytes(b"\xff\xfe\x00")
    return folder.parent


def events(redis):
    return [parse_event(fields[b"payload"]) for _, fields in redis.xrange(BUILD_STREAM)]


def test_a_build_reports_its_progress_and_its_result(redis, request_build, sources):
    build.serve_with(redis)

    build.build(request_build(sources).model_dump_json())

    *progress, done = events(redis)
    assert progress
    assert all(isinstance(event, BuildProgress) for event in progress)
    assert isinstance(done, BuildDone)
    assert (done.request_id, done.release, done.articles) == ("r1", 1, 3)
    assert done.errors.n == 1
    assert "broken.csv" in done.errors.names[0]
    assert (done.outcome, done.added.n) == ("switched", 3)


def test_a_build_without_sources_fails_in_one_sentence(redis, request_build, tmp_path):
    build.serve_with(redis)

    build.build(request_build(tmp_path / "nowhere").model_dump_json())

    failed = events(redis)[-1]
    assert isinstance(failed, BuildFailed)
    assert "nowhere" in failed.detail


def test_a_request_that_cannot_be_read_harms_nobody(redis):
    build.serve_with(redis)

    build.build("{}")

    assert events(redis) == []


def test_a_build_worker_builds_what_is_queued(redis, request_build, sources, start_worker):
    BuildQueue(redis=redis).put(request_build(sources))
    worker = start_worker(queue="build")

    found = []
    while not (found and not isinstance(found[-1], BuildProgress)):
        assert worker.poll() is None
        found = events(redis)

    assert isinstance(found[-1], BuildDone)
