import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from knowledge.base import KnowledgeBase
from knowledge.current import CurrentKnowledge
from knowledge.errors import EmbeddingModelError
from knowledge.passages import Chunk
from knowledge.releases import ReleaseStore
from support import reranking
from support.builds import BuildDone, BuildFailed, BuildRequest, parse_event
from support.embedding import (
    TEXTS_A_REQUEST,
    EmbedRequest,
    EmbedWorker,
    RemoteModel,
    decode_vectors,
    put,
    reply_key,
    request_key,
    serving,
    waiting,
    workers,
)
from support.queue import BUILD_STREAM
from support.reranking import RemoteReranker, RerankRequest, decode_scores
from workers import build
from workers.embed import EmbedServer, Heart

WORKER = EmbedWorker(model="fake", revision="r1", dimensions=2, host="here", pid=1)


@dataclass
class FakeModel:
    """Answers with a text's length, and 1 for a passage."""

    name: str = "fake"
    revision: str = "r1"
    passes: list[list[str]] = field(default_factory=list)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        return self._embed(texts, 1)

    def embed_questions(self, texts: Sequence[str]) -> np.ndarray:
        return self._embed(texts, 0)

    def _embed(self, texts: Sequence[str], kind: int) -> np.ndarray:
        self.passes.append(list(texts))
        if "impossible" in texts:
            raise RuntimeError("no memory")
        return np.array([[len(text), kind] for text in texts], dtype=np.float32).reshape(len(texts), 2)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def server(redis: Redis, model: FakeModel) -> EmbedServer:
    return EmbedServer(redis, model, Heart(redis, WORKER))


@pytest.fixture
def running(redis: Redis, server: EmbedServer) -> Iterator[RemoteModel]:
    """The server at work in a thread, and who asks it."""
    stop = threading.Event()
    Heart(redis, WORKER).beat()
    thread = threading.Thread(target=server.serve, args=(stop.is_set,))
    thread.start()
    yield RemoteModel(redis, WORKER)
    stop.set()
    thread.join()


def ask(redis: Redis, request_id: str, *texts: str, kind: str = "question", urgent: bool = True) -> None:
    request = EmbedRequest(kind=kind, texts=texts)
    with redis.pipeline() as pipeline:
        put(pipeline, request_id, request, "r1", urgent=urgent, ttl_s=60)
        pipeline.execute()


def test_texts_come_back_as_vectors_in_their_order(running, model):
    texts = ["x" * (1 + number * 7 % 50) for number in range(2 * TEXTS_A_REQUEST + 6)]

    np.testing.assert_array_equal(running.embed_passages(texts), [[len(text), 1] for text in texts])
    np.testing.assert_array_equal(running.embed_questions(["ab"]), [[2, 0]])
    assert running.embed_passages([]).shape == (0, 2)
    assert running.embed_questions(["where \ud83d is it"]).shape == (1, 2)


def test_all_questions_that_wait_share_a_pass_and_the_same_one_is_embedded_once(redis, server, model):
    for number in range(5):
        ask(redis, str(number), f"question {number}", "the same")

    server.step()

    assert len(model.passes) == 1
    assert sorted(model.passes[0]) == [*(f"question {number}" for number in range(5)), "the same"]
    for number in range(5):
        [reply] = redis.lrange(reply_key(str(number)), 0, -1)
        assert decode_vectors(reply, n=2).tolist() == [[10, 0], [8, 0]]
        assert 0 < redis.ttl(reply_key(str(number))) <= 60
        assert not redis.exists(request_key(str(number)))


def test_customers_questions_go_before_what_is_left_of_a_build(redis, server, model):
    ask(redis, "build", *(f"passage {number}" for number in range(30)), kind="passage", urgent=False)
    server.step()
    server.step()
    ask(redis, "customer", "where is it")

    server.step()

    assert len(model.passes[0]) < 30
    assert model.passes[1] == ["where is it"]
    while not redis.exists(reply_key("build")):
        server.step()
    assert sum(len(texts) for texts in model.passes) == 31


def test_what_nobody_waits_for_any_more_is_not_embedded(redis, server, model):
    ask(redis, "late", "where is it")
    redis.delete(request_key("late"))

    server.step()

    assert model.passes == []


@pytest.mark.parametrize("urgent", [True, False])
def test_a_failed_pass_is_told_to_who_asked_and_the_next_one_is_served(running, model, urgent):
    asker = RemoteModel(running.redis, WORKER, urgent=urgent)
    with pytest.raises(EmbeddingModelError, match="RuntimeError"):
        asker.embed_passages(["impossible"])

    assert asker.embed_passages(["possible"]).tolist() == [[8, 1]]


def test_a_request_that_cannot_be_read_harms_nobody(redis, server):
    redis.set(request_key("broken"), "{")
    redis.rpush(waiting("r1", urgent=True), "broken")

    server.step()

    with pytest.raises(EmbeddingModelError, match="cannot be read"):
        decode_vectors(redis.lpop(reply_key("broken")), n=1)


def test_a_build_goes_on_when_the_process_is_started_again(redis, model, server):
    """The first process takes the request with it into its grave."""
    asker = RemoteModel(redis, WORKER, absent_s=20)
    found: list[np.ndarray] = []
    asking = threading.Thread(target=lambda: found.append(asker.embed_passages(["abc"])))
    asking.start()
    taken = redis.blpop([waiting("r1", urgent=False)], 5)
    redis.delete(request_key(taken[1].decode()))  # nobody renews it
    time.sleep(1.5)
    Heart(redis, WORKER).beat()

    for _ in range(10):
        server.step()
        if not asking.is_alive():
            break
        asking.join(0.3)

    assert [one.tolist() for one in found] == [[[3, 1]]]


def test_a_build_gives_up_on_a_process_that_stays_away(redis):
    with pytest.raises(EmbeddingModelError, match="start otvet worker --queue embed"):
        RemoteModel(redis, WORKER, absent_s=0).embed_passages(["abc"])


def test_a_process_shows_what_it_serves_and_vanishes_when_it_stops(redis):
    heart = Heart(redis, WORKER.model_copy(update={"revision": "", "dimensions": 0}))
    heart.beat()
    assert [worker.is_ready for worker in workers(redis)] == [False]
    assert serving(redis, "fake") is None

    heart.become(WORKER)
    assert workers(redis) == (WORKER,)
    assert serving(redis, "fake") == WORKER
    assert serving(redis, "another") is None

    heart.stop()
    assert workers(redis) == ()


class FakeReranker:
    """A passage that is as long as the question says answers it best."""

    name = "reader"

    def __init__(self) -> None:
        self.passes: list[list[str]] = []

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
        self.passes.append(list(passages))
        if "impossible" in passages:
            raise RuntimeError("no memory")
        return np.array([-abs(len(passage) - int(question)) for passage in passages], dtype=np.float32)


def ask_to_rerank(redis: Redis, request_id: str, question: str, *passages: str) -> None:
    request = RerankRequest(question=question, passages=passages)
    redis.set(request_key(request_id), request.model_dump_json(), ex=3)
    redis.rpush(reranking.waiting("reader"), request_id)


@pytest.mark.parametrize("embeds", [True, False])
def test_passages_are_scored_beside_a_sentence_model_or_without_one(redis, model, embeds):
    reader = FakeReranker()
    server = EmbedServer(redis, model if embeds else None, Heart(redis, WORKER), reranker=reader)
    texts = ["x" * (1 + number * 7 % 20) for number in range(20)]
    ask_to_rerank(redis, "q", "5", *texts)

    while not redis.exists(reply_key("q")):
        server.step()

    [reply] = redis.lrange(reply_key("q"), 0, -1)
    assert decode_scores(reply, n=20).tolist() == [-abs(len(text) - 5) for text in texts]
    assert len(reader.passes) > 1
    assert 0 < redis.ttl(reply_key("q")) <= 60
    assert not redis.exists(request_key("q"))


def test_questions_go_between_the_passages_of_another_and_builds_wait_for_both(redis, model):
    reader = FakeReranker()
    server = EmbedServer(redis, model, Heart(redis, WORKER), reranker=reader)
    ask(redis, "build", "passage", kind="passage", urgent=False)
    ask_to_rerank(redis, "q", "5", *(f"text {number}" for number in range(10)))
    server.step()
    server.step()
    ask(redis, "customer", "where is it")
    server.step()

    assert model.passes == [["where is it"]]
    while not redis.exists(reply_key("q")):
        server.step()
    assert len(model.passes) == 1
    while not redis.exists(reply_key("build")):
        server.step()


def test_a_customer_who_has_been_answered_meanwhile_costs_no_further_pass(redis, model):
    reader = FakeReranker()
    server = EmbedServer(redis, model, Heart(redis, WORKER), reranker=reader)
    ask_to_rerank(redis, "q", "5", *(f"text {number}" for number in range(10)))
    server.step()
    redis.delete(request_key("q"))
    server.step()
    server.step()

    assert len(reader.passes) == 1
    assert not redis.exists(reply_key("q"))


def test_a_reranker_that_fails_or_is_away_is_no_error_for_who_searches(redis, model):
    server = EmbedServer(redis, model, Heart(redis, WORKER), reranker=FakeReranker())
    stop = threading.Event()
    thread = threading.Thread(target=server.serve, args=(stop.is_set,))
    thread.start()
    remote = RemoteReranker(redis, "reader", patience_s=5)
    chunks = [Chunk(text, "a.md", "", (), text, "en") for text in ("impossible", "x")]

    assert remote("5", chunks) is None
    assert remote("1", chunks[1:] * 2).tolist() == [0, 0]
    stop.set()
    thread.join()
    assert RemoteReranker(redis, "reader", patience_s=0.1)("1", chunks) is None
    assert redis.ttl(next(redis.scan_iter("otvet:embed:request:*"))) == 1  # a customer's words do not stay


@pytest.mark.parametrize(
    ("key", "model", "sentence"),
    [
        ("EMBEDDING_MODEL", "/nowhere/model", "no such folder"),
        ("RERANKER_MODEL", "/nowhere/model", "no such folder"),
        ("EMBEDDING_MODEL", "", "EMBEDDING_MODEL is not set"),
    ],
)
def test_a_model_that_cannot_be_loaded_ends_the_process_with_one_sentence(start_worker, key, model, sentence):
    process = start_worker(queue="embed", **{key: model})

    assert process.wait(60) == 2
    assert process.stdout is not None
    said = process.stdout.read()
    assert sentence in said
    assert "Traceback" not in said


def order(redis: Redis, tmp_path: Path, model: str) -> BuildDone | BuildFailed:
    folder = tmp_path / "sources"
    folder.mkdir(exist_ok=True)
    for name in ("delivery", "refund", "parcel"):
        (folder / f"{name}.md").write_text(f"# How much\n\nThe {name} costs much.\n", encoding="utf-8")
    build.serve_with(redis, model)
    request = BuildRequest(request_id="r", sources=str(folder), releases=str(tmp_path / "releases"))
    build.build(request.model_dump_json())
    event = parse_event(redis.xrange(BUILD_STREAM)[-1][1][b"payload"])
    assert isinstance(event, BuildDone | BuildFailed)
    return event


def test_without_the_model_there_is_no_release_at_all(redis, tmp_path, monkeypatch):
    monkeypatch.setattr("workers.build.MODEL_ABSENT_S", 0.0)

    failed = order(redis, tmp_path, "fake")

    assert isinstance(failed, BuildFailed)
    assert failed.cause == "model"
    assert "otvet worker --queue embed" in failed.detail
    assert ReleaseStore(tmp_path / "releases").numbers() == []


def test_real_models_in_folders_are_served_built_with_and_searched(redis, tmp_path, start_worker):
    folder, reranker = tmp_path / "multilingual-e5-tiny", tmp_path / "reader"
    # Made by the process that serves it: importing torch is what takes its time.
    made = (
        f"from pathlib import Path\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nimport tiny_bert\n"
        f"tiny_bert.make(Path({str(folder)!r}))\ntiny_bert.make_reranker(Path({str(reranker)!r}))\n"
        "from knowledge.reranking import CrossEncoderModel\n"
        f"try:\n    CrossEncoderModel.open({str(folder)!r})\nexcept Exception as error:\n    print(error, flush=True)\n"
    )
    models = {"EMBEDDING_MODEL": str(folder), "RERANKER_MODEL": str(reranker)}
    process = start_worker(made, queue="embed", HF_HUB_OFFLINE="1", **models)

    worker = serving(redis, str(folder), wait_s=100, absent_s=100)
    assert worker is not None, process.poll()
    assert worker.dimensions == 16
    model = RemoteModel(redis, worker, urgent=True)
    asked, said = model.embed_questions(["how much"])[0], model.embed_passages(["how much"])[0]
    np.testing.assert_allclose([asked @ asked, said @ said], 1, rtol=1e-5)
    assert not np.allclose(asked, said)  # each kind has its prefix

    done = order(redis, tmp_path, str(folder))
    assert isinstance(done, BuildDone)
    store = ReleaseStore(tmp_path / "releases")
    [info] = store.infos()
    assert (info.model, info.model_revision) == (str(folder), worker.revision)
    base = CurrentKnowledge(store, lambda _, question: model.embed_questions([question])[0]).get()
    assert base is not None
    assert base.search("how much").features["meaning"] > 0

    read_again = RemoteReranker(redis, str(reranker))
    searched = KnowledgeBase(base.index, base.model, rerank=read_again).search("how much")
    assert read_again.is_served
    assert searched.reranked
    scores = read_again(*base.candidates("how much"))
    assert scores is not None
    assert len(set(scores.round(6).tolist())) > 1

    process.terminate()
    assert process.wait(15) == 0
    assert workers(redis) == ()
    assert not read_again.is_served
    assert process.stdout is not None
    assert f"RERANKER_MODEL={folder} is no reranker" in process.stdout.read()


def test_no_other_process_imports_torch():
    code = (
        "import sys, bot.assembly, bot.main, workers.build, workers.generation, workers.worker, workers.embed\n"
        "sys.exit(len({'torch', 'sentence_transformers', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
