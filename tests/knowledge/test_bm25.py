import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from knowledge.bm25 import K1, B, CompiledBM25, Fields, NonNegativeBM25


def compiled_from(corpus: list[list[str]]) -> CompiledBM25:
    return CompiledBM25.build(map(Fields, corpus))


TERMS = st.sampled_from(["a", "b", "c", "d", "e", "ё"])
CORPUS = st.lists(st.lists(TERMS, max_size=12), min_size=1, max_size=8).filter(any)


@given(CORPUS, st.lists(st.sampled_from(["a", "b", "c", "d", "e", "unknown"]), max_size=6))
def test_compiled_scores_equal_the_reference(corpus: list[list[str]], query: list[str]) -> None:
    reference = NonNegativeBM25(corpus, k1=K1, b=B)
    compiled = compiled_from(corpus)
    np.testing.assert_allclose(compiled.scores(query), reference.get_scores(query), rtol=1e-6, atol=1e-6)


@given(CORPUS, st.lists(TERMS, max_size=6))
def test_no_score_is_negative_or_above_the_possible_maximum(corpus: list[list[str]], query: list[str]) -> None:
    compiled = compiled_from(corpus)
    scores = compiled.scores(query)
    assert (scores >= 0).all()
    assert (scores <= compiled.maximum(query) * (1 + 1e-6) + 1e-9).all()


def test_a_word_in_every_document_of_a_tiny_base_still_counts() -> None:
    compiled = compiled_from([["shop", "a"], ["shop", "b"]])
    assert (compiled.scores(["shop"]) > 0).all()


def test_what_was_stored_scores_the_same() -> None:
    compiled = compiled_from([["a", "b"], ["b", "c", "c"]])
    restored = CompiledBM25.restore(list(compiled.vocabulary), compiled.arrays(), n_documents=2, k1=compiled.k1)
    np.testing.assert_array_equal(restored.scores(["b", "c"]), compiled.scores(["b", "c"]))


def test_a_word_of_the_headings_counts_more_than_one_of_the_text_and_is_not_diluted_by_its_length() -> None:
    short, long = ["x"] * 10, ["x"] * 30
    texts = [Fields([*short, "a"]), Fields([*short, "y"], ["a"]), Fields([*long, "a"]), Fields([*long, "y"], ["a"])]
    in_text, in_heading, in_long_text, over_long_text = CompiledBM25.build(texts).scores(["a"])
    assert in_text > in_long_text
    assert over_long_text == in_heading > in_long_text
