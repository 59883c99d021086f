import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.styles import Font

from knowledge.documents import Reading

Read = Callable[[str, bytes], Reading]
Lines = Callable[[Reading], list[str]]
Outline = Callable[[Reading], list[tuple[tuple[str, ...], list[str]]]]
Reason = Callable[[Reading], str]


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sheet(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def test_a_row_names_its_headers(read: Read, lines: Lines) -> None:
    content = sheet(["Город", "Цена", "Срок"], ["Омск", 490, "3 дня"], ["Пермь", None, "2 дня"])
    assert lines(read("a.xlsx", content)) == ["Город: Омск; Цена: 490; Срок: 3 дня", "Город: Пермь; Срок: 2 дня"]


def test_a_line_above_the_table_is_the_title(read: Read, lines: Lines) -> None:
    reading = read("a.xlsx", sheet(["Тарифы доставки"], ["Город", "Цена", "Срок"], ["Омск", 490, "3 дня"]))
    assert reading.document
    assert reading.document.title == "Тарифы доставки"
    assert lines(reading) == ["Город: Омск; Цена: 490; Срок: 3 дня"]


def test_a_header_holds_beyond_empty_rows(read: Read, lines: Lines) -> None:
    content = sheet(["Город", "Цена", "Срок"], ["Омск", 490, 3], [], [], ["Пермь", 500, 2])
    assert lines(read("a.xlsx", content)) == ["Город: Омск; Цена: 490; Срок: 3", "Город: Пермь; Цена: 500; Срок: 2"]


def test_a_bold_first_row_is_the_header_of_two_columns(read: Read, lines: Lines) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Тариф", "Цена"])
    book.active.append(["Обычный", "дёшево"])
    for cell in book.active[1]:
        cell.font = Font(bold=True)
    assert lines(read("a.xlsx", saved(book))) == ["Тариф: Обычный; Цена: дёшево"]


def test_numbers_and_days_are_written_as_people_see_them(read: Read, lines: Lines) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Сумма", "Скидка", "День", "Час", "Точно", "Да"])
    book.active.append([12000.0, 0.15, date(2026, 12, 31), datetime.fromisoformat("2026-01-02T09:30"), 0.1 + 0.2, True])
    book.active["A2"].number_format = '#,##0\\ "₽"'
    book.active["B2"].number_format = "0%"
    assert lines(read("a.xlsx", saved(book))) == [
        "Сумма: 12000 ₽; Скидка: 15%; День: 2026-12-31; Час: 2026-01-02 09:30; Точно: 0.3; Да: TRUE"
    ]


def test_sheets_are_headings_and_hidden_ones_are_named(read: Read, outline: Outline) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Москва"
    book.active.append(["Работаем каждый день"])
    other = book.create_sheet("Омск")
    other.append(["Закрыто"])
    book.create_sheet("Закупки").append(["тайна"])
    book["Закупки"].sheet_state = "hidden"
    reading = read("a.xlsx", saved(book))
    assert outline(reading) == [(("Москва",), ["Работаем каждый день"]), (("Омск",), ["Закрыто"])]
    assert [(problem.reason, problem.warning) for problem in reading.problems] == [
        ("the sheet “Закупки” is hidden and is not read", True)
    ]


def test_questions_and_answers_are_pairs_and_broken_rows_are_named(read: Read) -> None:
    content = sheet(["Вопрос", "Ответ", "Действует до"], ["Где?", "Тут.", date(2026, 12, 31)], ["Кто?", None])
    reading = read("a.xlsx", content)
    assert reading.document
    (pair,) = reading.document.sections
    assert (pair.question, pair.blocks[0].text, pair.validity.end) == ("Где?", "Тут.", date(2026, 12, 31))
    assert [(problem.line, problem.reason) for problem in reading.problems] == [(3, "has no answer")]


def test_formulas_without_results_are_named(read: Read) -> None:
    (problem,) = read("a.xlsx", sheet(["Сумма", "Итог", "Год"], ["A", "=1+1", 1])).problems
    assert problem.reason.startswith("holds formulas without results (1)")


def test_a_cell_a_million_rows_down_costs_nothing(read: Read) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "Text"
    book.active.cell(row=1_048_576, column=1).value = "far"
    reading = read("a.xlsx", saved(book))
    assert reading.document
    assert "more than 100,000 rows" in reading.problems[0].reason


def test_a_cell_in_the_last_column_is_named(read: Read, reason: Reason) -> None:
    book = openpyxl.Workbook()
    book.active.cell(row=1, column=16_384).value = "far"
    assert "more than 500 columns" in reason(read("a.xlsx", saved(book)))


def test_a_false_size_of_the_sheet_is_not_believed(read: Read, lines: Lines) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet(["Text"]))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'ref="A1"', b'ref="A1:XFD1048576"'))
    assert lines(read("a.xlsx", out.getvalue())) == ["Text"]


@pytest.mark.parametrize("content", [b"PK\x03\x04 and nothing more", sheet(["a"])[:-100], b"\0" * 100])
def test_a_damaged_workbook_is_named(read: Read, reason: Reason, content: bytes) -> None:
    assert reason(read("a.xlsx", content)).startswith("is damaged, or no Excel file")


def test_damaged_parts_that_only_the_library_notices_are_named(read: Read, reason: Reason) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet(["Text"]))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name != "xl/_rels/workbook.xml.rels":
                new.writestr(name, old.read(name))
    assert reason(read("a.xlsx", out.getvalue())).startswith("is damaged, or no Excel file")


def test_a_password_is_named(read: Read, reason: Reason) -> None:
    content = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1_016) + "EncryptedPackage".encode("utf-16-le")
    assert reason(read("a.xlsx", content)) == "is protected with a password: save it without one"


def test_an_entity_bomb_is_refused(read: Read, reason: Reason) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet(["Text"]))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            bomb = b'<!DOCTYPE a [<!ENTITY a "aaaa">]><a>&a;</a>'
            new.writestr(name, bomb if name.startswith("xl/worksheets/") else old.read(name))
    assert "XML entities" in reason(read("a.xlsx", out.getvalue()))


def test_an_empty_workbook_holds_no_text(read: Read, reason: Reason) -> None:
    assert reason(read("a.xlsx", saved(openpyxl.Workbook()))) == "holds no text"
