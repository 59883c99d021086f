import random
import tomllib
from pathlib import Path

import pytest

from support.intents.classifier import IntentClassifier
from support.intents.examples import Route, load_intents
from support.intents.rules import apply_rules

REQUESTS = {
    "ru": (
        "оператор", "позовите оператора", "позовите человека", "хочу поговорить с человеком", "соедините с оператором",
        "переключите на оператора", "переведите на живого человека", "дайте живого человека", "мне нужен оператор",
        "нужен живой человек", "свяжите меня с менеджером", "хочу с оператором пообщаться", "можно оператора",
        "можно поговорить с живым сотрудником", "пусть мне ответит человек", "подключите консультанта",
        "я хочу говорить с человеком, а не с ботом", "соедините меня, пожалуйста, со специалистом",
        "позови кого-нибудь живого", "требую оператора", "вызовите менеджера",
    ),
    "en": (
        "operator", "operator please", "call an operator", "i want to talk to a human", "connect me to an agent",
        "get me a real person", "let me speak to a manager", "transfer me to a representative", "i need a human",
        "i want to chat with a person", "can i talk to someone", "put me through to customer service",
        "i would like to speak with an operator", "human please", "talk to a live agent", "switch me to an operator",
        "please get someone from support", "speak to a human being", "could you connect me with support",
        "give me a human", "can you call a supervisor",
    ),
}  # fmt: skip
AROUND = {
    "ru": (
        "Здравствуйте! Сколько идёт доставка в Казань и есть ли скидки? И ещё, {}",
        "Мой заказ KD-10427 не пришёл вчера, я жду уже неделю. {}!",
        "{}, у меня вопрос по возврату кроссовок, которые не подошли по размеру",
        "да сколько можно, ваш бот ничего не понимает\n{}",
    ),
    "en": (
        "Hello! How long does shipping to Leeds take and are there discounts? Also, {}",
        "My order KD-10427 did not arrive yesterday. {}!",
        "{}, I have a question about returning the shoes that did not fit",
        "your bot does not understand anything\n{}",
    ),
}
LOOK_ALIKES = {
    "ru": (
        "во сколько начинают работать {0}ы?", "до скольки на линии {0}ы?", "как долго отвечает {0}?",
        "{0} вчера обещал перезвонить и пропал", "сколько зарабатывает {0}?", "ваш {0} нахамил мне по телефону",
        "{0} сказал, что деньги вернутся завтра", "почему {0} закрыл мой вопрос", "вакансия {0}а ещё открыта?",
        "по каким дням работает {0}?", "не нужен {0}, просто скажите цену", "{0} был очень вежлив, передайте спасибо",
        "можно ли поговорить с {0}ом после 20:00?",
    ),
    "en": (
        "what hours do the {0}s work?", "how long until the {0} answers an email?", "how much does an {0} earn?",
        "the {0} promised a refund yesterday", "your {0} was rude to me", "why did the {0} close my question",
        "is the {0} job still open?", "the {0} said the money comes tomorrow", "no need for an {0}, just the price",
        "the {0} was very polite, thank you", "are the {0}s available on Sunday?", "which {0} packed my parcel?",
        "what did the {0} say the other day",
    ),
}  # fmt: skip
PERSONS = {
    "ru": ("оператор", "менеджер", "консультант", "специалист", "администратор"),
    "en": ("operator", "agent", "manager", "consultant", "representative"),
}
LATIN, CYRILLIC = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.", "ёйцукенгшщзхъфывапролджэячсмитьбю"
SOUNDS = dict(zip("абвгдезийклмнопрстуфыэю", [*"abvgdeziyklmnoprstufye", "yu"], strict=True))
SOUNDS |= {"ж": "zh", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ь": "", "ъ": "", "я": "ya", "ё": "e"}


def with_typo(text: str, chance: random.Random) -> str:
    """Drop, swap or double a letter inside a long word."""
    words = text.split()
    long = [place for place, word in enumerate(words) if len(word) >= 7]
    if not long:
        return text
    place = chance.choice(long)
    word = words[place]
    at = chance.randrange(1, len(word) - 2)
    words[place] = chance.choice(
        (word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[: at + 1] + word[at:])
    )
    return " ".join(words)


def requests(language: str) -> list[str]:
    chance = random.Random(7)  # noqa: S311  # typos, not secrets
    layout = str.maketrans(*((CYRILLIC, LATIN) if language == "ru" else (LATIN, CYRILLIC)))
    found = []
    for plain in REQUESTS[language]:
        found += [plain, plain.upper(), with_typo(plain, chance), with_typo(plain, chance), plain.translate(layout)]
        found += [around.format(plain) for around in AROUND[language]]
        found += ["".join(SOUNDS.get(letter, letter) for letter in plain)] if language == "ru" else []
    return found


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_plain_request_for_a_person_is_never_missed(language: str) -> None:
    asked = requests(language)
    assert len(asked) >= 150
    missed = [text for text in asked if (hit := apply_rules(text)) is None or hit.route is not Route.OPERATOR]
    assert missed == []


@pytest.mark.parametrize("language", ["ru", "en"])
def test_nobody_is_called_by_a_sentence_about_operators(language: str) -> None:
    said = [frame.format(person) for frame in LOOK_ALIKES[language] for person in PERSONS[language]]
    assert len(said) >= 60
    called = [text for text in said if (hit := apply_rules(text)) is not None and hit.route is Route.OPERATOR]
    assert called == []


@pytest.fixture(scope="module")
def reaches_a_person():
    classifier = IntentClassifier.fit(load_intents())
    lists = tomllib.loads(Path(__file__).with_name("persons.toml").read_text(encoding="utf-8"))

    def reaches(name):
        told = {text: classifier.classify(text) for text in lists[name].strip().splitlines()}
        assert len(told) >= 65
        return {text: one.sure and one.route is Route.OPERATOR for text, one in told.items()}

    return reaches


STILL_CALL = {
    "ok, с оператором поговорила, ждём мастера завтра. вопрос: сколько стоит замена крана?",
    '"Being Human", the book, is it in paperback?',
}
"""Look-alikes that call somebody all the same: known, and no others."""


@pytest.mark.parametrize("language", ["ru", "en"])
def test_whoever_asks_for_a_person_in_whatever_words_gets_one_and_nobody_else(language, reaches_a_person):
    assert [text for text, person in reaches_a_person(f"{language}_asks").items() if not person] == []
    assert [
        text for text, person in reaches_a_person(f"{language}_others").items() if person and text not in STILL_CALL
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "человека дайте, и ещё сколько стоит доставка в Казань?",
        "actual person only, what is the warranty on tents",
        "чел нужен, сколько едет доставка",
        "Позвоните мне, какая гарантия на палатки?",
    ],
)
def test_a_question_behind_a_comma_hides_no_request(text):
    hit = apply_rules(text)
    assert hit is not None
    assert hit.route is Route.OPERATOR
