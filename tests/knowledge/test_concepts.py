import tomllib
from pathlib import Path

import pytest

import knowledge.concepts
from knowledge.concepts import concepts, concepts_of, everyday_words, is_everyday, narrowest, other_names
from knowledge.tokens import words

FILES = sorted(Path(knowledge.concepts.__file__).with_name("thesaurus").glob("*.toml"))
TABLES = [
    (path.stem, table, lines)
    for path in FILES
    for table, lines in tomllib.loads(path.read_text(encoding="utf-8")).items()
]
CONCEPTS = [(name, line) for _, table, lines in TABLES if table != "everyday" for name, line in lines.items()]


def test_words_of_one_meaning_share_a_concept_across_languages() -> None:
    for pair in (("посылка", "parcel"), ("отменить", "cancel"), ("скидкой", "discounts"), ("сломался", "broken")):
        assert set(concepts_of(pair[0])) & set(concepts_of(pair[1]))


def test_a_whole_word_goes_before_a_beginning() -> None:
    assert concepts_of("мал") != ()
    assert concepts_of("малина") == ()


@pytest.mark.parametrize(
    ("said", "meant", "not_meant"),
    [
        ("where is the nearest pick-up point", "pickup_point", "loyalty"),
        ("how many points do I get", "loyalty", "pickup_point"),
        ("pay with a gift card", "gift_card", "card"),
        ("pay with my credit card", "card", "instalment"),
        ("can I send my purchase back", "return_item", "ship"),
        ("call it off", "cancel", "contact"),
        ("верните деньги", "refund", "return_item"),
    ],
)
def test_a_phrase_takes_its_words_for_itself(said: str, meant: str, not_meant: str) -> None:
    found = concepts(said)
    assert meant in found
    assert not_meant not in found


def test_a_short_word_of_a_phrase_must_be_whole() -> None:
    assert "sign_in" in concepts("log in")
    assert "sign_in" not in concepts("log invoices")


def test_a_town_means_its_country_and_a_country_is_abroad() -> None:
    assert concepts("Алматы") == concepts("Kazakhstan") == ["kazakhstan", "abroad"]
    assert "town" in concepts("Саратов")


def test_of_a_country_only_the_country_itself_counts() -> None:
    assert narrowest(concepts("Japan")) == ("japan",)
    assert narrowest(concepts("Саратов")) == tuple(concepts("Саратов"))


def test_every_name_can_occur_in_a_text() -> None:
    everyday = [("everyday", line) for _, table, lines in TABLES if table == "everyday" for line in lines.values()]
    for name, line in CONCEPTS + everyday:
        for said in line.split():
            pieces = [piece.rstrip("$") for piece in said.split("_") if piece not in ("", "*")]
            assert name == "everyday" or all(words(piece) == [piece] for piece in pieces), said


def test_no_concept_is_defined_twice() -> None:
    names = [name for name, _ in CONCEPTS]
    assert len(names) == len(set(names))


def test_every_concept_has_names_in_both_languages() -> None:
    for name, _ in CONCEPTS:
        assert other_names(name, "ru"), name
        assert other_names(name, "en"), name


def test_everyday_words_are_known_as_such() -> None:
    assert all(is_everyday(word) for language in ("ru", "en") for word in everyday_words(language))
    assert not is_everyday("велосипед")
