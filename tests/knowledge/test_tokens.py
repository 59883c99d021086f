from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.concepts import concepts
from knowledge.tokens import is_code, stem, terms, text_grams, words


@given(st.text())
def test_any_text_is_taken_apart_without_an_error(text: str) -> None:
    assert all(words(text))
    assert all(terms(text))
    assert all(text_grams(text))
    assert all(concepts(text))


@given(st.lists(st.text("абвгдежзabcxyz", min_size=1, max_size=12), max_size=20))
def test_no_plain_word_is_lost(plain: list[str]) -> None:
    assert words(", ".join(plain)) == plain


def test_yo_is_the_same_letter_as_ye() -> None:
    assert terms("Самолёт летёт") == terms("Самолет летет")


def test_a_letter_composed_of_two_marks_is_one_letter() -> None:
    assert words("и\u0306од") == ["йод"]


def test_forms_of_a_word_share_a_stem_in_both_languages() -> None:
    assert stem("доставка") == stem("доставки") == stem("доставкой")
    assert stem("delivery") == stem("deliveries")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ORD-1024", ["ord1024"]),
        ("24/7", ["24/7"]),
        ("от 2,5 кг", ["от", "2.5", "кг"]),
        ("3 000 рублей", ["3000", "рублей"]),
        ("в 12:30.", ["в", "12:30"]),
        ("iPhone15", ["iphone15"]),
    ],
)
def test_numbers_and_codes_are_kept_whole(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_code_holds_letters_and_digits() -> None:
    assert [word for word in ("ord1024", "e42", "1024", "order", "5кг") if is_code(word)] == ["ord1024", "e42"]


def test_stemming_from_many_threads_gives_the_same_stems() -> None:
    plain = [f"достав{ending}{n}x" for n in range(200) for ending in ("ка", "ки", "кой")]
    plain = [word.replace("0", "о").translate(str.maketrans("123456789", "абвгдежзи")) for word in plain]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(stem.__wrapped__, plain))
    assert found == [stem(word) for word in plain]
