from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import ALWAYS, Reading, Validity
from knowledge.loaders.front_matter import parse_date, split
from knowledge.loaders.unreadable import UnreadableError

Read = Callable[[str, bytes], Reading]


def test_an_article_says_its_title_language_and_days() -> None:
    front, rest = split(
        '---\n# about\ntitle: "Delivery: abroad"\nlang: EN  # English\ntags: [a, b]\nlist:\n  - x\n- y\n'
        "valid-from: 2026-01-01\nvalid_until: '31.12.2026'\ndate: 2025-12-24T10:00:00Z\n---\n# Text\n",
        "a.md",
    )
    assert rest == "# Text\n"
    assert (front.title, front.language, front.problems) == ("Delivery: abroad", "en", ())
    assert front.validity == Validity(date(2026, 1, 1), date(2026, 12, 31), date(2025, 12, 24))


def test_russian_names_are_understood() -> None:
    text = "---\nНазвание: Доставка\nЯзык: русский\nДействует с: 1.02.2026\nДействует до: 2026-03-01\n---\nТекст"
    front, _ = split(text, "a.md")
    assert (front.title, front.language) == ("Доставка", "ru")
    assert front.validity == Validity(date(2026, 2, 1), date(2026, 3, 1))


@pytest.mark.parametrize("text", ["---\nA sentence.\n---\nText", "---\ntitle: a\n", "# Text\n---\ntitle: a\n---\n"])
def test_rules_around_ordinary_text_are_no_front_matter(text: str) -> None:
    front, rest = split(text, "a.md")
    assert (front.title, front.validity, rest) == (None, ALWAYS, text)


def test_an_article_whose_days_cannot_be_read_is_refused_with_its_line(read: Read) -> None:
    reading = read("a.md", b"---\ntitle: A\nvalid-until: next spring\n---\nText")
    assert reading.document is None
    (problem,) = reading.problems
    assert problem.place == "a.md, line 3"
    assert problem.reason == "the date “next spring” is not understood: write it like 2026-12-31"


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(UnreadableError, match="ends before it begins"):
        split("---\nvalid-from: 2026-02-01\nvalid-until: 2026-01-01\n---\n", "a.md")


def test_an_unknown_language_or_age_is_only_a_warning() -> None:
    front, _ = split("---\nlanguage: Klingon\ndate: long ago\n---\nText", "a.md")
    assert [(problem.line, problem.warning) for problem in front.problems] == [(2, True), (3, True)]


def test_plain_text_may_have_front_matter_too(read: Read) -> None:
    document = read("a.txt", b"---\ntitle: A\n---\nOne.\n\nTwo.").document
    assert document
    assert (document.title, [block.text for block in document.sections[0].blocks]) == ("A", ["One.", "Two."])


@given(st.dates(date(1900, 1, 1), date(2999, 1, 1)))
def test_days_are_read_in_the_two_usual_ways(day: date) -> None:
    assert parse_date(day.isoformat()) == parse_date(f"{day:%d.%m.%Y}") == day


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_text_breaks_front_matter_or_is_lost_after_it(text: str) -> None:
    front, rest = split(f"---\ntitle: A\n---\n{text}", "a.md")
    assert (front.title, rest) == ("A", text)
    assert split(text, "a.md")[1] in text
