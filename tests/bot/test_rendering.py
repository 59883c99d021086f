import pytest
from aiogram.utils.formatting import BlockQuote, Bold, Text

from bot.rendering import TEXT_LENGTH, answer_text, order_text, send
from bot.texts import LANGUAGES, Library
from support.citations import SourceShown
from support.orders.models import Order
from support.outcomes import Answered


def units(text):
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("words", ["я" * 9000, "😀" * 3000, "x" * 4095 + "😀", "x" * 4096, "x"])
def test_no_message_is_longer_than_telegram_takes(words):
    method = send(words, 1)

    assert units(method.text) <= TEXT_LENGTH
    assert units(words) > TEXT_LENGTH or method.text == words


def test_entities_end_where_a_cut_text_ends():
    method = send(Text(Bold("а"), "б" * 4000, BlockQuote("в" * 500), BlockQuote("г")), 1)

    assert [entity.type for entity in method.entities] == ["bold", "blockquote"]
    assert all(entity.offset + entity.length <= TEXT_LENGTH for entity in method.entities)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_names_its_source_and_what_stays_open(language):
    answered = Answered(1, "30", (SourceShown(1, "A"), SourceShown(2, "B")), ("?",))

    text, _ = answer_text(Library().of(language), answered).render()

    assert "[1] A; [2] B" in text
    assert {"ru": "«?»", "en": "“?”"}[language] in text


def test_markup_in_what_people_write_stays_text():
    method = send(Text("<b>*x*</b>"), 1)

    assert method.text == "<b>*x*</b>"
    assert method.parse_mode is None or not isinstance(method.parse_mode, str)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_order_shows_what_is_known_and_an_unknown_status_as_it_stands(language):
    text, _ = order_text(Library().of(language), Order(number="A-1", status="on the moon", total="5 ₽")).render()

    assert "A-1" in text
    assert "on the moon" in text
    assert "5 ₽" in text
    assert "None" not in text
