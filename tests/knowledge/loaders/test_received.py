import zipfile
from pathlib import Path

import pytest

from knowledge.errors import SourcesError
from knowledge.loaders.received import KEPT, Received, store_received, undo_received


def sent(tmp_path: Path, content: bytes | dict[str, bytes]) -> Path:
    """A file as Telegram hands it over: under a name of its own."""
    path = tmp_path / "download-1"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for name, member in content.items():
                archive.writestr(name, member)
    return path


def names(received: Received) -> list[tuple[str, bool]]:
    return [(stored.file, stored.replaced) for stored in received.stored]


def visible(folder: Path) -> set[str]:
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {file for file in files if not file.startswith(".replaced/")}


def test_a_new_article_is_stored_at_the_top(shop: Path, tmp_path: Path) -> None:
    received = store_received(sent(tmp_path, b"# New\n\nText."), "New offer.md", shop)
    assert (names(received), received.refused) == ([("New offer.md", False)], ())
    assert (shop / "New offer.md").read_bytes() == b"# New\n\nText."


def test_a_file_replaces_the_only_one_of_its_name_wherever_it_lies(shop: Path, tmp_path: Path) -> None:
    before = (shop / "ru" / "loyalty.md").read_bytes()
    received = store_received(sent(tmp_path, b"# New\n\nText."), "Loyalty.md", shop)
    assert names(received) == [("ru/loyalty.md", True)]
    assert (shop / "ru" / "loyalty.md").read_bytes() == b"# New\n\nText."
    assert received.undo
    assert undo_received(received.undo, shop) == ("ru/loyalty.md",)
    assert (shop / "ru" / "loyalty.md").read_bytes() == before


def test_a_name_that_two_articles_have_is_refused_with_both(shop: Path, tmp_path: Path) -> None:
    received = store_received(sent(tmp_path, b"# New"), "returns.md", shop)
    assert (received.stored, received.undo) == ((), None)
    assert "en/returns.md and ru/returns.md" in received.refused[0].reason


def test_a_zip_keeps_its_folders_and_undo_takes_all_of_it_back(shop: Path, tmp_path: Path) -> None:
    files = visible(shop)
    before = (shop / "ru" / "returns.md").read_bytes()
    archive = sent(tmp_path, {"ru/returns.md": b"# A", "ru/new.md": b"# B", "ru/bad.pdf": b"%PDF-", "../x.md": b"# C"})
    received = store_received(archive, "update.zip", shop)
    assert names(received) == [("ru/returns.md", True), ("ru/new.md", False)]
    assert {error.file for error in received.refused} == {"ru/bad.pdf", "../x.md"}
    assert visible(shop) == files | {"ru/new.md"}
    assert received.undo
    undo_received(received.undo, shop)
    assert visible(shop) == files
    assert (shop / "ru" / "returns.md").read_bytes() == before


@pytest.mark.parametrize("outer", ["sources", "update"])
def test_the_outermost_folder_of_a_zip_is_dropped_if_it_is_the_zip_or_the_base(
    shop: Path, tmp_path: Path, outer: str
) -> None:
    received = store_received(sent(tmp_path, {f"{outer}/ru/returns.md": b"# A"}), "update.zip", shop)
    assert names(received) == [("ru/returns.md", True)]


def test_another_outer_folder_is_kept(shop: Path, tmp_path: Path) -> None:
    received = store_received(sent(tmp_path, {"ru/promo.md": b"# A"}), "update.zip", shop)
    assert names(received) == [("ru/promo.md", False)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../evil.md", b"# Evil"),
        ("ru/evil.md", b"# Evil"),
        ("/etc/evil.md", b"# Evil"),
        ("evil.exe", b"MZ"),
        ("evil.pdf", b"no pdf"),
        ("evil.md", b"\0\1\2"),
        ("evil.zip", b"no zip"),
        (".env", b"BOT_TOKEN=1"),
        ("CON.md", b"# Evil"),
    ],
)  # fmt: skip
def test_what_is_no_readable_article_is_refused_and_nothing_changes(
    shop: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    files = visible(shop)
    received = store_received(sent(tmp_path, content), name, shop)
    assert (received.stored, received.undo, len(received.refused)) == ((), None, 1)
    assert visible(shop) == files
    assert not [path for path in shop.iterdir() if path.name.startswith(".received")]


def test_lines_that_cannot_be_read_come_with_the_stored_file(shop: Path, tmp_path: Path) -> None:
    received = store_received(sent(tmp_path, b"question,answer\nA?,yes\nB?,\n"), "q.csv", shop)
    (problem,) = received.stored[0].problems
    assert problem.place == "q.csv, line 3"


def test_nothing_is_stored_behind_a_link(shop: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (shop / "linked").symlink_to(outside)
    received = store_received(sent(tmp_path, {"linked/a.md": b"# A"}), "update.zip", shop)
    assert "behind a link" in received.refused[0].reason
    assert not list(outside.iterdir())


def test_a_folder_is_never_replaced_by_a_file_nor_a_file_by_a_folder(shop: Path, tmp_path: Path) -> None:
    (shop / "folder.md").mkdir()
    archive = sent(tmp_path, {"folder.md": b"# A", "ru/returns.md/a.md": b"# B", "good.md": b"# C"})
    received = store_received(archive, "update.zip", shop)
    assert names(received) == [("good.md", False)]
    assert {error.file for error in received.refused} == {"folder.md", "ru/returns.md/a.md"}


def test_only_the_latest_undos_are_kept_and_an_older_one_does_not_undo_a_newer(shop: Path, tmp_path: Path) -> None:
    numbers = [store_received(sent(tmp_path, b"# %d" % n), "a.md", shop).undo or 0 for n in range(KEPT + 2)]
    with pytest.raises(SourcesError, match="not kept any more"):
        undo_received(numbers[0], shop)
    with pytest.raises(SourcesError, match=r"a\.md was replaced once more since"):
        undo_received(numbers[-2], shop)
    undo_received(numbers[-1], shop)
    undo_received(numbers[-2], shop)
    assert (shop / "a.md").read_bytes() == b"# %d" % (KEPT - 1)


def test_the_folder_of_undos_is_no_source(shop: Path, tmp_path: Path) -> None:
    from knowledge.sources import read_sources

    store_received(sent(tmp_path, b"# New\n\nText."), "loyalty.md", shop)
    assert not [document for document in read_sources(shop).documents if "replaced" in document.source]


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourcesError, match="cannot be written"):
        store_received(sent(tmp_path, b"# A"), "a.md", tmp_path / "file")
