from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from knowledge.base import KnowledgeBase
from knowledge.calendar import Calendar
from knowledge.chunks import chunk_documents
from knowledge.columns import Columns
from knowledge.index import Index
from knowledge.passages import Chunk
from knowledge.sources import read_sources
from knowledge.training import train


@dataclass
class Clock:
    day: date

    def __call__(self) -> date:
        return self.day


def chunk(valid_from: str | None = None, valid_until: str | None = None) -> Chunk:
    return Chunk("1", "a.md", "A", (), "Text", "en", valid_from=valid_from, valid_until=valid_until)


def valid(chunks: Sequence[Chunk], day: str) -> list[bool]:
    return list(Calendar(Columns.of(chunks), lambda: date.fromisoformat(day)).valid())


def test_both_days_are_included() -> None:
    chunks = [chunk(), chunk("2026-01-02"), chunk(None, "2026-01-02"), chunk("2026-01-02", "2026-01-02")]
    assert valid(chunks, "2026-01-01") == [True, False, True, False]
    assert valid(chunks, "2026-01-02") == [True, True, True, True]
    assert valid(chunks, "2026-01-03") == [True, True, False, False]


def test_the_day_is_asked_at_every_search() -> None:
    clock = Clock(date(2026, 1, 1))
    calendar = Calendar(Columns.of([chunk(None, "2026-01-01")]), clock)
    assert calendar.valid().all()
    clock.day = date(2026, 1, 2)
    assert not calendar.valid().any()


def test_an_article_answers_only_on_its_days_though_the_release_stays(shop: Path) -> None:
    (shop / "en" / "sauna.md").write_text(
        "---\nvalid-from: 2026-03-01\nvalid-until: 2026-03-31\n---\n# Sauna tents\n\nSauna tents cost 900 dollars.\n"
    )
    clock = Clock(date(2026, 2, 28))
    index = Index.build(chunk_documents(read_sources(shop, today=clock.day).documents))
    base = KnowledgeBase(index, train(index), today=clock)

    def finds(language: str | None) -> bool:
        found = base.search("How much do sauna tents cost?", language=language, limit=20).passages
        return any(passage.chunk.source == "en/sauna.md" for passage in found)

    for day, expected in [("2026-02-28", False), ("2026-03-01", True), ("2026-03-31", True), ("2026-04-01", False)]:
        clock.day = date.fromisoformat(day)
        assert finds("en") is expected
        assert finds(None) is expected
        assert expected or not finds("ru")


def test_a_base_of_which_nothing_is_valid_answers_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\nvalid-until: 2026-03-31\n---\n# Sauna tents\n\nSauna tents cost 900 dollars.\n"
    )
    index = Index.build(chunk_documents(read_sources(tmp_path, today=date(2026, 3, 1)).documents))
    base = KnowledgeBase(index, train(index), today=lambda: date(2026, 4, 1))
    for language in ("en", "ru", None):
        result = base.search("sauna tents", language=language)
        assert (result.passages, result.answerable) == ((), 0.0)
