from pathlib import Path

import pytest

from knowledge.current import CurrentKnowledge
from knowledge.releases import Order, ReleaseStore

FORCED = Order(force=True)


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "releases")


def test_there_is_no_base_before_the_first_release(store: ReleaseStore) -> None:
    assert CurrentKnowledge(store).get() is None


def test_a_new_release_is_picked_up_and_readers_keep_their_snapshot(store: ReleaseStore, shop: Path) -> None:
    current = CurrentKnowledge(store)
    store.build(shop)
    first = current.get()
    assert first is not None
    assert first is current.get()
    (shop / "en" / "new.md").write_text("# Drones\n\nDrones are delivered by drones.\n", encoding="utf-8")
    store.build(shop)
    second = current.refresh()
    assert second is not None
    assert (first.release, second.release) == (1, 2)
    assert second.search("drones").passages[0].chunk.source == "en/new.md"
    assert first.search("drones").answerable < 0.5


def test_a_deleted_article_answers_from_nowhere_after_the_next_release(store: ReleaseStore, shop: Path) -> None:
    current = CurrentKnowledge(store)
    (shop / "ru" / "loyalty.md").unlink()
    store.build(shop)
    base = current.get()
    assert base is not None
    assert "ru/loyalty.md" not in {passage.chunk.source for passage in base.search("баллы бонусной программы").passages}


def test_the_old_release_answers_while_the_new_one_is_damaged(store: ReleaseStore, shop: Path) -> None:
    current = CurrentKnowledge(store)
    store.build(shop)
    first = current.get()
    store.build(shop, order=FORCED)
    (store.root / "2" / "arrays.npz").write_bytes(b"rubbish")
    assert current.refresh() is first
    store.pointer.write_text("nonsense", encoding="ascii")
    assert current.refresh() is first
    assert current.get() is first
    store.build(shop, order=FORCED)
    base = current.refresh()
    assert base is not None
    assert base.release == 3
