import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from knowledge.bm25 import K1, B, CompiledBM25, NonNegativeBM25

TERMS = st.sampled_from(["a", "b", "c", "d", "e", "ё"])
CORPUS = st.lists(st.lists(TERMS, max_size=12), min_size=1, max_size=8).filter(any)


@given(CORPUS, st.lists(st.sampled_from(["a", "b", "c", "d", "e", "unknown"]), max_size=6))
def test_compiled_scores_equal_the_reference(corpus: list[list[str]], query: list[str]) -> None:
    reference = NonNegativeBM25(corpus, k1=K1, b=B)
    compiled = CompiledBM25.build(corpus)
    np.testing.assert_allclose(compiled.scores(query), reference.get_scores(query), rtol=1e-12, atol=1e-12)


@given(CORPUS, st.lists(TERMS, max_size=6))
def test_no_score_is_negative_or_above_the_possible_maximum(corpus: list[list[str]], query: list[str]) -> None:
    compiled = CompiledBM25.build(corpus)
    scores = compiled.scores(query)
    assert (scores >= 0).all()
    assert (scores <= compiled.maximum(query) + 1e-9).all()


def test_a_word_in_every_document_of_a_tiny_base_still_counts() -> None:
    compiled = CompiledBM25.build([["shop", "a"], ["shop", "b"]])
    assert (compiled.scores(["shop"]) > 0).all()


def test_what_was_stored_scores_the_same() -> None:
    compiled = CompiledBM25.build([["a", "b"], ["b", "c", "c"]])
    restored = CompiledBM25.restore(list(compiled.vocabulary), compiled.arrays(), n_documents=2, k1=compiled.k1)
    np.testing.assert_array_equal(restored.scores(["b", "c"]), compiled.scores(["b", "c"]))
