from pathlib import Path

import pytest

from knowledge.golden import Golden, GoldenResult, compare, read_golden
from knowledge.releases import ReleaseStore
from knowledge.sources import read_sources


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("golden.csv", "question,source\nHow long?,en/delivery.md\n"),
        ("golden.csv", "Вопрос;Источник\nHow long?;en/delivery.md\n"),
        ("golden.jsonl", '{"question": "How long?", "source": "en\\\\delivery.md"}\n'),
        ("golden.jsonl", '\ufeff{"question": " How long? ", "source": ["en/delivery.md"]}\n\n'),
    ],
)
def test_questions_are_read_with_their_articles(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_golden(tmp_path) == ((Golden("How long?", ("en/delivery.md",)),), ())


def test_any_of_several_articles_will_do(tmp_path: Path) -> None:
    (tmp_path / "golden.csv").write_text("question,source\nQ,a.md | b.md\n", encoding="utf-8")
    [golden], _ = read_golden(tmp_path)
    assert golden.sources == ("a.md", "b.md")


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"question": "x"}', '{"question": 7, "source": "a.md"}', '{"source": "a"}']
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "golden.jsonl").write_text(f'{{"question": "q", "source": "a.md"}}\n{line}\n', encoding="utf-8")
    found, errors = read_golden(tmp_path)
    assert len(found) == 1
    assert [(error.file, error.line) for error in errors] == [("golden.jsonl", 2)]


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "golden.csv").write_bytes(b"\xff\xfe\x00\x01")
    assert [error.file for error in read_golden(tmp_path)[1]] == ["golden.csv"]


def test_a_folder_without_them_has_none(tmp_path: Path) -> None:
    assert read_golden(tmp_path) == ((), ())


def test_golden_questions_are_no_article_at_the_top_and_one_anywhere_else(shop: Path) -> None:
    before = len(read_sources(shop).documents)
    for folder in (shop, shop / "en"):
        (folder / "golden.csv").write_text("question,answer\nQ,A\n", encoding="utf-8")
    sources = read_sources(shop)
    assert len(sources.documents) == before + 1
    assert sources.errors == ()


def test_lost_won_and_orphaned_questions_are_told_apart(tmp_path: Path, shop: Path) -> None:
    store = ReleaseStore(tmp_path / "releases")
    store.build(shop)
    (shop / "ru" / "loyalty.md").unlink()
    (shop / "en" / "drones.md").write_text("# Drones\n\nDrones deliver parcels on Sundays.\n", encoding="utf-8")
    store.build(shop)
    questions = [
        Golden("Can I return unused goods?", ("en/returns.md",)),
        Golden("When do drones deliver parcels?", ("en/drones.md",)),
        Golden("Как накопить баллы?", ("ru/loyalty.md",)),
        Golden("zzzz qqqq", ("en/returns.md",)),
    ]
    result = compare(questions, store.open(1), store.open(2))
    assert result == GoldenResult(
        asked=3,
        found=2,
        found_before=1,
        lost=(),
        won=("When do drones deliver parcels?",),
        orphaned=("Как накопить баллы?",),
    )
    back = compare(questions, store.open(2), store.open(1))
    assert back.orphaned == ("When do drones deliver parcels?",)
    assert compare(questions, None, store.open(2)).found_before is None
