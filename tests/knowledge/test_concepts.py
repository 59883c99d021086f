import tomllib
from pathlib import Path

import knowledge.concepts
from knowledge.concepts import concepts_of, everyday_words, is_everyday, other_names
from knowledge.tokens import words

TABLE = tomllib.loads(Path(knowledge.concepts.__file__).with_name("concepts.toml").read_text(encoding="utf-8"))


def test_words_of_one_meaning_share_a_concept_across_languages() -> None:
    for pair in (("посылка", "parcel"), ("вернуть", "refund"), ("скидкой", "discounts"), ("сломался", "broken")):
        assert set(concepts_of(pair[0])) & set(concepts_of(pair[1]))


def test_a_whole_word_goes_before_a_beginning() -> None:
    assert concepts_of("мал") != ()
    assert concepts_of("малина") == ()


def test_every_beginning_can_occur_in_a_text() -> None:
    for line in (*TABLE["concepts"].values(), *TABLE["everyday"].values()):
        for beginning in line.split():
            assert words(beginning) == [beginning.rstrip("$")]


def test_every_concept_has_names_in_both_languages() -> None:
    for name in TABLE["concepts"]:
        assert other_names(name, "ru"), name
        assert other_names(name, "en"), name


def test_everyday_words_are_known_as_such() -> None:
    assert all(is_everyday(word) for language in ("ru", "en") for word in everyday_words(language))
    assert not is_everyday("велосипед")
