import threading
from pathlib import Path
from typing import Any

import pytest

from knowledge.base import KnowledgeBase
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
    (store.root / "2" / "arrays.npy").write_bytes(b"rubbish")
    assert current.refresh() is first
    store.pointer.write_text("nonsense", encoding="ascii")
    assert current.refresh() is first
    assert current.get() is first
    store.build(shop, order=FORCED)
    base = current.refresh()
    assert base is not None
    assert base.release == 3


def test_nobody_waits_while_a_new_release_is_loaded(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    opening, may_open = threading.Event(), threading.Event()

    class Slow(ReleaseStore):
        def open(self, number: int, *ports: Any) -> KnowledgeBase:
            if number == 2:
                opening.set()
                assert may_open.wait(10)
            return super().open(number, *ports)

    current = CurrentKnowledge(Slow(store.root))
    first = current.get()
    store.build(shop, order=FORCED)
    for _ in range(50):
        assert current.get() is first
    assert opening.wait(10)
    assert current.get() is first
    may_open.set()
    base = current.refresh()
    assert base is not None
    assert base.release == 2


def test_a_process_that_starts_over_a_damaged_release_answers_from_the_one_before(
    store: ReleaseStore, shop: Path
) -> None:
    for _ in range(3):
        store.build(shop, order=FORCED)
    store.rollback()
    (store.root / "2" / "arrays.npy").write_bytes(b"rubbish")
    base = CurrentKnowledge(store).get()
    assert base is not None
    assert base.release == 1  # not 3, which was rolled back


def test_readers_see_one_release_or_the_other_and_never_a_mixture(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    (shop / "ru" / "returns.md").write_text("# Возврат\n\nВернуть товар можно за 14 дней.\n", encoding="utf-8")
    store.build(shop, order=FORCED)
    told = {number: {chunk.text for chunk in store.open(number).chunks} for number in (1, 2)}
    current = CurrentKnowledge(store)
    current.get()
    done = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not done.is_set():
            base = current.get()
            assert base is not None
            result = base.search("Сколько дней есть на возврат товара?")
            texts = {passage.chunk.text for passage in result.passages}
            if result.release != base.release or not texts or not texts <= told[base.release]:
                wrong.append(result)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in (1, 2, 1, 2, 1):
        store.rollback(number)
        current.refresh()
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
