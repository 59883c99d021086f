from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from knowledge.concepts import concepts
from knowledge.counting import Counts, tally
from knowledge.tokens import terms, text_grams

WORDS = st.sampled_from(["доставка", "и", "returns", "of", "ORD-1024", "3 000", "деньги", "the", "ёлка"])
TEXTS = st.lists(st.one_of(st.lists(WORDS).map(" ".join), st.text(max_size=40)), max_size=5)


def counted(counts: Counts, row: int) -> dict[str, int]:
    told = dict(zip(counts.tokens, counts.table[[row]].toarray()[0].tolist(), strict=True))
    return {token: times for token, times in told.items() if times}


@given(TEXTS)
def test_texts_are_counted_together_as_each_is_read_alone(texts: list[str]) -> None:
    found = tally(texts)
    for row, text in enumerate(texts):
        assert counted(found.terms, row) == Counter(terms(text))
        assert counted(found.grams, row) == Counter(text_grams(text))
        assert counted(found.concepts, row) == Counter(concepts(text))
