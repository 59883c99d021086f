from pathlib import Path

import pytest

from support.intents.classifier import IntentClassifier
from support.intents.examples import BUNDLED_FILE, IntentsError, Route, load_intents

BUNDLED = BUNDLED_FILE.read_text(encoding="utf-8")


@pytest.fixture
def write(tmp_path):
    def write_(text: str) -> Path:
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_


def test_every_route_has_twelve_examples_in_both_languages():
    intents = load_intents()

    assert {intent.route for intent in intents} == set(Route)
    assert [intent.name for intent in intents if min(len(intent.ru), len(intent.en)) < 12] == []


def test_an_intent_is_added_without_code(write):
    own = """
[wholesale]
route = "operator"
label_ru = "Опт"
label_en = "Wholesale"
ru = ["Хочу закупать у вас оптом", "прайс для оптовиков", "оптовые закупки для магазина", "нужна крупная партия"]
en = ["I want to buy in bulk", "wholesale price list", "bulk purchase for my shop", "we need a large batch"]
"""
    classifier = IntentClassifier.fit(load_intents(write(BUNDLED + own)))

    found = classifier.classify("хотим закупать оптом крупные партии")

    assert (found.intent, found.route) == ("wholesale", Route.OPERATOR)


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ("\n[own]\nroute = 'sales'", r"own\.toml: table \[own\]: route must be one of question"),
        ("\n[own]\nroute = ['operator']", r"table \[own\]: route must be one of"),
        ("\n[own]\nroute = 'operator'\nru = ['а', 'б']", r"table \[own\] needs at least 3 examples"),
        ("\n[own]\nroute = 'operator'\nru = 'привет'", r"table \[own\]: ru must be a list"),
        ("\n[own]\nroute = 'operator'\nru = ['а', ' ', 'в']", r"table \[own\]: example 2 of ru"),
        ("\n[own]\nroute = 'operator'\nru = ['а', 'б', 'в']", r"table \[own\]: label_ru must be a text"),
        ("\n[own]\nroutes = 'operator'", r"table \[own\] has the unknown key routes"),
        ("\n[own", r"is not valid TOML"),
        (
            "\n[own]\nroute='operator'\nlabel_ru='а'\nlabel_en='a'\nru=['забыл пароль', 'в', 'г']",
            r"«забыл пароль» is an example of both \[question\] and \[own\]",
        ),
    ],
)
def test_a_malformed_file_is_refused_with_a_sentence_that_names_the_place(write, extra, sentence):
    with pytest.raises(IntentsError, match=sentence):
        load_intents(write(BUNDLED + extra))


def test_a_route_without_an_intent_is_named(write):
    with pytest.raises(IntentsError, match="no table has the route complaint"):
        load_intents(write(BUNDLED.replace('route = "complaint"', 'route = "operator"')))


def test_a_key_outside_any_table_is_named(write):
    with pytest.raises(IntentsError, match="«route» stands outside any table"):
        load_intents(write('route = "question"'))


def test_a_missing_or_binary_file_is_refused_with_a_sentence(tmp_path):
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(IntentsError, match=r"absent\.toml: cannot be read"):
        load_intents(tmp_path / "absent.toml")
    with pytest.raises(IntentsError, match="not UTF-8"):
        load_intents(binary)
