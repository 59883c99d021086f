import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from knowledge.documents import SourceError, Sources
from knowledge.errors import SourcesError
from knowledge.loaders.cache import key_of
from knowledge.loaders.limits import MAX_DEPTH, MAX_TEXT_BYTES
from knowledge.sources import read_sources


def write(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_every_kind_of_file_is_read(shop: Path) -> None:
    write(shop, "note.txt", "Opening hours\n\nWe are open every day.\n\nExcept Sunday.")
    write(shop, "q.jsonl", '{"question": "Who?", "answer": "We."}\n')
    sources = read_sources(shop)
    assert not sources.errors
    assert len(sources.documents) == 10
    note = next(document for document in sources.documents if document.source == "note.txt")
    assert (note.title, len(note.sections[0].blocks)) == ("Opening hours", 2)


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match=r"does not exist\. Create it"):
        read_sources(tmp_path / "nowhere")


def test_broken_files_are_named_with_line_and_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    write(tmp_path, "good.md", "# Good\n\nText.")
    write(tmp_path, "empty.md", " \n")
    write(tmp_path, "cp1251.txt", "строка\n".encode() + "привет".encode("cp1251"))
    write(tmp_path, "binary.md", b"one\ntwo\0")
    write(tmp_path, "picture.png", b"\x89PNG")
    write(tmp_path, "q.csv", "question,answer\nA?,yes\n,orphan\nB?,\n")
    write(tmp_path, "bare.csv", "Where?,Here\nWho?,We\n")
    write(tmp_path, "open.csv", 'question,answer\nA?,yes\nB?,"never closed\n')
    write(tmp_path, "q.jsonl", '{"question": "A?", "answer": "yes"}\n{broken\n[1]\n{"question": "B?", "answer": 5}\n')
    write(tmp_path, ".hidden.md", b"\xff")
    sources = read_sources(tmp_path)
    assert [document.source for document in sources.documents] == ["good.md", "open.csv", "q.csv", "q.jsonl"]
    assert [(error.file, error.line) for error in sources.errors] == [
        ("bare.csv", 1),
        ("binary.md", 2),
        ("cp1251.txt", 2),
        ("empty.md", None),
        ("open.csv", 3),
        ("picture.png", None),
        ("q.csv", 3),
        ("q.csv", 4),
        ("q.jsonl", 2),
        ("q.jsonl", 3),
        ("q.jsonl", 4),
    ]
    assert all(error.reason for error in sources.errors)


def test_a_byte_order_mark_is_not_text(tmp_path: Path) -> None:
    write(tmp_path, "a.md", b"\xef\xbb\xbf# Title\n\nText.")
    write(tmp_path, "b.csv", b"\xef\xbb\xbfquestion,answer\nA?,yes\n")
    sources = read_sources(tmp_path)
    assert sources.documents[0].title == "Title"
    assert not sources.errors


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "secret.md", "# Secret\n\nText.")
    folder = tmp_path / "sources"
    write(folder, "a.md", "# A\n\nText.")
    (folder / "leak.md").symlink_to(tmp_path / "secret.md")
    (folder / "parent").symlink_to(tmp_path)
    (folder / "inside.md").symlink_to(folder / "a.md")
    sources = read_sources(folder)
    assert [document.source for document in sources.documents] == ["a.md", "inside.md"]
    assert [error.file for error in sources.errors] == ["parent", "leak.md"]


def test_something_that_is_no_file_is_reported(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert read_sources(tmp_path).errors == (SourceError("pipe.md", None, "is not an ordinary file"),)


def test_a_broken_file_of_every_kind_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    for ending in ("pdf", "docx", "xlsx", "json"):
        write(tmp_path, f"broken.{ending}", b"PK\x03\x04 nothing")
    write(tmp_path, "old.doc", b"\xd0\xcf\x11\xe0")
    write(tmp_path, "old.xls", b"\xd0\xcf\x11\xe0")
    write(tmp_path, "pack.zip", b"PK")
    write(tmp_path, "good.html", "<h1>Good</h1><p>Text.")
    sources = read_sources(tmp_path)
    assert [document.source for document in sources.documents] == ["good.html"]
    reasons = {error.file: error.reason for error in sources.errors}
    assert set(reasons) == {path.name for path in tmp_path.iterdir()} - {"good.html"}
    assert "save it as .docx" in reasons["old.doc"]
    assert "save it as .xlsx" in reasons["old.xls"]
    assert "unpack it" in reasons["pack.zip"]


def test_a_file_alone_and_a_zip_of_a_folder_are_sources_too(shop: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "shop"), "zip", shop))
    whole, unpacked = read_sources(shop), read_sources(archive)
    assert not unpacked.errors
    assert unpacked.documents == whole.documents
    (document,) = read_sources(shop / "en" / "returns.md").documents
    assert document.source == "returns.md"


def test_what_office_programs_leave_behind_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "~$prices.xlsx", b"\0")
    write(tmp_path, "Thumbs.db", b"\0")
    write(tmp_path, "__MACOSX/a.md", b"\0")
    assert read_sources(tmp_path) == Sources((), ())


def test_folders_nested_beyond_the_limit_are_named(tmp_path: Path) -> None:
    write(tmp_path, "/".join(["d"] * (MAX_DEPTH + 2)) + "/a.md", "Text")
    (error,) = read_sources(tmp_path).errors
    assert error.reason.startswith("folders are nested deeper")


def test_files_beyond_the_limit_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.sources.MAX_FILES", 2)
    for name in "abcd":
        write(tmp_path, f"{name}.md", "Text")
    sources = read_sources(tmp_path)
    assert len(sources.documents) == 2
    assert [error.file for error in sources.errors] == ["c.md"]


def test_a_file_above_the_limit_is_named(tmp_path: Path) -> None:
    write(tmp_path, "a.md", b"x" * (MAX_TEXT_BYTES + 1))
    (error,) = read_sources(tmp_path).errors
    assert error.reason == "is larger than 10 MB: split it into several articles"


def test_large_texts_are_read_like_small_ones(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "# Title\n\n" + "One sentence. " * 5_000)
    (document,) = read_sources(tmp_path).documents
    assert document.title == "Title"


def test_an_expired_article_is_left_out_and_named(tmp_path: Path) -> None:
    write(tmp_path, "old.md", "---\nvalid-until: 2026-05-01\n---\n# Old\n\nText.")
    write(tmp_path, "q.csv", "question,answer,valid-until\nA?,yes,2026-05-01\nB?,no,2026-05-02\n")
    last = read_sources(tmp_path, today=date(2026, 5, 1))
    assert (len(last.documents), last.errors) == (2, ())
    after = read_sources(tmp_path, today=date(2026, 5, 2))
    assert [section.question for document in after.documents for section in document.sections] == ["B?"]
    assert after.errors == (
        SourceError("old.md", None, "is not used: it was valid until 2026-05-01", warning=True),
        SourceError("q.csv", None, "the answer to “A?” is not used: it was valid until 2026-05-01", warning=True),
    )


def test_unchanged_files_come_from_the_cache_and_deleted_ones_are_gone_from_it(shop: Path, tmp_path: Path) -> None:
    cache = tmp_path / "reading"
    write(shop, "secret.md", "# Secret\n\nPassword.")
    write(shop, "page.html", "<h1>Page</h1><p>Text")
    first = read_sources(shop, cache=cache)
    assert "Password" in cache.read_text()
    assert read_sources(shop, cache=cache) == first
    (shop / "secret.md").unlink()
    second = read_sources(shop, cache=cache)
    assert second.documents == tuple(document for document in first.documents if document.source != "secret.md")
    assert "Password" not in cache.read_text()


def test_a_changed_file_is_read_again_and_a_damaged_cache_is_none(shop: Path, tmp_path: Path) -> None:
    cache = tmp_path / "reading"
    write(shop, "a.md", "# A\n\nOne.")
    read_sources(shop, cache=cache)
    write(shop, "a.md", "# A\n\nTwo.")
    assert read_sources(shop, cache=cache) == read_sources(shop)
    cache.write_bytes(cache.read_bytes().replace(b"{", b"[", 3))
    assert read_sources(shop, cache=cache) == read_sources(shop)
    cache.write_bytes(b"\xff\xfe")
    assert read_sources(shop, cache=cache) == read_sources(shop)


def test_broken_files_are_named_again_when_all_else_is_cached(tmp_path: Path) -> None:
    folder, cache = tmp_path / "sources", tmp_path / "reading"
    write(folder, "a.json", "[{}")
    write(folder, "q.csv", "question,answer\nA?,yes\nB?,\n")
    first = read_sources(folder, cache=cache)
    assert [error.file for error in first.errors] == ["a.json", "q.csv"]
    assert read_sources(folder, cache=cache) == first


def test_names_that_are_no_unicode_harm_nothing(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md")).write_text("# A\n\nText.")
    (error,) = read_sources(tmp_path).errors
    assert (error.file, error.reason) == ("?.md", "has a name that is no text in UTF-8: rename it")


def test_a_file_written_twice_within_a_moment_is_not_taken_for_the_first_one(tmp_path: Path) -> None:
    article = tmp_path / "a.md"
    keys = set()
    for price in range(20):
        article.write_text(f"# Price\n\n{price:02} dollars\n")
        keys.add(key_of(article, "a.md"))
    assert len(keys) == 20


def test_a_file_that_nobody_has_touched_is_not_read_to_know_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.md").write_text("# Price\n\n20 dollars\n")
    monkeypatch.setattr("knowledge.loaders.cache.SETTLED_NS", 0)
    known = key_of(tmp_path / "a.md", "a.md")
    monkeypatch.setattr("knowledge.loaders.cache.hashlib.file_digest", None)
    assert key_of(tmp_path / "a.md", "a.md") == known
