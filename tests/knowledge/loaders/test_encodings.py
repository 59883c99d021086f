from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.loaders.encodings import decode
from knowledge.loaders.unreadable import UnreadableError

RUSSIAN = "Вернуть товар можно в течение 30 дней — «без объяснений».\nЁлка стоит 490 рублей, см. № 5."
WORDS = st.lists(st.text("абвгдежзийклмнопрстуфхцчшщъыьэюяё", min_size=1, max_size=9), min_size=3, max_size=30)
SENTENCE = WORDS.map(lambda words: " ".join(words).capitalize() + ".")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1251", "koi8-r", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_russian_text_is_read_in_every_usual_encoding(encoding: str) -> None:
    text = RUSSIAN if encoding != "koi8-r" else "Вернуть товар можно всегда. Ёлка стоит 490 рублей."
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_western_text_is_read_in_every_usual_encoding(encoding: str) -> None:
    text = "Our café serves crème brûlée — it’s 5 € — to “guests” from Málaga."
    assert decode(text.encode(encoding)) == text


@given(SENTENCE)
@example("Да")
@example("ПРАВИЛА")
@example("Вё а а.")
def test_cyrillic_of_windows_is_never_taken_for_anything_else(text: str) -> None:
    assert decode(text.encode("cp1251")) == text


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_in_utf_8_comes_back_with_plain_line_ends(text: str) -> None:
    written = [letter for letter in text if letter.isalnum()]
    try:
        read = decode(text.encode())
    except UnreadableError:
        read = ""
    assert [letter for letter in read if letter.isalnum()] == written


@given(st.binary())
def test_any_bytes_are_text_or_named(raw: bytes) -> None:
    with suppress(UnreadableError):
        assert decode(raw).strip()


def test_line_ends_of_all_systems_are_one() -> None:
    assert decode(b"a\r\nb\rc\n") == "a\nb\nc\n"


def test_nothing_is_empty() -> None:
    for raw in (b"", b" \n", b"\xef\xbb\xbf", b"\xff\xfe", "  ".encode("utf-16")):
        with pytest.raises(UnreadableError, match="is empty"):
            decode(raw)


def test_utf_8_with_a_broken_letter_is_named_by_its_line() -> None:
    with pytest.raises(UnreadableError, match="not UTF-8 text from here on") as caught:
        decode("строка\nпри".encode() + b"\xff" + "вет".encode())
    assert caught.value.line == 2


def test_two_encodings_in_one_file_are_named() -> None:
    with pytest.raises(UnreadableError, match="save it in the UTF-8 encoding"):
        decode("строка\n".encode() + "привет".encode("cp1251"))


def test_half_a_letter_of_utf_16_is_named() -> None:
    with pytest.raises(UnreadableError, match="damaged letters"):
        decode("да".encode("utf-16") + b"\x00")


@pytest.mark.parametrize("raw", [b"one\ntwo\0", bytes(range(256)), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
def test_what_is_no_text_is_named(raw: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"is not text|cannot be told"):
        decode(raw)
