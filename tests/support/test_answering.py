import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.passages import SearchResult
from support import answering


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        (
            "Сколько стоит доставка? Как вернуть товар?",
            ("Сколько стоит доставка?", "Как вернуть товар?"),
        ),
        (
            "Hello! How long does delivery take? And can I pay by card?",
            ("How long does delivery take?", "And can I pay by card?"),
        ),
        ("как вернуть товар\nсколько идёт доставка", ("как вернуть товар", "сколько идёт доставка")),
    ],
)
def test_two_questions_of_one_message_are_told_apart(message, questions):
    assert answering.split(message) == questions


@pytest.mark.parametrize(
    "message",
    [
        "Как вернуть товар?",
        "Здравствуйте. Палатка порвалась. Как её вернуть?",
        "Почему? Как вернуть товар?",
        "Сколько стоит доставка посылки 3.5 кг в Казань?",
        "Как вернуть товар на shop.example если он не подошёл?",
        "Can I log in at www.shop.example with my old e-mail?",
        "Сколько стоит доставка???",
        "",
    ],
)
def test_a_message_with_one_question_stays_whole(message):
    assert answering.split(message) == (message,)


async def test_at_most_three_questions_are_searched_for_and_the_others_are_not_forgotten(desk):
    questions = [f"Сколько стоит доставка в город номер {number}?" for number in range(5)]

    prepared = answering.prepare(" ".join(questions), "ru", desk.knowledge.get())

    assert [part.text for part in (*prepared.parts, *prepared.unanswered)] == questions[:3]
    assert prepared.left_over == tuple(questions[3:])


async def test_a_job_numbers_the_passages_of_all_parts_from_one(desk, now):
    knowledge = desk.knowledge.get()
    prepared = answering.prepare("Сколько дней есть на возврат товара? Как оплатить заказ картой?", "ru", knowledge)

    job = answering.job_for(
        prepared, turn_id=1, epoch=2, question="…", history=(), language="ru", deadline=now, addresses=None
    )

    assert [passage.number for passage in job.passages] == list(range(1, len(job.passages) + 1))
    assert {passage.part for passage in job.passages} == {0, 1}
    assert len(job.answerable) == len(job.parts) == 2


async def test_a_novel_is_cut_before_it_is_searched(desk):
    prepared = answering.prepare("возврат " * 5000, "ru", desk.knowledge.get())

    assert all(len(part.text) <= answering.MAX_QUERY for part in (*prepared.parts, *prepared.unanswered))


async def test_what_the_base_does_not_know_is_told_apart_from_what_it_knows(desk):
    text = "Сколько дней есть на возврат товара? Какая погода будет на Марсе в пятницу?"

    prepared = answering.prepare(text, "ru", desk.knowledge.get())

    assert [part.text for part in prepared.parts] == ["Сколько дней есть на возврат товара?"]
    assert [part.text for part in prepared.unanswered] == ["Какая погода будет на Марсе в пятницу?"]


class Recorder:
    """A base that finds nothing and remembers what it was asked."""

    def __init__(self):
        self.asked = set()

    def search(self, query, **_):
        self.asked.add(query)
        return SearchResult(query, 1, (), 0.0, {})


@given(st.text("ab ?.\n", max_size=60) | st.text(max_size=1200))
def test_everything_that_is_searched_is_known_beforehand(message):
    base = Recorder()
    answering.prepare(message, "en", base)
    assert base.asked <= set(answering.asked(message))
