"""Builds that are interrupted, killed, crowded or out of room, and damaged releases: the old one goes on answering."""

import fcntl
import multiprocessing
import os
import resource
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from knowledge.errors import BuildRunningError, ReleaseError, SourcesError
from knowledge.releases import Order, ReleaseStore, Stage, Step
from tests.knowledge.stored import names

FORCED = Order(force=True)
STEPS = [step for step in Step if step is not Step.EMBEDDING]  # which is that of a pretrained model


class InterruptedBuildError(Exception):
    """What a build is interrupted with."""


@pytest.mark.parametrize("step", STEPS)
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


@pytest.mark.parametrize(
    "name", ["chunks.jsonl", "vocabularies.jsonl", "arrays.npy", "no_answer.json", "manifest.json"]
)
def test_a_damaged_file_is_noticed(store: ReleaseStore, shop: Path, name: str) -> None:
    store.build(shop)
    path = store.root / "1" / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ReleaseError, match="Release 1 is damaged"):
        store.open(1)


def test_a_damaged_current_release_is_built_again_from_unchanged_articles(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    (store.root / "1" / "arrays.npy").write_bytes(b"rubbish")
    assert (store.build(shop).release, store.current()) == (2, 2)


def test_a_release_that_does_not_find_itself_is_refused(
    store: ReleaseStore, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.build(shop)
    monkeypatch.setattr("knowledge.releases.own_share", lambda _: 0.5)
    with pytest.raises(ReleaseError, match="does not find its own"):
        store.build(shop, order=FORCED)
    assert names(store) == {"1", "current"}


def build_with_little_room(root: Path, shop: Path, answers: Any) -> None:
    # Like a full disk: every file beyond so many bytes cannot be written any further (EFBIG instead of ENOSPC).
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))
    try:
        ReleaseStore(root).build(shop, order=FORCED)
    except ReleaseError as error:
        answers.send(str(error))


def test_a_full_disk_leaves_the_old_release_answering_and_no_rubbish(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    context = multiprocessing.get_context("spawn")
    heard, answers = context.Pipe(duplex=False)
    child = context.Process(target=build_with_little_room, args=(store.root, shop, answers))
    child.start()
    child.join(60)
    assert heard.poll()
    assert heard.recv().startswith("The release cannot be written")
    assert child.exitcode == 0
    assert names(store) == {"1", "current"}
    assert store.open(1).search("доставка").passages


def test_a_pointer_that_cannot_be_written_changes_nothing(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    store.build(shop, order=FORCED)
    (store.root / ".building-current").mkdir()
    with pytest.raises(ReleaseError, match="current cannot be written"):
        store.rollback()
    assert store.current() == 2


def hold_the_lock(root: Path, shop: Path, seconds: float) -> None:
    with ReleaseStore(root).building():
        time.sleep(seconds)


def test_a_build_waits_for_that_of_another_process(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    child = multiprocessing.get_context("spawn").Process(target=hold_the_lock, args=(store.root, shop, 1.0))
    child.start()
    while not store.is_building():
        time.sleep(0.01)
    with pytest.raises(BuildRunningError):
        store.build(shop, order=FORCED)
    assert store.build(shop, order=FORCED, wait_s=30).release == 2
    child.join(30)
