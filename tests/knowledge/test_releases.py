import fcntl
import multiprocessing
import os
import signal
import threading
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest

from knowledge.errors import BuildRunningError, ReleaseError, SourcesError
from knowledge.releases import KEPT, Order, ReleaseStore, Stage, Step

FORCED = Order(force=True)


class InterruptedBuildError(Exception):
    """What a build is interrupted with."""


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "releases")


def names(store: ReleaseStore) -> set[str]:
    return {path.name for path in store.root.iterdir()} - {".lock", ".switching"}


def test_nothing_stands_before_the_first_build(store: ReleaseStore) -> None:
    assert store.current() is None
    assert store.infos() == []


def test_a_build_reports_what_it_did_and_becomes_current(store: ReleaseStore, shop: Path) -> None:
    (shop / "broken.jsonl").write_text("{", encoding="utf-8")
    stages: list[Stage] = []
    report = store.build(shop, progress=stages.append)
    assert (report.release, report.articles, report.chunks) == (1, 8, 12)
    assert [error.file for error in report.errors] == ["broken.jsonl"]
    assert [(stage.step, stage.number, stage.of) for stage in stages] == [
        (step, number, len(Step)) for number, step in enumerate(Step, start=1)
    ]
    assert {stage.step: stage.count for stage in stages if stage.count} == {Step.CHUNKING: 8, Step.INDEXING: 12}
    assert store.current() == 1
    [info] = store.infos()
    assert (info.articles, info.chunks, info.languages, info.errors) == (8, 12, ("en", "ru"), report.errors)
    assert info.built_at.tzinfo is UTC


def test_the_same_sources_give_the_same_release(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    store.build(shop, order=FORCED)
    first, second = store.infos()
    assert first.digest == second.digest


def test_three_releases_stay_and_the_current_one_among_them(store: ReleaseStore, shop: Path) -> None:
    for _ in range(KEPT + 2):
        store.build(shop, order=FORCED)
    assert names(store) == {"3", "4", "5", "current"}
    assert store.rollback() == 4
    assert store.rollback(to=3) == 3
    assert store.current() == 3
    store.build(shop, order=FORCED)
    assert names(store) == {"4", "5", "6", "current"}


def test_rolling_back_further_than_there_are_releases_is_refused(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    with pytest.raises(ReleaseError, match="no older release"):
        store.rollback()
    with pytest.raises(ReleaseError, match="Release 7 does not exist"):
        store.rollback(to=7)
    assert store.current() == 1


@pytest.mark.parametrize("step", Step)
def test_a_build_interrupted_at_any_step_leaves_the_old_release_answering(
    store: ReleaseStore, shop: Path, step: Step
) -> None:
    store.build(shop)

    def interrupt(stage: Stage) -> None:
        if stage.step is step:
            raise InterruptedBuildError

    with pytest.raises(InterruptedBuildError):
        store.build(shop, progress=interrupt, order=FORCED)
    assert store.current() == 1
    assert names(store) == {"1", "current"}
    assert store.open(1).search("доставка").passages


def build_and_die(root: Path, shop: Path) -> None:
    class Dying(ReleaseStore):
        def point_to(self, number: int) -> None:  # noqa: ARG002  # it dies before it would be used
            (self.root / ".building-left").mkdir()
            os.kill(os.getpid(), signal.SIGKILL)

    Dying(root).build(shop, order=FORCED)


def test_a_killed_build_leaves_the_old_release_and_its_rubbish_goes_with_the_next(
    store: ReleaseStore, shop: Path
) -> None:
    store.build(shop)
    child = multiprocessing.get_context("spawn").Process(target=build_and_die, args=(store.root, shop))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert store.current() == 1
    assert ".building-left" in names(store)
    report = store.build(shop, order=FORCED)
    assert store.current() == report.release > 1
    assert not {name for name in names(store) if name.startswith(".building")}


def test_an_empty_base_is_refused_with_a_sentence_and_the_old_release_stays(
    store: ReleaseStore, shop: Path, tmp_path: Path
) -> None:
    store.build(shop)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SourcesError, match="holds no article"):
        store.build(empty)
    (empty / "a.md").write_text("", encoding="utf-8")
    with pytest.raises(SourcesError, match=r"no readable article \(a\.md: is empty\)"):
        store.build(empty)
    (empty / "a.md").write_text("# ***\n\n!!!\n", encoding="utf-8")
    with pytest.raises(SourcesError):
        store.build(empty)
    assert store.current() == 1


def test_two_builds_at_once_are_excluded(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    with (store.root / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BuildRunningError, match="under way"):
            store.build(shop)
        with pytest.raises(BuildRunningError):
            store.build(shop, wait_s=0.3)
        assert store.is_building()
    assert not store.is_building()
    assert store.build(shop, order=FORCED).release == 2


def test_builds_from_two_threads_never_mix(store: ReleaseStore, shop: Path) -> None:
    outcomes: list[str] = []

    def build() -> None:
        try:
            outcomes.append(str(store.build(shop, order=FORCED).release))
        except BuildRunningError:
            outcomes.append("refused")

    threads = [threading.Thread(target=build) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 3
    assert len(store.infos()) == sum(outcome != "refused" for outcome in outcomes) >= 1


@pytest.mark.parametrize("name", ["chunks.jsonl", "vocabularies.json", "arrays.npz", "no_answer.json", "manifest.json"])
def test_a_damaged_file_is_noticed(store: ReleaseStore, shop: Path, name: str) -> None:
    store.build(shop)
    path = store.root / "1" / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ReleaseError, match="Release 1 is damaged"):
        store.open(1)


def test_nothing_in_a_release_is_a_pickle(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    assert {path.suffix for path in (store.root / "1").iterdir()} == {".json", ".jsonl", ".npz"}
    with np.load(store.root / "1" / "arrays.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays)
