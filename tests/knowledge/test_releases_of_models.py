from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.errors import EmbeddingModelError, ReleaseError
from knowledge.golden import FILE_NAMES
from knowledge.releases import VECTORS, Outcome, ReleaseStore, Stage, Step
from knowledge.vectors import VectorCache


@dataclass
class FakeModel:
    """Puts each text somewhere; counts what it is asked."""

    revision: str = "r1"
    name: str = "fake"
    fails: bool = False
    passages: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.passages += texts
        return self._vectors(texts)

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.questions += texts
        return self._vectors(texts)

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.fails:
            raise EmbeddingModelError("the model is gone")
        rows = [np.random.default_rng(sum(text.encode())).normal(size=8) for text in texts]
        found = np.array(rows, dtype=np.float32).reshape(len(texts), 8)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "releases")


def test_a_release_tells_the_model_whose_vectors_it_holds(store: ReleaseStore, shop: Path) -> None:
    stages: list[Stage] = []
    store.build(shop, model=FakeModel(), progress=stages.append)
    [info] = store.infos()
    assert (info.model, info.model_revision) == ("fake", "r1")
    assert [stage.number for stage in stages if stage.step is Step.EMBEDDING] == [4]
    assert store.open(1).model_revision == "r1"


@pytest.mark.parametrize("model", [FakeModel(revision="r2"), None])
def test_another_model_makes_another_release_of_the_same_articles(
    store: ReleaseStore, shop: Path, model: FakeModel | None
) -> None:
    store.build(shop, model=FakeModel())
    assert store.build(shop, model=FakeModel()).outcome is Outcome.UNCHANGED
    assert store.build(shop, model=model).outcome is Outcome.SWITCHED
    assert store.open(2).model_revision == (model.revision if model else None)


def test_what_another_model_was_trained_with_is_not_taken_over(
    store: ReleaseStore, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.releases.TRAINED_BELOW", 1)
    monkeypatch.setattr("knowledge.releases.TRAINED_AFTER", 1)
    store.build(shop, model=FakeModel())
    model, other = FakeModel(), FakeModel(revision="r2")
    (shop / "en" / "new.md").write_text("# Gifts\n\nWe wrap gifts.\n", encoding="utf-8")
    store.build(shop, model=model)
    assert len(model.passages) == 1
    (shop / "en" / "new.md").unlink()
    store.build(shop, model=other)
    # Beside those that training makes up, every chunk is looked for by its own words.
    assert len(model.questions) == 13
    assert len(other.questions) > 30


def test_a_model_that_goes_away_leaves_the_old_release_answering(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    with pytest.raises(EmbeddingModelError, match="the model is gone"):
        store.build(shop, model=FakeModel(fails=True))
    assert store.current() == 1
    assert store.numbers() == [1]


def test_a_build_interrupted_while_texts_are_embedded_leaves_the_old_release_answering(
    store: ReleaseStore, shop: Path
) -> None:
    store.build(shop)

    def interrupt(stage: Stage) -> None:
        if stage.step is Step.EMBEDDING:
            raise InterruptedError

    with pytest.raises(ReleaseError):
        store.build(shop, model=FakeModel(), progress=interrupt)
    assert (store.current(), store.numbers()) == (1, [1])
    assert not list(store.root.glob(".building-*"))


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_text("{}", encoding="utf-8")])
def test_a_release_without_its_models_own_file_is_damaged(store: ReleaseStore, shop: Path, damage: object) -> None:
    store.build(shop, model=FakeModel())
    damage(store.root / "1" / "meaning.json")  # type: ignore[operator]  # either of the two above
    assert not store.is_intact(1)


def test_only_vectors_of_releases_that_stand_are_kept(
    store: ReleaseStore, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.shelf.KEPT", 1)
    article, texts = shop / "en" / "new.md", []
    for number in range(2):
        article.write_text(f"# Gifts\n\nWe wrap gift number {number}.\n", encoding="utf-8")
        texts.append(f"Gifts\nWe wrap gift number {number}.")
        store.build(shop, model=FakeModel())
    known = FakeModel()
    VectorCache(store.root / VECTORS).embed(texts, model="r1", prefix="", embed=known.embed_passages)
    assert known.passages == texts[:1]
    store.build(shop)
    assert list((store.root / VECTORS).glob("*.npz")) == []


def test_golden_questions_are_asked_with_the_vectors_that_customers_get(store: ReleaseStore, shop: Path) -> None:
    (shop / FILE_NAMES[1]).write_text("question,source\nWhere is my parcel?,en/delivery.md\n", encoding="utf-8")
    model = FakeModel()
    store.build(shop, model=model)
    assert any("parcel" in question for question in model.questions)
