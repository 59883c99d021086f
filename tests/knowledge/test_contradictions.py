from datetime import date

from knowledge.contradictions import settle
from knowledge.documents import ALWAYS, Block, Document, Section, Validity

TODAY = date(2026, 6, 1)


def article(
    source: str, text: str, validity: Validity = ALWAYS, *, title: str = "Delivery", titled: bool = True
) -> Document:
    return Document(source, title, (Section((), (Block(text),)),), titled=titled, validity=validity)


def pairs(source: str, *found: tuple[str, str, Validity]) -> Document:
    sections = tuple(Section((), (Block(answer),), question, validity) for question, answer, validity in found)
    return Document(source, "Faq", sections)


def of(year: int) -> Validity:
    return Validity(dated=date(year, 1, 1))


def test_of_two_articles_with_one_title_the_newer_wins_and_the_older_is_named() -> None:
    new, old = article("new.md", "Two days.", of(2026)), article("old.md", "Three days.", of(2025))
    documents, (warning,) = settle([new, old], TODAY)
    assert documents == (new,)
    assert (warning.file, warning.reason, warning.warning) == (
        "old.md",
        "is not used: “new.md” is newer (2026-01-01)",
        True,
    )


def test_valid_from_counts_before_the_date_and_an_undated_article_is_the_oldest() -> None:
    in_force = article("a.md", "Two days.", Validity(start=date(2026, 5, 1), dated=date(2020, 1, 1)))
    written_later = article("b.md", "Three days.", of(2026))
    undated = article("c.md", "Four days.")
    documents, warnings = settle([undated, written_later, in_force], TODAY)
    assert documents == (in_force,)
    assert {warning.file for warning in warnings} == {"b.md", "c.md"}


def test_without_dates_both_stay_and_the_pair_is_named() -> None:
    one, other = article("a.md", "Two days."), article("b.md", "Three days.")
    documents, (warning,) = settle([one, other], TODAY)
    assert documents == (one, other)
    assert warning.file == "a.md"
    assert warning.reason.startswith("contradicts “b.md”")


def test_the_same_text_under_one_title_is_no_contradiction() -> None:
    twins = (article("a.md", "Two days."), article("b.md", "two  days"))
    assert settle(twins, TODAY) == (twins, ())


def test_another_language_is_no_contradiction() -> None:
    both = (article("a.md", "Two days of delivery.", title="FAQ"), article("b.md", "Доставка за два дня.", title="FAQ"))
    assert settle(both, TODAY) == (both, ())


def test_titles_made_from_names_of_files_contradict_nothing() -> None:
    both = (article("ru/faq.md", "Two.", titled=False), article("en/faq.md", "Three.", titled=False))
    assert settle(both, TODAY) == (both, ())


def test_an_article_answers_until_a_newer_one_comes_into_force() -> None:
    old = article("old.md", "Three days.")
    new = article("new.md", "Two days.", Validity(start=date(2026, 7, 1)))
    (cut, kept), (warning,) = settle([old, new], TODAY)
    assert (cut.validity.end, kept) == (date(2026, 6, 30), new)
    assert warning.reason == "answers until 2026-06-30 only: from then on “new.md” is newer (2026-07-01)"


def test_an_article_comes_back_when_the_newer_one_ends() -> None:
    old = article("old.md", "Three days.")
    sale = article("sale.md", "One day.", Validity(start=date(2026, 5, 1), end=date(2026, 6, 10)))
    (cut, kept), (warning,) = settle([old, sale], TODAY)
    assert (cut.validity.start, kept) == (date(2026, 6, 11), sale)
    assert warning.reason == "does not answer until 2026-06-10: “sale.md” is newer (2026-05-01)"


def test_articles_that_follow_each_other_do_not_contradict() -> None:
    both = (
        article("a.md", "Two days.", Validity(end=date(2026, 6, 30))),
        article("b.md", "Three days.", Validity(start=date(2026, 7, 1))),
    )
    assert settle(both, TODAY) == (both, ())


def test_of_two_answers_to_one_question_the_newer_wins_also_within_a_file() -> None:
    table = pairs("q.csv", ("Где ещё?", "Тут.", of(2025)), ("где еще", "Там.", of(2026)), ("Кто?", "Мы.", ALWAYS))
    (left,), (warning,) = settle([table], TODAY)
    assert [section.blocks[0].text for section in left.sections] == ["Там.", "Мы."]
    assert warning.reason == "the answer to “Где ещё?” is not used: “q.csv” is newer (2026-01-01)"


def test_an_expired_article_contradicts_nothing() -> None:
    expired = article("new.md", "Two days.", Validity(date(2026, 1, 1), date(2026, 5, 31)))
    old = article("old.md", "Three days.")
    documents, (warning,) = settle([expired, old], TODAY)
    assert documents == (old,)
    assert warning.reason == "is not used: it was valid until 2026-05-31"


def test_of_three_articles_only_the_newest_in_force_answers() -> None:
    found = [
        article("a.md", "One day.", of(2024)),
        article("b.md", "Two days.", of(2025)),
        article("c.md", "Three days.", Validity(start=date(2026, 9, 1))),
    ]
    documents, _ = settle(found, TODAY)
    assert [(document.source, document.validity.end) for document in documents] == [
        ("b.md", date(2026, 8, 31)),
        ("c.md", None),
    ]
