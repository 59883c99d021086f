import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import pytest

from evaluation import baskets
from evaluation.run import DEMO_SHOP
from knowledge.language import detect
from support.intents.examples import load_intents
from support.orders.importing import read_orders

KNOWLEDGE = DEMO_SHOP / "knowledge"
BASKET = baskets.load()
ASKED: list[baskets.Question | baskets.Unanswerable] = [*BASKET.questions, *BASKET.unanswerable]


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower().replace("ё", "е"))


def triples(text: str) -> set[tuple[str, str, str]]:
    return {(*first, second[1]) for first, second in pairwise(pairwise(words(text)))}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_it_holds_the_promised_number_of_items_in_each_language(language: str) -> None:
    def count(languages: Iterable[str]) -> int:
        return sum(one == language for one in languages)

    assert count(item.language for item in BASKET.questions) == 100
    assert count(item.language for item in BASKET.unanswerable) == 20
    assert count(item.language for item in BASKET.routing) == 30
    assert count(item.language for item in BASKET.order_dialogues) == 10


def test_every_route_occurs_in_both_languages() -> None:
    seen = {(message.language, message.route) for message in BASKET.routing}
    assert seen == {(language, route) for language in ("ru", "en") for route in baskets.ROUTES}


def test_questions_are_written_in_the_language_they_claim() -> None:
    for item in ASKED:
        assert detect(item.question) == item.language, item.id


def test_nothing_is_asked_twice() -> None:
    texts = Counter(" ".join(words(item.question)) for item in ASKED)
    assert [text for text, count in texts.items() if count > 1] == []


def test_every_acceptable_source_exists_and_is_in_the_customers_language() -> None:
    for question in BASKET.questions:
        for source in question.sources:
            assert (KNOWLEDGE / source).is_file(), f"{question.id}: {source}"
            assert source.startswith(f"{question.language}/"), question.id


def test_follow_ups_come_in_both_languages_and_name_documents_that_exist() -> None:
    assert Counter(item.language for item in BASKET.followups) == {"ru": 18, "en": 18}
    for item in BASKET.followups:
        for source in item.sources:
            assert (KNOWLEDGE / source).is_file(), f"{item.id}: {source}"


def test_every_document_is_asked_about_at_least_twice() -> None:
    asked = Counter(source for question in BASKET.questions for source in question.sources)
    documents = {path.relative_to(KNOWLEDGE).as_posix() for path in KNOWLEDGE.rglob("*.*")}
    assert {document for document in documents if asked[document] < 2} == set()


def test_no_question_shares_three_consecutive_words_with_a_document_that_answers_it() -> None:
    articles = {source: triples((KNOWLEDGE / source).read_text()) for one in BASKET.questions for source in one.sources}
    shared = {
        (question.id, source): common
        for question in BASKET.questions
        for source in question.sources
        if (common := triples(question.question) & articles[source])
    }
    assert shared == {}


def test_the_orders_that_must_be_found_exist_and_belong_to_the_customer() -> None:
    orders = {order.number: order for order in read_orders(DEMO_SHOP / "orders.csv").orders}
    for dialogue in BASKET.order_dialogues:
        if dialogue.order is not None:
            assert dialogue.order in orders, dialogue.id
            if any(step.contact == "own" for step in dialogue.steps):
                assert orders[dialogue.order].phone == dialogue.customer.phone, dialogue.id


def test_every_outcome_of_an_order_dialogue_is_expected_somewhere() -> None:
    assert {dialogue.expect for dialogue in BASKET.order_dialogues} == {
        "found",
        "refused",
        "locked",
        "ask_number",
        "ask_proof",
    }


def test_nothing_that_the_classifier_learns_from_is_copied_from_the_basket() -> None:
    # Greetings and single words are said by everybody; a whole sentence would be copied.
    sentences = {" ".join(words(message.text)) for message in BASKET.routing if len(words(message.text)) > 4}
    sentences |= {" ".join(words(item.question)) for item in ASKED}
    learned = {" ".join(words(example)) for intent in load_intents() for example in intent.examples}
    assert sentences & learned == set()
