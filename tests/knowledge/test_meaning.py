import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.base import KnowledgeBase
from knowledge.errors import EmbeddingModelError
from knowledge.index import Index
from knowledge.meaning import SHARE, Meaning, measure_share
from knowledge.passages import Chunk
from knowledge.ranking import rank
from knowledge.sentences import SentenceModel, prefixes
from knowledge.training import train
from knowledge.vectors import VectorCache


@dataclass
class FakeEmbedder:
    """Knows that ``topic7`` and ``plain7`` mean the same; sees nothing in Russian."""

    revision: str = "1"
    name: str = "fake"
    seen: list[str] = field(default_factory=list)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen += texts
        return self.embed_questions(texts)

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.full((len(texts), 200), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for number in range(200):
                rows[row, number] += f"topic{number} " in f"{text} " or f"plain{number} " in f"{text} "
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def chunks(language: str, said: str, n: int = 60) -> list[Chunk]:
    asked = "topic" if language == "en" else "тема"
    return [Chunk(f"{i}", f"{i}.md", "T", (f"{asked}{i} delivery",), f"{said}{i} parcel", language) for i in range(n)]


ENGLISH = chunks("en", "plain")
RUSSIAN = chunks("ru", "тема")


def test_a_model_is_trusted_in_the_language_that_it_knows_only() -> None:
    model = FakeEmbedder()
    assert measure_share(ENGLISH, model, "en") == SHARE
    assert measure_share(RUSSIAN, model, "ru") == 0


def test_what_is_said_in_other_words_is_found_by_its_meaning() -> None:
    model = FakeEmbedder()
    base = [Chunk(f"{i}", f"{i}.md", "T", (), f"plain{i} explained here", "en") for i in range(60)]
    index = Index.build(base, model)
    among = np.ones(60, dtype=np.bool_)
    query = "topic7 explained"
    with_model = rank(index, query, among=among, asked=model.embed_questions([query])[0])
    assert with_model.order[0] == 7
    assert not rank(index, query, among=among).meaning.any()


def test_an_index_with_a_model_comes_back_from_the_disk(tmp_path: Path) -> None:
    index = Index.build(ENGLISH, FakeEmbedder())
    index.save(tmp_path)
    loaded = Index.load(tmp_path)
    assert loaded.meaning is not None
    assert index.meaning is not None
    assert (loaded.meaning.revision, loaded.meaning.shares) == (index.meaning.revision, index.meaning.shares)
    np.testing.assert_array_equal(loaded.meaning.vectors, index.meaning.vectors)


def test_passages_that_the_cache_knows_are_not_embedded_again(tmp_path: Path) -> None:
    model, again = FakeEmbedder(), FakeEmbedder()
    built = Index.build(ENGLISH, model, VectorCache(tmp_path))
    rebuilt = Index.build(ENGLISH, again, VectorCache(tmp_path))
    assert len(again.seen) < len(model.seen)
    assert built.meaning is not None
    assert rebuilt.meaning is not None
    np.testing.assert_array_equal(built.meaning.vectors, rebuilt.meaning.vectors)


def test_only_languages_that_the_model_knows_are_embedded() -> None:
    model = FakeEmbedder()
    meaning = Meaning.build([*ENGLISH, *RUSSIAN], model, None)
    assert meaning.shares == {"en": SHARE, "ru": 0}
    assert not meaning.vectors[60:].any()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("intfloat/multilingual-e5-small", ("query: ", "passage: ")),
        ("sergeyzh/BERTA", ("search_query: ", "search_document: ")),
        ("BAAI/bge-m3", ("", "")),
        ("sentence-transformers/all-MiniLM-L6-v2", ("", "")),
        ("/models/multilingual-e5-small", ("query: ", "passage: ")),
    ],
)
def test_each_family_gets_its_own_prefixes(name: str, expected: tuple[str, str]) -> None:
    assert prefixes(name) == expected


@pytest.mark.parametrize(
    ("name", "missing", "sentence"),
    [
        ("offline", "", "make models installs"),
        (".", "torch", "make models installs"),
        ("/nowhere/model", "", "no such folder"),
    ],
)
def test_a_model_that_cannot_be_had_is_refused_with_a_sentence(
    name: str, missing: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.sentences.find_spec", lambda _: None)
    if missing:
        monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(EmbeddingModelError, match=sentence):
        SentenceModel.open(name)


def test_a_base_in_a_language_that_the_model_does_not_know_is_searched_all_the_same(tmp_path: Path) -> None:
    model = FakeEmbedder()
    index = Index.build(RUSSIAN, model, VectorCache(tmp_path))
    among = np.ones(60, dtype=np.bool_)
    asked = model.embed_questions(["тема7"])[0]
    assert rank(index, "тема7", among=among, asked=asked).order == rank(index, "тема7", among=among).order
    assert KnowledgeBase(index, train(index, model)).model_revision is None


def test_the_next_index_embeds_only_what_is_new(tmp_path: Path) -> None:
    cache, model = VectorCache(tmp_path), FakeEmbedder()
    former = Index.build(ENGLISH, model, cache)
    model.seen.clear()
    changed = [*ENGLISH[:-1], replace(ENGLISH[-1], text="plain199 parcel")]
    index = Index.build(changed, model, cache, former=former)
    assert [text.splitlines()[-1] for text in model.seen] == ["plain199 parcel"]
    assert index.meaning is not None
    assert former.meaning is not None
    np.testing.assert_array_equal(index.meaning.vectors[:-1], former.meaning.vectors[:-1])


def test_no_answer_is_learned_with_the_vectors_of_questions() -> None:
    model = FakeEmbedder()
    index = Index.build(ENGLISH, model)
    assert train(index, model).to_json() != train(index).to_json()
