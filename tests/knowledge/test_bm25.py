import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from knowledge.bm25 import K1, B, CompiledBM25, Fields, NonNegativeBM25
from knowledge.counting import Counts, count


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
    restored = CompiledBM25.restore(list(compiled.vocabulary), compiled.arrays(), n_documents=2)
    np.testing.assert_array_equal(restored.scores(["b", "c"]), compiled.scores(["b", "c"]))


def test_a_word_of_the_headings_counts_more_than_one_of_the_text_and_is_not_diluted_by_its_length() -> None:
    short, long = ["x"] * 10, ["x"] * 30
    texts = [Fields([*short, "a"]), Fields([*short, "y"], ["a"]), Fields([*long, "a"]), Fields([*long, "y"], ["a"])]
    in_text, in_heading, in_long_text, over_long_text = CompiledBM25.build(texts).scores(["a"])
    assert in_text > in_long_text
    assert over_long_text == in_heading > in_long_text


@given(CORPUS, CORPUS, st.lists(TERMS, max_size=6), st.data())
def test_a_table_that_changed_scores_like_the_reference_with_the_former_mean_length(
    before: list[list[str]], new: list[list[str]], query: list[str], data: st.DataObject
) -> None:
    former = compiled_from(before)
    stays = data.draw(st.lists(st.integers(0, len(before) - 1), unique=True))
    rows = data.draw(st.lists(st.booleans(), min_size=len(stays) + len(new), max_size=len(stays) + len(new)))
    rows = merged(stays, len(new), rows)
    left = iter(new)
    after = [before[row] if row >= 0 else next(left) for row in rows]
    bodies = count(new)
    changed = former.changed(np.array(rows), bodies, Counts(bodies.tokens, bodies.table * 0))
    reference = NonNegativeBM25(after, k1=K1, b=B)
    reference.avgdl = former.mean_length
    np.testing.assert_allclose(changed.scores(query), reference.get_scores(query), rtol=1e-5, atol=1e-5)
    assert set(changed.vocabulary) == {token for tokens in after for token in tokens}
    assert all((np.diff(changed.holders(term)) > 0).all() for term in changed.vocabulary)


def merged(stays: list[int], new: int, takes: list[bool]) -> list[int]:
    """Mix rows that stay, in the order given, with new ones."""
    rows, kept = [], list(stays)
    for take in takes:
        if (take and kept) or not new:
            rows.append(kept.pop(0))
        else:
            rows.append(-1)
            new -= 1
    return rows
