import json
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.counting import Tally
from knowledge.embedder import Embedder
from knowledge.errors import ReleaseError
from knowledge.gate import Doubt, Objection
from knowledge.releases import KEPT, Order, Outcome, ReleaseStore, Stage, Step, software
from tests.knowledge.stored import names

FORCED = Order(force=True)
STEPS = [step for step in Step if step is not Step.EMBEDDING]  # which is that of a pretrained model


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
