import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from redis import Redis

from knowledge.releases import ReleaseStore
from otvet import diagnosis, sentence_models
from otvet.commands import running
from otvet.commands.running import alive, prepare
from otvet.demo import Demo
from otvet.errors import CommandError
from otvet.findings import Mark
from otvet.redis_server import EmbeddedRedis
from otvet.sentence_models import model_for, questions_for, relevances_for
from otvet.supervisor import Child
from support.embedding import EmbedWorker, RemoteModel
from support.queue import BuildQueue
from support.settings import Settings
from workers.embed import EmbedServer, Heart, this_worker


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="otvet-"))
    with EmbeddedRedis(folder) as server:
        yield server.url
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        yield redis


class Reader:
    name = "reader"
    broken = False

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
        if self.broken:
            raise RuntimeError("no memory")
        return np.arange(len(question), len(question) + len(passages), dtype=np.float32)


def settings(tmp_path: Path, redis_url: str = "", model: str = "fake", reranker: str = "") -> Settings:
    return Settings(
        _env_file=None, data_dir=tmp_path, redis_url=redis_url, embedding_model=model, reranker_model=reranker
    )


def shows(redis: Redis, revision: str = "r1") -> EmbedWorker:
    worker = this_worker("fake").model_copy(update={"revision": revision, "dimensions": 4})
    Heart(redis, worker).beat()
    return worker


def test_a_process_that_serves_the_model_is_asked(tmp_path, redis, redis_url):
    worker = shows(redis)
    with model_for(settings(tmp_path, redis_url)) as model:
        assert isinstance(model, RemoteModel)
        assert (model.name, model.revision) == ("fake", worker.revision)


def test_without_a_setting_there_is_no_model(tmp_path):
    with model_for(settings(tmp_path, model="")) as model:
        assert model is None


@pytest.mark.parametrize(("served", "sentence"), [(True, "does not come up"), (False, "no such folder")])
def test_a_model_that_cannot_be_had_is_said(tmp_path, redis, redis_url, monkeypatch, served, sentence):
    monkeypatch.setattr(sentence_models, "STARTING_S", 0.0)
    with (
        pytest.raises(CommandError, match=sentence),
        model_for(settings(tmp_path, redis_url, "/nowhere"), served=served),
    ):
        pass


def test_questions_are_embedded_for_the_releases_own_model_only(tmp_path, redis, redis_url):
    shows(redis)
    for revision, there in (("r1", True), ("r2", False), (None, False)):
        with questions_for(settings(tmp_path, redis_url), revision) as embed:
            assert (embed is not None) is there
    with questions_for(settings(tmp_path), "r1") as embed:
        assert embed is None


def test_another_model_is_built_with_after_a_restart(tmp_path, redis, redis_url, shop_releases, monkeypatch):
    shutil.copytree(shop_releases, tmp_path / "releases")
    for name, value in {"DATA_DIR": tmp_path, "REDIS_URL": redis_url, "EMBEDDING_MODEL": "fake"}.items():
        monkeypatch.setenv(name, str(value))

    prepared = CliRunner().invoke(prepare, [], catch_exceptions=False)

    assert "EMBEDDING_MODEL has changed since that release: a new one is built" in prepared.output
    assert BuildQueue(redis=redis).is_busy()


def test_where_the_packages_are_missing_the_first_release_waits_for_another_process(tmp_path, redis_url, monkeypatch):
    """As in the small container image; loading the model here would end in another sentence."""
    monkeypatch.setattr(sentence_models, "STARTING_S", 0.0)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    for name, value in {"DATA_DIR": tmp_path, "REDIS_URL": redis_url, "EMBEDDING_MODEL": "/nowhere"}.items():
        monkeypatch.setenv(name, str(value))

    with pytest.raises(CommandError, match="does not come up"):
        CliRunner().invoke(prepare, [], catch_exceptions=False)


def test_the_health_check_knows_the_process(redis, redis_url, monkeypatch):
    monkeypatch.setenv("REDIS_URL", redis_url)
    assert CliRunner().invoke(alive, ["--queue", "embed"]).exit_code == 1
    shows(redis)
    assert CliRunner().invoke(alive, ["--queue", "embed"]).exit_code == 0


async def test_the_doctor_says_what_is_served(tmp_path, redis, redis_url):
    shows(redis)
    [found] = await diagnosis.examine_embedding(settings(tmp_path, redis_url))
    assert found.mark is Mark.GOOD
    assert "revision r1, 4 numbers" in found.sentence


async def test_the_doctor_says_that_nobody_serves_the_model_or_that_it_is_being_loaded(tmp_path, redis, redis_url):
    [found] = await diagnosis.examine_embedding(settings(tmp_path, redis_url))
    assert found.mark is Mark.WRONG
    shows(redis, revision="")
    [found] = await diagnosis.examine_embedding(settings(tmp_path, redis_url))
    assert found.mark is Mark.DOUBTFUL
    [found] = await diagnosis.examine_embedding(settings(tmp_path))
    assert (found.mark, "otvet run starts" in found.sentence) == (Mark.GOOD, True)


async def test_the_doctor_sees_a_release_of_another_model(tmp_path, redis, redis_url, shop_releases):
    shutil.copytree(shop_releases, tmp_path / "releases")
    assert ReleaseStore(tmp_path / "releases").current() == 1
    shows(redis)
    served, release = await diagnosis.examine_embedding(settings(tmp_path, redis_url))
    assert (served.mark, release.mark) == (Mark.GOOD, Mark.DOUBTFUL)
    assert "otvet kb build" in release.sentence
    [found] = await diagnosis.examine_embedding(settings(tmp_path, redis_url, model=""))
    assert found.mark is Mark.GOOD


class Recorder:
    """A supervisor that starts nothing; what must be complete fails, so that nothing is waited for."""

    def __init__(self) -> None:
        self.children: dict[str, tuple[str, ...]] = {}

    def start(self, child: Child) -> None:
        self.children[child.name] = child.command[3:]

    async def complete(self, child: Child) -> bool:
        self.start(child)
        return False

    def stop_on_signals(self) -> None:
        pass

    async def wait(self) -> int:
        return 0


@pytest.mark.parametrize("model", ["", "offline"])
@pytest.mark.parametrize("reranker", ["", "reader"])
async def test_run_and_demo_start_the_process_when_a_model_is_named(tmp_path, monkeypatch, model, reranker):
    running_all, demo = Recorder(), Recorder()
    monkeypatch.setattr("otvet.supervisor.Supervisor", lambda: running_all)
    await running._run_everything({}, with_model=bool(model), with_reranker=bool(reranker))
    environment = {"EMBEDDING_MODEL": model, "RERANKER_MODEL": reranker}
    await Demo(supervisor=demo, environment=environment, folder=tmp_path, url="", port=1).start(0.0)

    for started in (running_all.children, demo.children):
        assert started.get("embed") == (("worker", "--queue", "embed") if model or reranker else None)
        assert ("--served" in started["prepare"]) is bool(model)


async def test_the_doctor_says_how_it_is_about_the_reranker(tmp_path, redis, redis_url):
    """Also where there is a reranker alone."""
    named = settings(tmp_path, redis_url, model="", reranker="reader")
    assert await diagnosis.examine_reranker(settings(tmp_path, redis_url)) == []

    async def found(at: Settings = named) -> Mark:
        [finding] = await diagnosis.examine_reranker(at)
        return finding.mark

    assert await found() is Mark.WRONG
    assert await found(settings(tmp_path, reranker="reader")) is Mark.GOOD  # nothing runs
    heart = Heart(redis, this_worker("", "reader"))
    heart.beat()
    assert await found() is Mark.DOUBTFUL
    heart.become(heart.worker.model_copy(update={"reranks": True}))
    reader, stop = Reader(), threading.Event()
    thread = threading.Thread(target=EmbedServer(redis, None, heart, reranker=reader).serve, args=(stop.is_set,))
    thread.start()
    assert await found() is Mark.GOOD
    reader.broken = True
    assert await found() is Mark.DOUBTFUL
    stop.set()
    thread.join()
    with relevances_for(named) as rerank:
        assert rerank is not None
    heart.stop()
    assert await found() is Mark.WRONG
    with relevances_for(named) as rerank:
        assert rerank is None
