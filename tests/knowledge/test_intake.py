import zipfile
from pathlib import Path

import pytest

from knowledge.errors import IntakeError
from knowledge.intake import Intake, examine, store, undo

ARTICLE = b"# Drones\n\nDrones deliver on Sundays.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "knowledge"
    folder.mkdir()
    (folder / "old.md").write_bytes(b"# Old\n\nThe old text.\n")
    return folder


@pytest.fixture
def received(tmp_path: Path) -> Path:
    path = tmp_path / "received"
    path.write_bytes(ARTICLE)
    return path


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_file_is_stored_and_taken_back(folder: Path, received: Path, tmp_path: Path) -> None:
    before = tree(folder)
    assert examine(received, "new.md", folder) == Intake(stored=("new.md",))
    assert tree(folder) == before
    assert store(received, "new.md", folder, tmp_path / "undo") == Intake(stored=("new.md",))
    assert tree(folder) == before | {"new.md": ARTICLE}
    assert undo(tmp_path / "undo", folder) == ("new.md",)
    assert tree(folder) == before
    assert undo(tmp_path / "undo", folder) == ("new.md",)


def test_what_is_replaced_comes_back(folder: Path, received: Path, tmp_path: Path) -> None:
    before = tree(folder)
    assert store(received, "old.md", folder, tmp_path / "undo").replaced == ("old.md",)
    assert tree(folder)["old.md"] == ARTICLE
    undo(tmp_path / "undo", folder)
    assert tree(folder) == before


def test_storing_twice_keeps_the_first_former_text(folder: Path, received: Path, tmp_path: Path) -> None:
    before = tree(folder)
    store(received, "old.md", folder, tmp_path / "undo")
    assert store(received, "old.md", folder, tmp_path / "undo").unchanged == ("old.md",)
    undo(tmp_path / "undo", folder)
    assert tree(folder) == before


def test_a_zip_is_taken_apart_and_each_refusal_has_its_reason(folder: Path, tmp_path: Path) -> None:
    files = {"ru/a.md": ARTICLE, "b.txt": b"Text\n\nMore.", "c.exe": b"MZ", "../out.md": ARTICLE, "empty.md": b""}
    found = examine(packed(tmp_path / "z", files), "many.zip", folder)
    assert found.stored == ("ru/a.md", "b.txt")
    assert {name for name, _ in found.refused} == {"c.exe", "../out.md", "empty.md"}
    assert dict(found.refused)["empty.md"] == "is empty"


def test_golden_questions_can_be_sent_as_well(folder: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(b"question,source\nQ,a.md\n")
    bad.write_bytes(b"question,answer\nQ,A\n")
    assert examine(good, "golden.csv", folder).stored == ("golden.csv",)
    assert [name for name, _ in examine(bad, "golden.csv", folder).refused] == ["golden.csv"]


def test_what_is_no_zip_is_refused(folder: Path, received: Path) -> None:
    [(name, reason)] = examine(received, "x.zip", folder).refused
    assert name == "x.zip"
    assert "no zip" in reason


def test_a_folder_that_cannot_be_written_is_said(folder: Path, received: Path, tmp_path: Path) -> None:
    (tmp_path / "undo").write_bytes(b"a file where a folder should be")
    with pytest.raises(IntakeError, match="cannot be stored"):
        store(received, "new.md", folder, tmp_path / "undo")
    with pytest.raises(IntakeError, match="not kept any more"):
        undo(tmp_path / "nothing", folder)


def test_what_has_been_changed_since_is_not_overwritten_by_an_undo(
    folder: Path, received: Path, tmp_path: Path
) -> None:
    store(received, "old.md", folder, tmp_path / "undo")
    (folder / "old.md").write_bytes(b"# By hand")
    with pytest.raises(IntakeError, match=r"old\.md has been changed since"):
        undo(tmp_path / "undo", folder)
    assert tree(folder)["old.md"] == b"# By hand"


def test_a_file_replaces_the_only_one_of_its_name_wherever_it_lies(shop: Path, received: Path, tmp_path: Path) -> None:
    before = (shop / "ru" / "loyalty.md").read_bytes()
    assert store(received, "Loyalty.md", shop, tmp_path / "undo").replaced == ("ru/loyalty.md",)
    assert (shop / "ru" / "loyalty.md").read_bytes() == ARTICLE
    assert undo(tmp_path / "undo", shop) == ("ru/loyalty.md",)
    assert (shop / "ru" / "loyalty.md").read_bytes() == before


def test_a_name_that_two_articles_have_is_refused_with_both(shop: Path, received: Path) -> None:
    found = examine(received, "returns.md", shop)
    assert found.stored == ()
    assert "en/returns.md and ru/returns.md" in found.refused[0][1]


@pytest.mark.parametrize("outer", ["sources", "update"])
def test_the_outermost_folder_of_a_zip_is_dropped_if_it_is_the_zip_or_the_base(
    shop: Path, tmp_path: Path, outer: str
) -> None:
    archive = packed(tmp_path / "z", {f"{outer}/ru/returns.md": b"# A"})
    assert examine(archive, "update.zip", shop).replaced == ("ru/returns.md",)


def test_another_outer_folder_is_kept(shop: Path, tmp_path: Path) -> None:
    archive = packed(tmp_path / "z", {"ru/promo.md": b"# A"})
    assert examine(archive, "update.zip", shop).stored == ("ru/promo.md",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../evil.md", b"# Evil"),
        ("ru/evil.md", b"# Evil"),
        ("/etc/evil.md", b"# Evil"),
        ("evil.exe", b"MZ"),
        ("evil.pdf", b"no pdf"),
        ("evil.md", b"\0\1\2"),
        (".env", b"BOT_TOKEN=1"),
        ("CON.md", b"# Evil"),
    ],
)  # fmt: skip
def test_what_is_no_readable_article_is_refused_and_nothing_changes(
    folder: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    before = tree(folder)
    sent = tmp_path / "sent"
    sent.write_bytes(content)
    found = store(sent, name, folder, tmp_path / "undo")
    assert (found.stored, len(found.refused)) == ((), 1)
    assert tree(folder) == before


def test_nothing_is_stored_behind_a_link(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "linked").symlink_to(outside)
    found = store(packed(tmp_path / "z", {"linked/a.md": b"# A"}), "update.zip", folder, tmp_path / "undo")
    assert "behind a link" in found.refused[0][1]
    assert not list(outside.iterdir())


def test_a_folder_is_never_replaced_by_a_file_nor_a_file_by_a_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "folder.md").mkdir()
    archive = packed(tmp_path / "z", {"folder.md": b"# A", "old.md/a.md": b"# B", "good.md": b"# C"})
    found = store(archive, "update.zip", folder, tmp_path / "undo")
    assert found.stored == ("good.md",)
    assert {name for name, _ in found.refused} == {"folder.md", "old.md/a.md"}
