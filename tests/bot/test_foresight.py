import asyncio
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from redis.asyncio import Redis as AsyncRedis

from bot.foresight import PAUSE_S, Foresight, Relevances, Vectors
from bot.learning import Learning
from bot.unit import Units, utc_now
from knowledge.current import CurrentKnowledge
from knowledge.meaning import passage_text
from knowledge.passages import Chunk
from knowledge.releases import ReleaseStore
from support import answering
from support.embedding import EmbedWorker, alive_key
from support.intents.current import CurrentClassifier
from support.intents.examples import load_intents
from support.tables import TurnRow
from support.turn_search import Ahead
from workers.embed import EmbedServer, Heart

WORKER = EmbedWorker(model="fake", revision="r1", dimensions=4, host="here", pid=1)
INTENTS = [intent for intent in load_intents() if intent.name in {"complaint", "question", "thanks"}]
STRANGE = "фурфурация мельдония"
QUESTION = "How much is delivery? And when will my parcel arrive at last?"


@dataclass
class FakeModel:
    name: str = "fake"
    revision: str = "r1"

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        return np.full((len(texts), 4), 0.5, dtype=np.float32)

    embed_questions = embed_passages


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Nobody:
    """A Redis where no process shows itself."""

    def __init__(self) -> None:
        self.asked = 0

    async def exists(self, *keys: str) -> int:
        self.asked += len(keys)
        return 0


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> ReleaseStore:
    root = tmp_path_factory.mktemp("foresight")
    (root / "articles").mkdir()
    for name in ("delivery", "parcels", "money"):
        text = f"# About {name}\n\nWhat {name} cost and when {name} arrive.\n"
        (root / "articles" / f"{name}.md").write_text(text, encoding="utf-8")
    store = ReleaseStore(root / "releases")
    store.build(root / "articles", model=FakeModel())
    return store


class Moods(FakeModel):
    """Knows complaints, and one word for them that no example has, from everything else."""

    angry = frozenset(next(intent.examples for intent in INTENTS if intent.name == "complaint")) | {STRANGE}

    def embed_questions(self, texts: Sequence[str]) -> np.ndarray:
        return np.eye(4, dtype=np.float32)[[int(text in self.angry) for text in texts]]


@contextmanager
def serving(redis, model):
    stop = threading.Event()
    heart = Heart(redis, WORKER)
    heart.beat()
    thread = threading.Thread(target=EmbedServer(redis, model, heart).serve, args=(stop.is_set,))
    thread.start()
    yield heart
    stop.set()
    thread.join()


@pytest.fixture
def served(redis):
    with serving(redis, FakeModel()):
        yield


async def test_what_is_searched_has_its_vector_before_the_search(releases, redis_url, served):
    vectors = Vectors()
    current = CurrentKnowledge(releases, vectors.find)
    base = current.get()
    async with AsyncRedis.from_url(redis_url) as redis:
        await Foresight(redis, None, None, current, vectors).fetch(base, answering.asked(QUESTION))

    for part in answering.prepare(QUESTION, "en", base).parts:
        assert part.found.features["meaning"] == pytest.approx(1, abs=1e-5)
    assert base.search("something else about delivery").features["meaning"] == 0


async def test_a_dead_process_costs_nothing_for_some_seconds(releases):
    clock, nobody = Clock(), Nobody()
    current = CurrentKnowledge(releases)
    foresight = Foresight(nobody, None, None, current, Vectors(), clock=clock)
    await foresight.fetch(current.get(), ["where is it"])
    await foresight.prepare(1)  # which would read the database otherwise, and there is none
    assert nobody.asked == 1

    clock.now += PAUSE_S
    with pytest.raises(AttributeError):
        await foresight.prepare(1)


async def test_what_was_said_is_classified_by_its_meaning_too(releases, redis, redis_url, database):
    vectors = Vectors()
    current = CurrentKnowledge(releases, vectors.find)
    classifier = CurrentClassifier(INTENTS, vectors.find)
    units = Units(database, lambda: None)
    async with database.writing() as session:
        turn = TurnRow(
            customer_id=1,
            state="collecting",
            epoch=0,
            text=STRANGE,
            language="ru",
            opened_at=utc_now(),
            closes_at=utc_now(),
        )
        session.add(turn)
    by_words = classifier.classify(STRANGE)
    async with AsyncRedis.from_url(redis_url) as client:
        foresight = Foresight(client, units, None, current, vectors)
        learning = Learning(database, classifier, foresight)
        await learning.load_meaning()  # nobody serves the model yet
        assert classifier.classify(STRANGE) == by_words
        with serving(redis, Moods()) as heart:
            await learning.load_meaning()
            assert classifier.classify(STRANGE) == by_words  # its own vector is not known yet
            heart.beat()
            await foresight.hear(turn.id)
    assert dict(by_words.ranking)["complaint"] < 0.5 < dict(classifier.classify(STRANGE).ranking)["complaint"]


async def test_a_busy_process_is_not_waited_for(releases, redis, redis_url):
    redis.set(alive_key(WORKER), WORKER.model_dump_json())
    vectors = Vectors()
    current = CurrentKnowledge(releases, vectors.find)
    base = current.get()
    async with AsyncRedis.from_url(redis_url) as client:
        await Foresight(client, None, None, current, vectors, patience_s=0.2).fetch(base, answering.asked(QUESTION))

    found = answering.prepare(QUESTION, "en", base)
    assert {part.found.features["meaning"] for part in (*found.parts, *found.unanswered)} == {0}
    assert redis.ttl(next(redis.scan_iter("otvet:embed:request:*"))) == 1


async def test_a_redis_that_is_gone_harms_nobody(releases):
    current = CurrentKnowledge(releases)
    async with AsyncRedis.from_url("unix:///nowhere.sock") as client:
        await Foresight(client, None, None, current, Vectors()).fetch(current.get(), answering.asked(QUESTION))


async def test_a_release_without_a_model_asks_nobody(shop_releases):
    current = CurrentKnowledge(ReleaseStore(shop_releases))
    await Foresight(None, None, None, current, Vectors()).prepare(1)


def test_the_vector_of_another_model_is_not_taken():
    vectors = Vectors(most=2)
    vectors.remember("r1", ["a", "b"], np.eye(2, dtype=np.float32))
    assert vectors.find("r2", "a") is None
    assert vectors.find("r1", "a") is not None
    vectors.remember("r1", ["c"], np.eye(1, dtype=np.float32))
    assert vectors.find("r1", "b") is None  # asked for the longest ago


class LastFirst:
    """A reranker that likes best what search liked least."""

    name = "reader"

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.order = [passage_text(chunk) for chunk in chunks]
        self.asked: list[str] = []

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
        self.asked += [question] * len(passages)
        return np.array([self.order.index(passage) for passage in passages], dtype=np.float32)


HOW_LONG = "How long does delivery take to Moscow"
RERANKS = EmbedWorker(model="", reranker="reader", reranks=True, host="here", pid=1)


async def test_scores_that_are_there_before_the_search_order_what_it_finds(shop_releases, redis, redis_url):
    relevances = Relevances()
    current = CurrentKnowledge(ReleaseStore(shop_releases), None, relevances.find)
    base = current.get()
    [before] = answering.prepare(HOW_LONG, "en", base).parts
    searched, chunks = base.candidates(HOW_LONG, language="en")
    reader, heart, stop = LastFirst(chunks), Heart(redis, RERANKS), threading.Event()
    heart.beat()
    server = EmbedServer(redis, None, heart, reranker=reader)
    thread = threading.Thread(target=server.serve, args=(stop.is_set,))
    thread.start()
    async with AsyncRedis.from_url(redis_url) as client:
        foresight = Foresight(client, None, None, current, Vectors(), relevances, "reader")
        ahead = Ahead(HOW_LONG, "en", None)
        await asyncio.gather(foresight.weigh(base, ahead), foresight.weigh(base, ahead))
        await foresight.weigh(base, ahead)  # they are known by now
    stop.set()
    thread.join()

    [after] = answering.prepare(HOW_LONG, "en", base).parts
    assert reader.asked == [searched] * len(chunks)
    assert (before.found.reranked, after.found.reranked) == (False, True)
    assert after.found.passages[0] != before.found.passages[0]
    assert after.found.answerable == before.found.answerable


async def test_nobody_reads_again_what_does_not_suffice_for_an_answer(shop_releases):
    nobody = Nobody()
    current = CurrentKnowledge(ReleaseStore(shop_releases))
    foresight = Foresight(nobody, None, None, current, Vectors(), reranker="reader")
    await foresight.weigh(current.get(), Ahead("thank you so much", "en", None))
    assert nobody.asked == 0


@pytest.mark.parametrize("alive", [True, False])
async def test_a_reranker_that_is_dead_or_slow_leaves_the_order_and_is_let_alone(
    shop_releases, redis, redis_url, alive
):
    if alive:  # and busy with something else
        Heart(redis, RERANKS).beat()
    clock, relevances = Clock(), Relevances()
    current = CurrentKnowledge(ReleaseStore(shop_releases), None, relevances.find)
    base = current.get()
    before = answering.prepare(HOW_LONG, "en", base)
    async with AsyncRedis.from_url(redis_url) as client:
        foresight = Foresight(
            *(client, None, None, current, Vectors(), relevances, "reader"), reranking_patience_s=0.2, clock=clock
        )
        await foresight.weigh(base, Ahead(HOW_LONG, "en", None))
        await foresight.prepare(1)  # which would read the database otherwise, and there is none

    assert answering.prepare(HOW_LONG, "en", base) == before
    clock.now += PAUSE_S
    with pytest.raises(AttributeError):
        await foresight.prepare(1)
