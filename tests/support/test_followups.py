import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import followups

EVALUATION = Path(__file__).parents[2] / "evaluation"


@pytest.mark.parametrize(
    ("first", "then", "question"),
    [
        ("Сколько стоит доставка в Москву?", "А в Казань?", "Сколько стоит доставка в Казань?"),
        ("Сколько стоит доставка в Москву до двери?", "а для Уфы?", "Сколько стоит доставка для Уфы до двери?"),
        ("Как вернуть товар?", "и сколько это стоит?", "Как вернуть товар — сколько это стоит?"),
        ("Как оформить заказ?", "а если я передумал?", "Как оформить заказ — если я передумал?"),
        ("Есть подарочные карты?", "Сколько она действует?", "Есть подарочные карты — сколько она действует?"),
        ("How long does delivery take?", "what about returns?", "How long does delivery take — returns?"),
        ("Can I rent a tent?", "OK, and how much is it?", "Can I rent a tent — how much is it?"),
        ("How much is delivery to Moscow?", "and to Norilsk?", "How much is delivery to Norilsk?"),
        ("How do I cancel my order?", "What if it has shipped?", "How do I cancel my order — if it has shipped?"),
        ("Как вернуть товар?", "почему?", "Как вернуть товар — почему?"),
    ],
)  # fmt: skip
def test_a_follow_up_is_completed_by_the_last_question(first, then, question):
    completion = followups.complete(then, first)

    assert completion is not None
    assert completion.question == question
    assert completion.topic == first


@pytest.mark.parametrize(
    "text",
    [
        "Сколько дней есть на возврат товара?",
        "И кто платит за обратную пересылку?",
        "А можно оплатить заказ картой?",
        "Что это за магазин?",
        "Is it possible to pay by card?",
        "Are there any discounts for students?",
        "And can I pay for a tent in cash?",
        "возврат",
        "KD-10427",
        "А мой заказ 10427 где?",
        "",
        "🙂",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(text):
    assert followups.complete(text, "Сколько стоит доставка в Москву?") is None


def test_at_most_one_question_of_the_baskets_in_a_hundred_is_touched():
    questions = [
        json.loads(line)["question"]
        for folder in ("basket", "heldout")
        for name in ("questions", "unanswerable")
        for line in (EVALUATION / folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]

    touched = sum(followups.complete(question, "Как вернуть товар?") is not None for question in questions)

    assert len(questions) == 400
    assert touched <= len(questions) / 100


def test_there_is_nothing_to_complete_from_a_question_that_says_nothing():
    assert followups.complete("а в Казань?", "а?") is None


@given(st.text(), st.text())
def test_any_text_is_either_left_alone_or_completed_with_something_to_search(text, topic):
    completion = followups.complete(text, topic)

    assert completion is None or completion.question.strip()
    assert completion is None or len(completion.question) <= followups.MAX_TOPIC + len(text) + 10
