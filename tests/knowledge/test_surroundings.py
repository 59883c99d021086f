import numpy as np
import pytest

from knowledge.passages import Chunk
from knowledge.surroundings import Surroundings, is_pair, is_question

TEXT = "word " * 30


def chunk(
    source: str, *breadcrumb: str, title: str = "Delivery", question: str | None = None, text: str = TEXT
) -> Chunk:
    return Chunk(source, source, title, breadcrumb, text, "en", question)


def test_a_neighbour_under_the_same_headings_vouches_for_a_chunk() -> None:
    places = Surroundings.of([chunk("a.md", "Prices"), chunk("a.md", "Prices"), chunk("b.md", "Prices")])
    helped = places.spread(np.array([1.0, 0.5, 0.5]), 1.0)
    assert helped[1] > places.spread(np.array([0.0, 0.5, 0.5]), 1.0)[1]
    assert helped[2] == 0.5


def test_a_chunk_under_another_heading_says_nothing_of_its_neighbour() -> None:
    places = Surroundings.of([chunk("a.md", "Prices"), chunk("a.md", "Returns")])
    np.testing.assert_array_equal(places.spread(np.array([1.0, 0.2]), 1.0), [1.0, 0.2])


def test_a_question_and_its_answer_stand_for_themselves() -> None:
    pairs = [chunk("faq.csv", question="Do you ship?"), chunk("faq.csv", question="Do you swap?")]
    places = Surroundings.of(pairs)
    np.testing.assert_array_equal(places.spread(np.array([1.0, 0.2]), 1.0), [1.0, 0.2])


@pytest.mark.parametrize("texts", [("Cash only.", TEXT), (TEXT, "Cash only."), ("Cash only.", "No pets.")])
def test_a_line_of_a_list_and_its_neighbour_say_nothing_of_each_other(texts: tuple[str, str]) -> None:
    places = Surroundings.of([chunk("a.md", text=text) for text in texts])
    np.testing.assert_array_equal(places.spread(np.array([1.0, 0.2]), 1.0), [1.0, 0.2])


def test_without_strength_every_chunk_keeps_its_score() -> None:
    places = Surroundings.of([chunk("a.md"), chunk("a.md"), chunk("a.md")])
    np.testing.assert_array_equal(places.spread(np.array([0.1, 0.9, 0.4]), 0.0), [0.1, 0.9, 0.4])


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (chunk("a.csv", question="How?"), True),
        (chunk("a.md", "What does it cost?"), True),
        (chunk("help/FAQ.md"), True),
        (chunk("a.md", title="Вопросы и ответы"), True),
        (chunk("a.md", title="Frequently asked questions"), True),
        (chunk("a.md", "Prices"), False),
        (chunk("faqir.md"), False),
    ],
)
def test_pages_of_questions_and_answers_are_known_by_their_names(one: Chunk, expected: bool) -> None:
    assert is_pair(one) is expected


@pytest.mark.parametrize("query", ["do you ship", "где мой заказ", "товар есть?", "можно вернуть", "есть ли чехлы"])
def test_a_question_is_known_without_a_question_mark(query: str) -> None:
    assert is_question(query)


@pytest.mark.parametrize("query", ["", "delivery prices", "настройка сети", "😀"])
def test_a_heading_is_no_question(query: str) -> None:
    assert not is_question(query)
