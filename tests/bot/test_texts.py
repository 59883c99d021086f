import re

import pytest
from fluent.syntax import FluentParser, ast, visitor

from bot import keyboards
from bot.texts import LANGUAGES, LOCALES, Library, MissingTextError
from support.escalations import EscalationReason
from support.intents.examples import load_intents
from support.orders.models import OrderStatus


class Arguments(visitor.Visitor):
    def __init__(self):
        self.names = set()

    def visit_VariableReference(self, node):  # noqa: N802  # the library's own name
        self.names.add(node.id.name)


def messages(language):
    """Return the arguments of every message of a language."""
    found = {}
    files = sorted((LOCALES / language).glob("*.ftl"))
    for entry in (entry for file in files for entry in FluentParser().parse(file.read_text(encoding="utf-8")).body):
        assert not isinstance(entry, ast.Junk), f"{language}: cannot be read: {entry.content}"
        if isinstance(entry, ast.Message):
            assert entry.id.name not in found, f"{language}: {entry.id.name} stands twice"
            arguments = Arguments()
            arguments.visit(entry)
            found[entry.id.name] = arguments.names
    return found


@pytest.fixture
def library():
    return Library()


def test_every_language_has_the_same_texts_with_the_same_arguments():
    first, *others = (messages(language) for language in LANGUAGES)

    for other in others:
        assert other == first


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_said_and_fits_into_a_message(library, language):
    for key, arguments in messages(language).items():
        text = library.of(language)(key, **{name: 1000 if name == "n" else "x" * 20 for name in arguments})
        assert len(text) < 3000, key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", EscalationReason)
def test_every_reason_has_words_for_the_customer_and_for_the_operator(library, language, reason):
    name = reason.replace("_", "-")

    assert library.of(language)(f"reason-{name}")
    library.of(language)(f"escalated-{name}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", OrderStatus)
def test_every_order_status_has_words(library, language, status):
    assert library.of(language)(f"status-{status.replace('_', '-')}")


@pytest.mark.parametrize(
    ("key", "n", "words"),
    [
        ("age-minutes", 1, "1 минуту"),
        ("age-minutes", 3, "3 минуты"),
        ("age-minutes", 11, "11 минут"),
        ("age-minutes", 0, "0 минут"),
        ("age-hours", 21, "21 час"),
        ("age-hours", 2, "2 часа"),
        ("age-hours", 12, "12 часов"),
        ("age-days", 1, "1 день"),
        ("age-days", 22, "22 дня"),
        ("age-days", 25, "25 дней"),
    ],
)
def test_russian_plurals_are_right(library, key, n, words):
    assert library.of("ru")(key, n=n) == words


@pytest.mark.parametrize(("n", "words"), [(1, "1 day"), (2, "2 days"), (0, "0 days")])
def test_english_plurals_are_right(library, n, words):
    assert library.of("en")("age-days", n=n) == words


@pytest.mark.parametrize(
    ("n", "minutes", "before", "time"),
    [
        (0, 1, "оно следующее", "через 1 минуту."),
        (1, 2, "перед ним ещё 1 обращение.", "через 2 минуты."),
        (3, 11, "перед ним ещё 3 обращения.", "через 11 минут."),
        (112, 21, "перед ним ещё 112 обращений.", "через 21 минуту."),
    ],
)
def test_a_place_in_the_queue_is_told_in_right_russian(library, n, minutes, before, time):
    text = library.of("ru")("waiting-place", n=n, minutes=minutes)

    assert before in text
    assert time in text


@pytest.mark.parametrize(
    ("key", "n", "words"),
    [
        ("waiting-turn", 0, "it is the next one."),
        ("waiting-turn", 1, "1 is before it."),
        ("waiting-turn", 7, "7 are before it."),
        ("waiting-place", 1, "1 request is before it."),
        ("waiting-place", 2, "2 requests are before it."),
    ],
)
def test_a_place_in_the_queue_is_told_in_right_english(library, key, n, words):
    assert words in library.of("en")(key, n=n, minutes=5, seconds=0)


def test_a_missing_text_or_argument_is_our_mistake(library):
    with pytest.raises(MissingTextError):
        library.of("ru")("no-such-text")
    with pytest.raises(MissingTextError):
        library.of("ru")("order-ask-proof")


def test_an_unknown_language_is_answered_in_english(library):
    assert library.of("de").language == "en"


def test_callback_data_fits_into_sixty_four_bytes(library):
    largest = 2**63 - 1
    for language in LANGUAGES:
        texts = library.of(language)
        options = tuple((intent.name, intent.label(language)) for intent in load_intents(None))
        for markup in (
            keyboards.start(texts),
            keyboards.operator(texts),
            keyboards.answer(texts, largest),
            keyboards.clarify(texts, largest, options),
            keyboards.languages({"ru": "Русский", "en": "English"}),
        ):
            for button in (one for row in markup.inline_keyboard for one in row):
                assert len(button.callback_data.encode()) <= 64
                assert re.fullmatch(r"[a-z_]+(:[-\w]+)*", button.callback_data)


def test_what_a_button_says_is_what_is_read():
    assert keyboards.parse("rate:7:-1") == keyboards.Pressed("rate", ("7", "-1"))
    assert keyboards.parse("") == keyboards.Pressed("", ())
