import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.intents.examples import Route
from support.intents.rules import apply_rules


def route(text: str) -> Route | None:
    hit = apply_rules(text)
    return hit.route if hit else None


@pytest.mark.parametrize(
    "text",
    [
        "оператор",
        "Оператора!",
        "опиратор",
        "апператор",
        "оператара позовите",
        "человека",
        "позовите человека",
        "хочу говорить с живым человеком, а не с ботом",
        "соедините меня, пожалуйста, со специалистом",
        "нужен менеджер",
        "Здравствуйте! Оператора, пожалуйста",
        "Вы ничего не понимаете. Позовите кого-нибудь!",
        "operator",
        "oprator",
        "agent please",
        "call a human",
        "can I talk to a real person?",
        "get me your manager now",
        "Let me speak to someone",
        "I need to speak to customer service about my parcel",
        "свяжите меня со службой поддержки",
        "I need a human",
        "I can't find my size. Connect me to an operator please, it is urgent and I have been trying for an hour",
    ],
)
def test_a_plain_request_for_a_person_is_never_missed(text):
    assert route(text) is Route.OPERATOR


@pytest.mark.parametrize(
    "text",
    [
        "Могу ли я поговорить с оператором по телефону после 20:00?",
        "во сколько начинают отвечать операторы?",
        "Can I talk to an agent at weekends?",
        "what hours do your agents work",
    ],
)
def test_a_question_about_operators_is_a_question(text):
    assert route(text) is Route.QUESTION


@pytest.mark.parametrize(
    "text",
    [
        "хочу книгу про людей",
        "не нужен оператор, просто скажите цену",
        "get me the book that a person wrote",
        "доставка",
    ],
)
def test_a_mention_of_people_is_no_request(text):
    assert route(text) is None


@pytest.mark.parametrize(
    "text", ["KD-10427", "кд 10427", "заказ № 10427", "где мой заказ KD-10427?", "my order is 58213"]
)
def test_a_bare_order_number_asks_for_its_status(text):
    assert route(text) is Route.ORDER_STATUS


@pytest.mark.parametrize(
    "text", ["как отменить заказ KD-10427", "KD-10427 пришёл разбитым", "+7 916 123-45-67", "12990 рублей"]
)
def test_more_than_a_number_is_left_to_the_model(text):
    assert route(text) is None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Привет!", "greeting"),
        ("добрый вечер", "greeting"),
        ("Hi there", "greeting"),
        ("спасибо большое", "thanks"),
        ("Thank you very much!", "thanks"),
        ("до свидания", "goodbye"),
        ("bye, have a nice day", "goodbye"),
        ("👍🎉", "greeting"),
        ("", "greeting"),
    ],
)
def test_mere_politeness_is_recognised(text, intent):
    hit = apply_rules(text)

    assert hit is not None
    assert hit.intent == intent


@pytest.mark.parametrize(
    "text", ["привет, сколько стоит доставка", "спасибо, а когда вернут деньги?", "???", "добрый совет"]
)
def test_politeness_before_a_question_decides_nothing(text):
    assert route(text) is None


@given(st.text(max_size=500))
def test_any_text_passes_the_rules_without_an_error(text):
    apply_rules(text)


def test_an_address_is_nobody_to_be_called():
    assert route("someone@example.com") is None
    assert route("call me at agent@example.com") is None
