import fcntl
import json
import multiprocessing
import os
import resource
import signal
import threading
import time
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.counting import Tally
from knowledge.embedder import Embedder
from knowledge.errors import BuildRunningError, ReleaseError, SourcesError
from knowledge.gate import Doubt, Objection
from knowledge.releases import KEPT, Order, Outcome, ReleaseStore, Stage, Step, software

FORCED = Order(force=True)
STEPS = [step for step in Step if step is not Step.EMBEDDING]  # which is that of a pretrained model


class InterruptedBuildError(Exception):
    """What a build is interrupted with."""


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "releases")


def names(store: ReleaseStore) -> set[str]:
    return {path.name for path in store.root.iterdir()} - {
        ".lock",
        ".switching",
        ".readings",
        ".addresses",
        ".addresses-lock",
    }


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
        (step, number, len(STEPS)) for number, step in enumerate(STEPS, start=1)
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


def test_unchanged_articles_make_no_new_release_unless_forced(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    report = store.build(shop)
    assert (report.outcome, report.release, report.chunks) == (Outcome.UNCHANGED, 1, 12)
    assert store.numbers() == [1]
    assert store.build(shop, order=FORCED).release == 2


def test_other_software_builds_another_release_of_the_same_articles(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    manifest = store.root / "1" / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(software(), "older"), encoding="utf-8")
    assert store.build(shop).outcome is Outcome.SWITCHED


def test_a_damaged_current_release_is_built_again_from_unchanged_articles(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    (store.root / "1" / "arrays.npy").write_bytes(b"rubbish")
    assert (store.build(shop).release, store.current()) == (2, 2)


def test_the_report_says_what_has_changed(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    (shop / "en" / "new.md").write_text("# Drones\n\nDrones deliver on Sundays.\n", encoding="utf-8")
    (shop / "ru" / "loyalty.md").unlink()
    difference = store.build(shop).difference
    assert (difference.added, difference.changed, difference.removed) == (("en/new.md",), (), ("ru/loyalty.md",))


def test_a_release_with_less_than_half_of_the_articles_is_held_back(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    for path in [*shop.rglob("*.*")][1:]:
        path.unlink()
    report = store.build(shop)
    assert report.outcome is Outcome.HELD
    assert {one.doubt for one in report.objections} == {Doubt.ARTICLES, Doubt.CHUNKS}
    assert store.current() == 1
    info = store.info(2)
    assert info is not None
    assert info.held == report.objections
    # It is nothing to roll back or forward to by itself; by name it answers, and is then like any other.
    assert store.newer() is None
    assert store.rollback(2) == 2
    info = store.info(2)
    assert info is not None
    assert info.held == ()
    assert store.older() == 1


def test_forcing_switches_and_still_says_what_spoke_against_it(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    for path in [*shop.rglob("*.*")][1:]:
        path.unlink()
    report = store.build(shop, order=FORCED)
    assert report.outcome is Outcome.SWITCHED
    assert report.objections
    assert store.current() == 2


def test_losing_golden_questions_holds_a_release_back(
    store: ReleaseStore, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.golden.TOP", 1)  # the shop has only a handful of articles
    (shop / "golden.csv").write_text(
        "question,source\nВ течение скольких дней можно вернуть товар?,ru/returns.md\n", encoding="utf-8"
    )
    report = store.build(shop)
    assert report.golden is not None
    assert (report.golden.found, report.golden.found_before) == (1, None)
    (shop / "ru" / "returns.md").write_text("# Прочее\n\nЗдесь больше ничего нет.\n", encoding="utf-8")
    report = store.build(shop)
    assert report.outcome is Outcome.HELD
    assert [one.doubt for one in report.objections] == [Doubt.GOLDEN_FEWER]
    assert report.golden is not None
    assert report.golden.lost == ("В течение скольких дней можно вернуть товар?",)


def test_only_the_newest_held_release_stays(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    for path in [*shop.rglob("*.*")][1:]:
        path.unlink()
    assert [store.build(shop).outcome for _ in range(3)] == [Outcome.HELD] * 3
    assert store.numbers() == [1, 4]


def test_a_rollback_during_a_build_is_not_undone_by_it(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    store.build(shop, order=FORCED)
    (shop / "en" / "new.md").write_text("# Drones\n\nDrones deliver on Sundays.\n", encoding="utf-8")

    def roll_back(stage: Stage) -> None:
        if stage.step is Step.SAVING:
            assert store.rollback() == 1

    report = store.build(shop, progress=roll_back)
    assert report.outcome is Outcome.HELD
    assert report.objections == (Objection(Doubt.SWITCHED_MEANWHILE, 2, 1),)
    assert store.current() == 1


def test_a_rollback_can_be_taken_back(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    store.build(shop, order=FORCED)
    assert store.newer() is None
    assert store.rollback() == 1
    assert store.newer() == 2
    assert store.rollback(2) == 2


def test_who_built_a_release_why_and_how_long_it_took_is_kept(store: ReleaseStore, shop: Path) -> None:
    store.build(shop, order=Order(built_by="Мария", reason="/kb reload"))
    [info] = store.infos()
    assert (info.built_by, info.reason) == ("Мария", "/kb reload")
    assert info.seconds > 0


def test_a_manifest_of_an_earlier_version_is_read(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    manifest = store.root / "1" / "manifest.json"
    fields = json.loads(manifest.read_text(encoding="utf-8"))
    for name in ("built_by", "reason", "seconds", "software", "held"):
        del fields[name]
    manifest.write_text(json.dumps(fields), encoding="utf-8")
    [info] = store.infos()
    assert (info.built_by, info.held) == ("", ())
    assert store.open(1).release == 1


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


def test_nothing_in_a_release_is_a_pickle(store: ReleaseStore, shop: Path) -> None:
    store.build(shop)
    assert {path.suffix for path in (store.root / "1").iterdir()} == {".json", ".jsonl", ".npy"}
    with (store.root / "1" / "arrays.npy").open("rb") as file:
        for name in np.load(file, allow_pickle=False).tolist():
            assert np.load(file, allow_pickle=False).dtype != object, name
        assert not file.read()


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base that counts as large, so that small changes leave what was trained alone."""
    monkeypatch.setattr("knowledge.releases.TRAINED_BELOW", 10)
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(100):
        text = f"# Article {number}\n\nThe word{number} costs {number} roubles and the thing{number} is blue.\n"
        (folder / f"a{number:02}.md").write_text(text, encoding="utf-8")
    return folder


def test_a_small_change_of_a_large_base_embeds_only_what_is_new(
    store: ReleaseStore, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.build(large)
    embedded: list[int] = []
    embed = Embedder.embed_counted

    def counted(self: Embedder, texts: Tally) -> NDArray[np.float32]:
        embedded.append(texts.terms.table.shape[0])
        return embed(self, texts)

    monkeypatch.setattr(Embedder, "embed_counted", counted)
    monkeypatch.setattr("knowledge.releases.train", lambda _: pytest.fail("trained again"))
    (large / "a07.md").write_text("# Drones\n\nDrones deliver parcels on Sundays.\n", encoding="utf-8")
    (large / "a08.md").unlink()
    report = store.build(large)
    assert report.outcome is Outcome.SWITCHED
    assert embedded == [1]
    info = store.info(2)
    assert info is not None
    assert info.taken_over == 3  # one new, two gone
    before, after = store.open(1), store.open(2)
    assert after.search("drones parcels sundays").passages[0].chunk.source == "a07.md"
    assert not any(passage.chunk.source == "a08.md" for passage in after.search("word8 thing8").passages)
    assert (after.index.vectors[0] == before.index.vectors[0]).all()


def test_many_small_changes_are_trained_in_the_end(store: ReleaseStore, large: Path) -> None:
    store.build(large)
    taken_over = []
    for number in range(4):
        (large / f"a{number:02}.md").write_text(f"# New {number}\n\nSomething{number} else.\n", encoding="utf-8")
        info = store.info(store.build(large).release)
        assert info is not None
        taken_over.append(info.taken_over)
    assert taken_over == [2, 4, 0, 2]


def test_a_forced_build_trains_everything_again(store: ReleaseStore, large: Path) -> None:
    store.build(large)
    (large / "a07.md").write_text("# Drones\n\nDrones deliver parcels on Sundays.\n", encoding="utf-8")
    store.build(large)
    store.build(large, order=FORCED)
    info = store.info(3)
    assert info is not None
    assert info.taken_over == 0
    fresh = ReleaseStore(store.root.parent / "fresh")
    fresh.build(large)
    assert fresh.infos()[0].digest == info.digest
