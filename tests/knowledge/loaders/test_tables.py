from collections.abc import Callable
from contextlib import suppress
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Reading
from knowledge.loaders.csv_file import read_csv
from knowledge.loaders.kinds import kind_of
from knowledge.loaders.unreadable import UnreadableError

Read = Callable[[str, bytes], Reading]
Lines = Callable[[Reading], list[str]]
Reason = Callable[[Reading], str]


def pairs(reading: Reading) -> list[tuple[str | None, str]]:
    assert reading.document
    return [(section.question, section.blocks[0].text) for section in reading.document.sections]


def test_semicolons_tabs_and_russian_column_names_are_understood(read: Read) -> None:
    assert pairs(read("a.csv", "Вопрос;Ответ\nГде?;Тут, рядом\n".encode())) == [("Где?", "Тут, рядом")]
    assert pairs(read("a.tsv", "№\tОтвет\tВопрос\n1\tТут\tГде?\n".encode("cp1251"))) == [("Где?", "Тут")]


def test_a_table_without_questions_becomes_lines_that_name_its_headers(read: Read, lines: Lines) -> None:
    content = "Город,Цена\nОмск,490\nПермь,\n,,лишнее\n".encode()
    assert lines(read("a.csv", content)) == ["Город: Омск; Цена: 490", "Город: Пермь", "лишнее"]


def test_questions_without_a_header_say_what_is_missing(read: Read, reason: Reason) -> None:
    assert reason(read("a.csv", b"Where?,Here\n")) == "the first line must name the columns question and answer"


def test_pairs_may_have_days_of_their_own_and_unreadable_ones_are_named(read: Read) -> None:
    content = "question,answer,valid_from,Действует до\nA?,yes,2026-01-01,31.12.2026\nB?,no,soon,\nC?,no,,\n".encode()
    reading = read("a.csv", content)
    assert [question for question, _ in pairs(reading)] == ["A?", "C?"]
    assert reading.document
    validity = reading.document.sections[0].validity
    assert (validity.start, validity.end) == (date(2026, 1, 1), date(2026, 12, 31))
    (problem,) = reading.problems
    assert (problem.line, problem.reason) == (3, "the date “soon” is not understood: write it like 2026-12-31")


def test_a_broken_row_is_named_by_its_line(read: Read) -> None:
    reading = read("a.csv", b'question,answer\nA?,"two\nlines"\n,orphan\nB?,"never closed\n')
    assert pairs(reading) == [("A?", "two\nlines")]
    assert [(problem.line, problem.reason.split(":")[0]) for problem in reading.problems] == [
        (4, "has no question"),
        (5, "is not valid CSV from here on"),
    ]


def test_a_question_of_a_page_is_refused(read: Read) -> None:
    (problem,) = read("a.csv", b"question,answer\n" + b"why " * 100 + b",because\n").problems
    assert problem.reason.startswith("has a question longer than 300 letters")


def test_json_is_a_list_a_list_under_a_key_or_questions_with_answers(read: Read) -> None:
    for content in (
        '[{"question": "Где?", "answer": "Тут"}]',
        '{"version": 1, "faq": [{"Вопрос": "Где?", "Ответ": "Тут"}]}',
        '{"Где?": "Тут"}',
    ):
        assert pairs(read("a.json", content.encode())) == [("Где?", "Тут")]
        assert pairs(read("a.json", content.encode("utf-16"))) == [("Где?", "Тут")]


def test_entries_that_are_no_pairs_are_named(read: Read) -> None:
    reading = read("a.json", b'[{"question": "A?", "answer": "yes"}, 5, {"question": "B?"}]')
    assert [problem.reason for problem in reading.problems] == [
        "entry 2 is not a JSON object with question and answer",
        "entry 3 has no answer",
    ]
    lines = read("a.jsonl", b'{"question": "A?", "answer": "yes"}\n5\n{broken\n')
    assert [(problem.line, problem.reason) for problem in lines.problems] == [
        (2, "is not a JSON object with question and answer"),
        (3, "is not valid JSON"),
    ]


def test_json_that_is_broken_or_deep_is_named(read: Read, reason: Reason) -> None:
    broken = read("a.json", b'[{"question": "A?",\n"answer" "yes"}]')
    assert (broken.problems[0].line, reason(broken)) == (2, "is not valid JSON from here on")
    assert reason(read("a.json", b"[" * 100_000 + b"]" * 100_000)) == "is nested too deeply"
    assert reason(read("a.json", b"7")) == "holds no list of objects with question and answer"
    deep = b'{"question": "A?", "answer": "yes"}\n' + b"[" * 100_000 + b"\n"
    assert [(p.line, p.reason) for p in read("a.jsonl", deep).problems] == [(2, "is nested too deeply")]


def test_halves_of_letters_and_controls_in_json_never_reach_a_release(read: Read) -> None:
    ((question, answer),) = pairs(read("a.json", rb'[{"question": "A\ud800?", "answer": "y\u0000es \ud83d\ude00"}]'))
    assert (question, answer) == ("A ?", "y es 😀")


@given(st.text(), st.sampled_from(["a.csv", "a.tsv", "a.json", "a.jsonl"]))
def test_no_text_breaks_the_readers(text: str, name: str) -> None:
    for content in (text, "question,answer\n" + text, f'["{text}"]'):
        with suppress(UnreadableError):
            reading = kind_of(name).load()(content.encode("utf-8", "replace"), name)
            assert reading.document or reading.problems or not any(letter.isalnum() for letter in text)


CELL = st.text("абвгдabcde 123", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8))
def test_no_word_of_a_table_is_lost(rows: list[list[str]]) -> None:
    document = read_csv("\n".join(",".join(row) for row in rows).encode(), "a.csv").document
    assert document
    said = " ".join(block.text for block in document.sections[0].blocks).replace(":", " ").replace(";", " ").split()
    assert {word for row in rows for cell in row for word in cell.split()} <= set(said)
