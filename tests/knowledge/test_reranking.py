from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.base import KnowledgeBase
from knowledge.index import Index
from knowledge.passages import Chunk, Passage, Scores
from knowledge.reranking import TOP, candidates, reordered
from knowledge.training import train

SCORES = st.lists(st.floats(-20, 20, width=32), min_size=60, max_size=60)


def passages(n: int) -> tuple[Passage, ...]:
    return tuple(
        Passage(Chunk(str(row), "a.md", "A", (), f"text {row}", "en"), Scores(0, 0, 0, blend=1 - row / 100))
        for row in range(n)
    )


@given(st.integers(0, 50), st.integers(0, 4), SCORES)
def test_a_reranker_changes_the_order_of_the_best_and_nothing_else(n, pinned, scores):
    before = passages(n)
    pinned = min(pinned, n)
    after = reordered(before, pinned, np.array(scores[: len(candidates(before, pinned))], dtype=np.float32))

    assert sorted(int(passage.chunk.id) for passage in after) == list(range(n))
    assert after[:pinned] == before[:pinned]
    assert after[TOP:] == before[TOP:]
    blends = [passage.scores.blend for passage in after[pinned:]]
    assert blends == sorted(blends, reverse=True)
    assert all(before[-1].scores.blend <= blend <= before[0].scores.blend for blend in blends)


def test_a_reranker_to_whom_all_passages_are_alike_leaves_the_order():
    before = passages(9)
    ids = [passage.chunk.id for passage in reordered(before, 0, np.full(9, 3.5, dtype=np.float32))]
    assert ids == [passage.chunk.id for passage in before]


class Reader:
    """Knows what answers: the passage with the word that it was told."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, question: str, chunks: Sequence[Chunk]) -> np.ndarray | None:
        self.asked.append((question, [chunk.text for chunk in chunks]))
        return np.array([10.0 if self.word in chunk.text else -10.0 for chunk in chunks], dtype=np.float32)


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    texts = {
        "Delivery": "Delivery costs 300 roubles. Delivery to the door costs more.",
        "Large parcels": "The delivery of a wardrobe costs what its weight says.",
        "Courier": "A courier makes the delivery on weekdays.",
        "Part AB-1234": "The hinge AB-1234 is delivered within a week.",
        "Returns": "Boots are taken back within thirty days.",
    }
    index = Index.build([Chunk(title, "a.md", title, (), text, "en") for title, text in texts.items()])
    return KnowledgeBase(index, train(index))


def with_reranker(base: KnowledgeBase, rerank) -> KnowledgeBase:
    return KnowledgeBase(base.index, base.model, rerank=rerank)


def test_what_the_reranker_prefers_comes_first_and_the_no_answer_model_does_not_notice(base):
    reader = Reader("wardrobe")
    before = base.search("how much does delivery cost")
    after = with_reranker(base, reader).search("how much does delivery cost")

    assert before.passages[0].chunk.title == "Delivery"
    assert (after.passages[0].chunk.title, after.reranked) == ("Large parcels", True)
    assert {one.chunk.id for one in after.passages} == {one.chunk.id for one in before.passages}
    assert (after.answerable, after.features) == (before.answerable, before.features)
    assert reader.asked[0][0] == "how much does delivery cost"


def test_a_passage_with_the_code_that_was_asked_for_stays_on_top(base):
    found = with_reranker(base, Reader("wardrobe")).search("when is delivery of AB-1234")

    assert found.pinned == 1
    assert [one.chunk.title for one in found.passages[:2]] == ["Part AB-1234", "Large parcels"]


def test_without_scores_search_is_as_it_was(base):
    for query in ("how much does delivery cost", "when is delivery of AB-1234", "zzz"):
        assert with_reranker(base, lambda *_: None).search(query, limit=2) == base.search(query, limit=2)


def test_the_reranker_is_asked_about_what_was_said_beforehand(base):
    reader = Reader("wardrobe")
    question, chunks = base.candidates("how much does delivery cost", language="en")
    with_reranker(base, reader).search("how much does delivery cost", language="en", limit=1)

    assert reader.asked == [(question, [chunk.text for chunk in chunks])]
