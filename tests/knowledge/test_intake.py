import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import intake
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


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = packed(tmp_path / "z", {"a.md": b"0" * 2_000})
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    monkeypatch.setattr(intake, "MAX_UNPACKED_BYTES", 1_000)
    [(name, reason)] = examine(bomb, "bomb.zip", folder).refused
    assert name == "bomb.zip"
    assert "unpacks to more than" in reason


def test_what_is_no_zip_and_what_is_too_large_is_refused(
    folder: Path, received: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examine(received, "x.zip", folder).refused == (("x.zip", "is not a zip archive that can be read"),)
    monkeypatch.setattr(intake, "MAX_FILE_BYTES", 3)
    assert examine(received, "x.md", folder).refused[0][0] == "x.md"


@given(st.text(max_size=40))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    safe = intake._safe(name)  # the one place that every name passes
    if safe is not None:
        parts = safe.split("/")
        assert not safe.startswith("/")
        assert all(part and not part.startswith(".") for part in parts)
        assert os.path.normpath(safe) == safe


def test_a_folder_that_cannot_be_written_is_said(folder: Path, received: Path, tmp_path: Path) -> None:
    (folder / "ru").write_bytes(b"a file where a folder should be")
    with pytest.raises(IntakeError, match="cannot be stored"):
        store(received, "ru/new.md", folder, tmp_path / "undo")
    with pytest.raises(IntakeError, match="not kept any more"):
        undo(tmp_path / "nothing", folder)
