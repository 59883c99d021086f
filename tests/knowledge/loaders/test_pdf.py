import io
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest

from knowledge.documents import Reading
from knowledge.loaders import limits
from knowledge.loaders.pdf import read_pdf
from knowledge.loaders.reader import Reader
from knowledge.loaders.unreadable import UnreadableError

Read = Callable[[str, bytes], Reading]
Pdf = Callable[..., bytes]
Outline = Callable[[Reading], list[tuple[tuple[str, ...], list[str]]]]
Reason = Callable[[Reading], str]

TEXT = "Вернуть товар можно в течение тридцати дней после получения заказа."


def test_lines_become_paragraphs_and_larger_ones_headings(read: Read, make_pdf: Pdf, outline: Outline) -> None:
    page = [
        (20, "Возврат товара"),
        (10, "Вернуть товар можно в течение тридцати дней, и причину при этом"),
        (10, "объяснять не нужно."),
        (14, "Деньги"),
        (10, "Вернём за десять дней."),
        (14, "Упаковка"),
        (10, "Сохраните коробку."),
    ]
    reading = read("a.pdf", make_pdf(page))
    assert reading.document
    assert (reading.document.title, reading.document.titled) == ("Возврат товара", True)
    whole = "Вернуть товар можно в течение тридцати дней, и причину при этом объяснять не нужно."
    assert outline(reading) == [
        ((), [whole]),
        (("Деньги",), ["Вернём за десять дней."]),
        (("Упаковка",), ["Сохраните коробку."]),
    ]


def test_headings_that_the_outline_names_need_no_large_letters(read: Read, make_pdf: Pdf, outline: Outline) -> None:
    first = [(10, "Сроки"), (10, TEXT)]
    second = [(10, "Деньги"), (10, "Вернём за десять дней.")]
    reading = read("a.pdf", make_pdf(first, second, outline=[("Сроки", 0), ("Деньги", 1)]))
    assert outline(reading) == [(("Сроки",), [TEXT]), (("Деньги",), ["Вернём за десять дней."])]


def test_running_heads_and_page_numbers_are_kept_once(
    read: Read, make_pdf: Pdf, lines: Callable[..., list[str]]
) -> None:
    pages = [[(10, "Shop rules"), (10, f"Rule {word} is the best of all rules."), (10, f"{n}")]
             for n, word in enumerate(["one", "two", "three", "four"], start=1)]  # fmt: skip
    assert lines(read("a.pdf", make_pdf(*pages))) == [
        "Shop rules",
        "Rule one is the best of all rules.",
        "Rule two is the best of all rules.",
        "Rule three is the best of all rules.",
        "Rule four is the best of all rules.",
    ]


def test_numbered_headings_at_the_top_of_pages_are_no_page_numbers(
    read: Read, make_pdf: Pdf, lines: Callable[..., list[str]]
) -> None:
    pages = [[(10, f"Article {number}"), (10, f"Rule {number} is the best of all.")] for number in range(1, 6)]
    assert [line for line in lines(read("a.pdf", make_pdf(*pages))) if line.startswith("Article")] == [
        f"Article {number}" for number in range(1, 6)
    ]


def test_a_word_split_at_a_line_end_is_joined_if_the_document_knows_it(
    read: Read, make_pdf: Pdf, lines: Callable[..., list[str]]
) -> None:
    page = [
        (10, "the first delivery comes by courier to your house and a deli-"),
        (10, "very is free, ask someone who-"),
        (10, "ever"),
    ]
    assert lines(read("a.pdf", make_pdf(page)))[0].startswith(
        "the first delivery comes by courier to your house and a delivery is free"
    )


def test_a_scan_is_named_as_pictures_only(read: Read, make_pdf: Pdf, reason: Reason) -> None:
    assert "holds pictures only" in reason(read("scan.pdf", make_pdf([])))


def test_a_page_without_text_is_named_by_its_number_and_the_others_are_read(read: Read, make_pdf: Pdf) -> None:
    reading = read("a.pdf", make_pdf([(10, TEXT)], [], [(10, TEXT)]))
    assert reading.document
    assert [(problem.page, problem.warning) for problem in reading.problems] == [(2, True)]
    assert reading.problems[0].place == "a.pdf, page 2"


def test_a_damaged_page_is_named_by_its_number_and_the_others_are_read(read: Read, make_pdf: Pdf) -> None:
    first, second, third = ([(10, word)] for word in ("One.", "Two.", "Three."))
    parts = make_pdf(first, second, third).split(b"<< /Length")
    broken = b"<< /Length".join([*parts[:2], parts[2]]) + b"<< /Filter /Unknown /Length" + b"<< /Length".join(parts[3:])
    reading = read("a.pdf", broken)
    assert reading.document
    assert [block.text for section in reading.document.sections for block in section.blocks] == ["One.", "Three."]
    assert [(problem.page, problem.warning) for problem in reading.problems] == [(2, False)]


@pytest.mark.parametrize("algorithm", ["RC4-128"])
def test_a_pdf_with_a_password_says_what_to_do(read: Read, make_pdf: Pdf, reason: Reason, algorithm: str) -> None:
    assert reason(read("a.pdf", locked(make_pdf([(10, TEXT)]), "secret", algorithm))) == (
        "is protected with a password: save it without one"
    )


def test_a_pdf_that_is_only_locked_against_changes_is_read(
    read: Read, make_pdf: Pdf, lines: Callable[..., list[str]]
) -> None:
    assert lines(read("a.pdf", locked(make_pdf([(10, TEXT)]), "", "RC4-128"))) == [TEXT]


def locked(content: bytes, password: str, algorithm: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(password, owner_password="owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7\nnothing else", b"%PDF-1.4\n" + b"\xff" * 5_000, b"%PDF-1.4\ntrailer << /Root 1 0 R >>\n%%EOF"],
)
def test_a_damaged_pdf_is_named(read: Read, reason: Reason, content: bytes) -> None:
    assert "is damaged" in reason(read("a.pdf", content))


def test_half_of_a_pdf_is_damaged_or_read_in_part_but_harms_nothing(read: Read, make_pdf: Pdf) -> None:
    whole = make_pdf(*[[(10, TEXT)]] * 5)
    for share in range(1, 10):
        reading = read("a.pdf", whole[: len(whole) * share // 10])
        assert reading.document or reading.problems


def test_what_is_no_pdf_is_named(read: Read, reason: Reason) -> None:
    assert reason(read("a.pdf", b"<html>404</html>")) == "is no PDF file"


def test_more_pages_than_the_limit_are_refused(make_pdf: Pdf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.loaders.pdf.MAX_PAGES", 2)
    with pytest.raises(UnreadableError, match="more than 2 pages"):
        read_pdf(make_pdf(*[[(10, TEXT)]] * 3), "a.pdf")


def test_page_trees_that_contain_themselves_end(read: Read, make_pdf: Pdf, reason: Reason) -> None:
    content = make_pdf([(10, TEXT)]).replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]")
    assert reason(read("a.pdf", content))


def test_a_pdf_that_takes_too_long_is_given_up_and_the_next_file_is_read(tmp_path: Path, make_pdf: Pdf) -> None:
    hostile = tmp_path / "hostile.pdf"
    hostile.write_bytes(make_pdf(*[[(10, TEXT)] * 40] * 400))
    good = tmp_path / "good.html"
    good.write_text("<p>Good</p>")
    with Reader(seconds=0.5) as reader:
        reading = reader.read(hostile, "hostile.pdf")
        assert reading.document is None
        assert reading.problems[0].reason.startswith("takes longer than 0.5 seconds")
        assert reader.read(good, "good.html").document


def test_a_pdf_that_needs_too_much_memory_is_given_up(tmp_path: Path, make_pdf: Pdf) -> None:
    import zlib

    bomb = zlib.compress(b"0" * 700_000_000, 9)
    content = make_pdf([(10, TEXT)])
    from_here = content.index(b"6 0 obj")
    content = content[:from_here] + b"6 0 obj\n<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(bomb) + bomb
    path = tmp_path / "bomb.pdf"
    path.write_bytes(content + b"\nendstream\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF")
    with Reader(memory=600_000_000) as reader:
        assert reader.read(path, "bomb.pdf").document is None


def test_the_limits_fit_what_telegram_sends() -> None:
    assert limits.MAX_BINARY_BYTES > 20_000_000
