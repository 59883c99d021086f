import json
from pathlib import Path

import numpy as np
import pytest

from evaluation.abstention import known, measure_abstention, render_abstention
from evaluation.channels import measure_channels, render_channels
from evaluation.collection import load
from evaluation.json_lines import RowsError
from evaluation.ranked import mean, ndcg, recall, reciprocal_rank, resamples
from knowledge.index import Index
from knowledge.training import train

TEXTS = {
    "boots": "Unworn boots are taken back within thirty days.",
    "courier": "A courier brings parcels to Kazan in four days.",
    "zips": "Broken zips are mended free of charge for two years.",
    "cards": "Gift cards are valid for a year and cannot be exchanged for money.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    passages = [
        {"id": name, "lang": "en", "source": "shop" if name != "cards" else "bank", "title": "", "text": text}
        for name, text in TEXTS.items()
    ]
    questions = [
        {"id": f"q-{name}", "lang": "en", "kind": "faq", "source": "shop", "question": question, "relevant": [name]}
        for name, question in {"boots": "unworn boots", "courier": "courier to Kazan", "cards": "gift cards"}.items()
    ]
    for file, rows in (("kb", passages), ("questions", questions), ("headings", [{"id": "zips", "heading": "Repair"}])):
        (tmp_path / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


def test_every_channel_stands_beside_the_blend(folder: Path) -> None:
    collection = load(folder)
    report = measure_channels(collection, Index.build(collection.chunks))
    (part,) = report.slices
    assert set(part.channels) == {"bm25", "characters", "vectors", "blend"}
    assert part.channels["blend"].ndcg_at_10.value == 1.0
    assert "nDCG@10" in render_channels(report)


def test_what_a_reranker_makes_of_the_blend_stands_under_it(folder: Path) -> None:
    """Here one that likes the second best."""
    collection = load(folder)
    index = Index.build(collection.chunks)
    worst = measure_channels(collection, index, rerank=lambda _, chunks: np.eye(len(chunks), dtype=np.float32)[1])
    none = measure_channels(collection, index, rerank=lambda *_: None)

    by_channel = worst.slices[0].channels
    assert list(by_channel)[-2:] == ["blend", "reranked"]
    assert by_channel["reranked"].mrr_at_10.value < by_channel["blend"].mrr_at_10.value
    assert none.slices[0].channels["reranked"] == none.slices[0].channels["blend"]
    assert "reranked" in render_channels(worst)


def test_a_passages_own_heading_is_indexed_only_when_asked_for(folder: Path) -> None:
    assert load(folder).chunks[2].breadcrumb == ()
    assert load(folder, own_headings=True).chunks[2].breadcrumb == ("Repair",)


def test_questions_to_sources_that_are_not_indexed_have_no_answer(folder: Path) -> None:
    collection = known(load(folder), ["shop"])
    index = Index.build(collection.chunks)
    report = measure_abstention(collection, index, train(index))
    assert (report.slices[0].answerable, report.slices[0].unanswerable) == (2, 1)
    assert report.slices[0].auroc.value == 1.0
    assert "AUROC" in render_abstention(report)


def test_where_everything_is_indexed_each_question_is_asked_again_without_its_article(folder: Path) -> None:
    collection = load(folder)
    index = Index.build(collection.chunks)
    report = measure_abstention(collection, index, train(index))
    assert (report.slices[0].answerable, report.slices[0].unanswerable) == (3, 3)


def test_a_damaged_line_is_named(folder: Path) -> None:
    (folder / "kb.jsonl").write_text('{"id": "a", "text": "b"}\n{', encoding="utf-8")
    with pytest.raises(RowsError, match="line 2"):
        load(folder)


def test_a_folder_without_a_collection_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RowsError, match=r"holds kb\.jsonl"):
        load(tmp_path)


def test_figures_of_a_list_are_those_of_the_textbook() -> None:
    found, relevant = ["x", "a", "y", "b"], {"a", "b", "c"}
    assert recall(found, relevant, 1) == 0
    assert recall(found, relevant, 10) == pytest.approx(2 / 3)
    assert reciprocal_rank(found, relevant) == 0.5
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert ndcg(found, relevant) == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / ideal)


def test_questions_of_one_page_widen_the_interval() -> None:
    values = [1.0, 1.0, 0.0, 0.0] * 10
    alone = mean(values, resamples(range(40)))
    together = mean(values, resamples(["a", "a", "b", "b"] * 10))
    assert together.high - together.low > alone.high - alone.low
    assert alone.low < alone.value < alone.high
