import io
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.loaders.archives import Unpacked, safe_path, unpack
from knowledge.loaders.unreadable import UnreadableError


def packed(tmp_path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], name: str = "pack.zip") -> Path:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return path


def unpacked(tmp_path: Path, archive: Path) -> Unpacked:
    folder = tmp_path / "out"
    folder.mkdir(exist_ok=True)
    found = unpack(archive, folder)
    on_disk = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert on_disk == sorted(found.files)
    return found


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../../evil.md", "leads out"),
        ("a/../../evil.md", "leads out"),
        ("..\\evil.md", "leads out"),
        ("/etc/evil.md", "absolute path"),
        ("\\\\server\\evil.md", "absolute path"),
        ("C:\\evil.md", "absolute path"),
        ("c:evil.md", "absolute path"),
        ("evil.md\0.png", "invisible characters"),
        ("evil\n.md", "invisible characters"),
        ("evil\u202edm.md", "invisible characters"),
        ("CON.md", "Windows keeps"),
        ("a/lpt1.txt", "Windows keeps"),
        ("NUL", "Windows keeps"),
        ("...", "begins or ends with dots"),
        ("a/. ./b.md", "begins or ends with dots"),
        ("x" * 200 + ".md", "longer than 100 letters"),
        ("/".join("d" * 30) + "/a.md", "deeper than"),
        ("", "no name"),
        ("//", "absolute path"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        safe_path(name)


def test_signs_that_other_systems_forbid_become_underscores() -> None:
    assert safe_path('ru\\what "is" this?.md').as_posix() == "ru/what _is_ this_.md"
    assert safe_path("  a.md. ").as_posix() == "a.md"


@given(st.text())
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    try:
        path = safe_path(name)
    except UnreadableError:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert Path("/base/folder", path).resolve().is_relative_to("/base/folder")


def test_tricks_in_a_zip_are_named_and_the_rest_is_unpacked(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.md")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive = packed(
        tmp_path,
        ("../evil.md", b"x"),
        (link, b"/etc/passwd"),
        ("run.exe", b"MZ"),
        ("inner.zip", b"PK"),
        ("a/good.md", b"# Good"),
        ("__MACOSX/a/._good.md", b"x"),
        (".DS_Store", b"x"),
        ("A/GOOD.md", b"# Twin"),
    )
    found = unpacked(tmp_path, archive)
    assert found.files == ("a/good.md",)
    assert [error.file for error in found.refused] == ["../evil.md", "link.md", "run.exe", "inner.zip", "A/GOOD.md"]
    assert not (tmp_path / "evil.md").exists()


def test_a_name_that_hides_its_ending_behind_nul_is_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("aaaa.mdX.exe", b"x"))
    archive.write_bytes(archive.read_bytes().replace(b"aaaa.mdX.exe", b"aaaa.md\0.exe"))
    (error,) = unpacked(tmp_path, archive).refused
    assert "invisible characters" in error.reason


def test_russian_names_of_windows_are_read(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("aaaaaaaa.md", b"# A"))
    archive.write_bytes(archive.read_bytes().replace(b"aaaaaaaa.md", "Доставка.md".encode("cp866")))
    assert unpacked(tmp_path, archive).files == ("Доставка.md",)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    archive = packed(tmp_path, *[(f"{number}.md", bytes(9_000_000)) for number in range(23)])
    assert archive.stat().st_size < 1_000_000
    found = unpacked(tmp_path, archive)
    assert found.files == ()
    assert "unpacks to more than 200 MB" in found.refused[0].reason


def test_one_file_above_its_limit_is_refused_alone(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("big.md", bytes(10_000_001)), ("good.md", b"x"))
    found = unpacked(tmp_path, archive)
    assert found.files == ("good.md",)
    assert found.refused[0].reason.startswith("is larger than 10 MB")


def test_a_size_that_lies_is_not_believed(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("lie.md", bytes(1_000_000)))
    raw = archive.read_bytes()
    archive.write_bytes(raw.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert unpacked(tmp_path, archive).files == ()


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path, *[(f"{number}.md", b"x") for number in range(2_001)])
    assert "more than 2,000 files" in unpacked(tmp_path, archive).refused[0].reason


def test_a_password_is_named(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("a.md", b"# A"))
    raw = bytearray(archive.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(bytes(raw))
    (error,) = unpacked(tmp_path, archive).refused
    assert error.reason == "is protected with a password: pack it without one"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"Rar!\x1a\x07"])
def test_a_damaged_zip_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(content)
    (error,) = unpacked(tmp_path, path).refused
    assert (error.file, error.reason) == ("pack.zip", "is damaged, or no zip: pack it again")


def test_damage_inside_is_named_and_the_rest_is_unpacked(tmp_path: Path) -> None:
    words = " ".join(str(number) for number in range(2_000)).encode()
    archive = packed(tmp_path, ("bad.md", words), ("good.md", b"x"))
    raw = bytearray(archive.read_bytes())
    raw[200:240] = bytes(40)
    archive.write_bytes(bytes(raw))
    found = unpacked(tmp_path, archive)
    assert found.files == ("good.md",)
    assert found.refused[0].reason == "is damaged inside the zip: pack it again"


def test_a_file_that_stands_where_a_folder_must_is_named(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("a.md", b"x"), ("a.md/b.md", b"y"))
    found = unpacked(tmp_path, archive)
    assert found.files == ("a.md",)
    assert found.refused[0].file == "a.md/b.md"


@given(st.binary(max_size=300))
def test_no_bytes_break_the_unpacking(raw: bytes) -> None:
    import tempfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.md", "words " * 20)
    whole = out.getvalue()
    mixed = bytes(a ^ b for a, b in zip(whole, raw.ljust(len(whole), b"\0"), strict=False))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pack.zip")
        path.write_bytes(mixed)
        target = Path(folder, "out")
        target.mkdir()
        found = unpack(path, target)
        assert len(found.files) + len(found.refused) <= 1
        assert {path.name for path in Path(folder).iterdir()} == {"pack.zip", "out"}
