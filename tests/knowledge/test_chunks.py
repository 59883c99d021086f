import re
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge import markdown
from knowledge.chunks import MAX_TOKENS, MAX_WHOLE_TOKENS, chunk_documents, token_count
from knowledge.documents import Block, Document, Section, Validity

WORD = st.text("абвгдежзиклмнabcdefg", min_size=1, max_size=9)
SENTENCE = st.lists(WORD, min_size=1, max_size=40).map(lambda words: " ".join(words) + ".")
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=25).map(" ".join)
SECTION = st.tuples(st.integers(2, 4), WORD, st.lists(PARAGRAPH, max_size=6))


def document(*blocks: Block, question: str | None = None) -> Document:
    return Document("en/a.md", "Title", (Section(("H1",), blocks, question),))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # articles of thousands of words
@given(st.lists(SECTION, min_size=1, max_size=5))
def test_no_word_of_an_article_is_lost_or_repeated(sections: list[tuple[int, str, list[str]]]) -> None:
    text = "\n\n".join(f"{'#' * level} {name}\n\n" + "\n\n".join(body) for level, name, body in sections)
    title, parsed = markdown.parse(f"# Title\n\n{text}\n")
    chunks = chunk_documents([Document("a.md", title or "", parsed)])
    headings = {name for _, name, _ in sections}
    written = [word for _, _, body in sections for paragraph in body for word in re.findall(r"\w+", paragraph)]
    own = [chunk for chunk in chunks if not (chunk.breadcrumb and chunk.text == chunk.breadcrumb[-1])]
    assert [word for chunk in own for word in re.findall(r"\w+", chunk.text)] == written
    assert headings <= {name for chunk in chunks for name in chunk.breadcrumb}
    assert all(token_count(chunk.text) <= MAX_TOKENS for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == len(chunks)


# Rows of one sign, words without end, mixtures of both: what no author writes and some file holds.
TEXT = st.text(min_size=1) | st.lists(
    st.tuples(st.sampled_from(["слово ", "x", ".", "-", "a. ", "\n", "é", "  ", "漢"]), st.integers(1, 1_500)),
    min_size=1,
    max_size=6,
).map(lambda runs: "".join(part * times for part, times in runs))


@settings(max_examples=50, deadline=None)  # the longest texts take long on a busy machine
@given(TEXT)
def test_any_text_is_chunked_with_all_its_letters_into_chunks_of_bounded_size(text: str) -> None:
    for blocks, question, most in (
        ([Block(text)], None, MAX_TOKENS),
        ([Block(text, whole=True)], None, MAX_WHOLE_TOKENS),
        ([Block(text)], "Why?", MAX_WHOLE_TOKENS),
    ):
        chunks = chunk_documents([document(*blocks, question=question)])
        assert "".join("".join(chunk.text for chunk in chunks).split()) == "".join(text.split())
        assert all(token_count(chunk.text) <= most for chunk in chunks)
        assert len({chunk.id for chunk in chunks}) == len(chunks)


def test_ids_stay_when_other_sections_change() -> None:
    before = chunk_documents([Document("a.md", "T", (Section(("One",), (Block("text"),)),))])
    more = Section(("Zero",), (Block("new"),))
    after = chunk_documents([Document("a.md", "T", (more, Section(("One",), (Block("text"),))))])
    assert before[0].id == after[1].id


def test_equal_sections_have_different_ids() -> None:
    twin = Section(("One",), (Block("text"),))
    assert len({chunk.id for chunk in chunk_documents([Document("a.md", "T", (twin, twin, twin))])}) == 3


def test_a_long_section_is_split_at_paragraph_ends() -> None:
    paragraph = "word " * 149 + "end."
    chunks = chunk_documents([document(*[Block(paragraph)] * 5)])
    assert [chunk.text for chunk in chunks] == [f"{paragraph}\n{paragraph}", f"{paragraph}\n{paragraph}", paragraph]


def test_a_long_paragraph_is_split_at_sentence_ends() -> None:
    chunks = chunk_documents([document(Block(" ".join(["One two three four five."] * 200)))])
    assert len(chunks) > 1
    assert all(chunk.text.endswith("five.") and chunk.text.startswith("One") for chunk in chunks)


def test_code_and_pairs_stay_whole_however_long() -> None:
    code = "\n".join(f"line {n};" for n in range(500))
    assert [chunk.text for chunk in chunk_documents([document(Block(code, whole=True))])] == [code]
    assert len(chunk_documents([document(Block("word. " * 900), question="Why?")])) == 1


def test_the_language_is_that_of_the_text_itself() -> None:
    chunks = chunk_documents([document(Block("Это по-русски")), document(Block("12345"))])
    assert [chunk.language for chunk in chunks] == ["ru", "en"]


def test_a_chunk_answers_on_the_days_of_its_article_and_of_its_pair() -> None:
    own = Section((), (Block("yes"),), "A?", Validity(date(2026, 2, 1), date(2026, 12, 31)))
    article = Document("a.csv", "T", (own, Section((), (Block("no"),), "B?")), validity=Validity(end=date(2026, 6, 1)))
    chunks = chunk_documents([article])
    assert [(chunk.valid_from, chunk.valid_until) for chunk in chunks] == [
        ("2026-02-01", "2026-06-01"),
        (None, "2026-06-01"),
    ]


def test_a_language_that_the_article_names_is_believed() -> None:
    (chunk,) = chunk_documents([Document("en/a.md", "T", (Section((), (Block("GET /v1"),)),), language="ru")])
    assert chunk.language == "ru"
