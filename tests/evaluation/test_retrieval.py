from pathlib import Path

import pytest

from evaluation.baskets import Question
from evaluation.figures import Share
from evaluation.retrieval import Retrieved, measure_retrieval
from evaluation.timings import Stopwatch
from knowledge.base import KnowledgeBase
from knowledge.releases import ReleaseStore

ARTICLES = {
    "returns": "Unworn boots can be returned within thirty days.",
    "delivery": "A courier brings parcels to Kazan in four days.",
    "warranty": "Broken zips are mended free of charge for two years.",
}


@pytest.fixture
def base(tmp_path: Path) -> KnowledgeBase:
    folder = tmp_path / "sources" / "en"
    folder.mkdir(parents=True)
    for name, text in ARTICLES.items():
        (folder / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n")
    store = ReleaseStore(tmp_path / "releases")
    return store.open(store.build(tmp_path / "sources").release)


def question(text: str, *sources: str) -> Question:
    return Question(id=text, language="en", question=text, sources=sources)


def test_the_rank_is_the_place_of_the_first_acceptable_passage() -> None:
    asked = question("boots", "en/b.md", "en/c.md")
    assert Retrieved(asked, ("en/a.md", "en/a.md", "en/c.md", "en/b.md")).rank == 3
    assert Retrieved(asked, ("en/a.md",)).rank is None


def test_what_search_finds_is_held_against_the_acceptable_sources(base: KnowledgeBase) -> None:
    asked = [question("courier to Kazan", "en/delivery.md"), question("broken zips", "en/unknown.md")]
    report = measure_retrieval(asked, base, base, Stopwatch())
    assert report.first["total"] == Share(hits=1, total=2)
    assert report.recall_at_10["en"] == Share(hits=1, total=2)
    assert report.mrr["total"] == 0.5
    assert [(failure.id, failure.got) for failure in report.failures] == [
        ("broken zips", "en/warranty.md (right one not among 10)")
    ]
