import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import pairs
from knowledge.documents import SourceError
from knowledge.errors import SourcesError
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
    write(tmp_path, "bare.csv", "one,two\n1,2\n")
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


def test_semicolons_and_russian_column_names_are_understood() -> None:
    found, problems = pairs.read_csv("Вопрос;Ответ\nГде?;Тут, рядом\n")
    assert found == (pairs.Pair("Где?", "Тут, рядом"),)
    assert not problems


@given(st.text())
def test_no_text_breaks_the_readers_of_pairs(text: str) -> None:
    pairs.read_csv(text)
    pairs.read_csv("question,answer\n" + text)
    pairs.read_jsonl(text)
