from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.orders.fields import COLUMNS
from support.orders.importing import ImportCounts, OrdersFileError, Problem, import_orders, read_orders
from support.orders.models import Order
from support.orders.sql import SqlOrders

HEADER = ",".join(COLUMNS)
ROW = "KD-10427,shipped,Анна Смирнова,+7 916 123-45-67,anna@example.org,2026-11-01,25.11.2026,СДЭК,123,Чайник,4990 ₽"
ORDER = Order(
    number="KD-10427",
    status="shipped",
    customer_name="Анна Смирнова",
    phone="+7 916 123-45-67",
    email="anna@example.org",
    created_at=date(2026, 11, 1),
    eta=date(2026, 11, 25),
    carrier="СДЭК",
    tracking="123",
    items="Чайник",
    total="4990 ₽",
)


@pytest.fixture
def write(tmp_path):
    def write_(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "orders.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write_


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_row_becomes_an_order_in_any_encoding(write, encoding):
    found = read_orders(write(f"{HEADER}\n{ROW}\n", encoding))

    assert (found.orders, found.problems) == ((ORDER,), ())


def test_a_windows_spreadsheets_export_is_read(write):
    text = f"{HEADER}\r\n{ROW}\r\n".replace(",", ";").replace(" ₽", " руб")

    found = read_orders(write(text, "cp1251"))

    assert [order.customer_name for order in found.orders] == ["Анна Смирнова"]


def test_tabs_separate_too(write):
    assert read_orders(write(f"{HEADER}\n{ROW}".replace(",", "\t"))).orders == (ORDER,)


def test_headers_are_mapped(write):
    path = write("Номер;Состояние;Тел\nкд 10427;Ready for pickup;89161234567\n")

    found = read_orders(path, {"order_number": "номер", "status": "Состояние", "phone": "Тел"})

    assert found.orders == (Order(number="KD-10427", status="ready_for_pickup", phone="89161234567"),)


def test_an_unknown_status_stays_as_it_stands(write):
    found = read_orders(write("order_number,status,phone\n1,На сборке,89161234567\n"))

    assert found.orders[0].status == "На сборке"


def test_bad_rows_are_reported_by_line_and_skipped(write):
    rows = [
        "order_number,status,phone,eta",
        "KD-1,shipped,89161234567,2026-11-25",
        ",shipped,89161234567,",
        "KD-2,shipped,89161234567,завтра",
        "kd 1,delivered,89161234567,",
        "KD-3,,89161234567,",
        "",
        "KD-4,shipped,12345,31.12.2026",
    ]

    found = read_orders(write("\n".join(rows)))

    assert [order.number for order in found.orders] == ["KD-1", "KD-4"]
    assert [(problem.line, problem.skipped) for problem in found.problems] == [
        (3, True),
        (4, True),
        (5, True),
        (6, True),
        (8, False),
    ]
    assert found.problems[1] == Problem(4, "eta is no date like 2026-11-21 or 21.11.2026")


def test_a_problem_never_quotes_the_row(write):
    found = read_orders(write("order_number,status,phone,eta\nKD-7,secret,89161234567,нет\n"))

    assert "secret" not in found.problems[0].reason


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("status,phone\nshipped,1\n", "the column order_number is missing"),
        ("order_number,status\n1,shipped\n", "phone or email is missing"),
    ],
)
def test_a_file_without_its_columns_is_refused_with_a_sentence(write, text, sentence):
    with pytest.raises(OrdersFileError, match=sentence):
        read_orders(write(text))


def test_a_mapped_header_that_is_not_there_is_named(write):
    with pytest.raises(OrdersFileError, match="Телефон"):
        read_orders(write(f"{HEADER}\n{ROW}"), {"phone": "Телефон"})


def test_a_file_that_does_not_exist_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(OrdersFileError, match=r"nothing\.csv: cannot be read"):
        read_orders(tmp_path / "nothing.csv")


def test_a_spreadsheet_workbook_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "orders.xlsx"
    path.write_bytes(b"PK\x03\x04\x14\x00\x00\x00")

    with pytest.raises(OrdersFileError, match="no text file"):
        read_orders(path)


def test_formulas_and_invisible_characters_are_made_harmless(write):
    rows = (
        "order_number,status,phone,items,carrier\n"
        + '"=""10427""",@SUM(1),+79161234567,"=cmd|\' /C calc\'!A0","a\u202eb\x07"\n'
    )

    found = read_orders(write(rows))

    order = found.orders[0]
    assert (order.number, order.status, order.phone) == ("10427", "SUM(1)", "+79161234567")
    assert order.items.startswith("cmd")
    assert order.carrier == "a b"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.one_of(st.binary(max_size=400), st.binary(max_size=300).map(lambda raw: b"order_number,status,phone\n" + raw))
)
def test_no_garbage_crashes_the_reading(tmp_path, raw):
    path = tmp_path / "garbage.csv"
    path.write_bytes(raw)

    try:
        found = read_orders(path)
    except OrdersFileError:
        return
    assert all(order.number and order.status for order in found.orders)


async def test_a_second_import_adds_changes_and_leaves(database):
    other = Order(number="KD-2", status="processing", phone="89160000000")
    async with database.writing() as session:
        first = await import_orders(session, [ORDER, other])
        moved = Order(number="KD-2", status="shipped", phone="89160000000")
        second = await import_orders(session, [ORDER, moved, Order(number="KD-3", status="processing")])
        third = await import_orders(session, [ORDER, moved])

    assert first == ImportCounts(added=2, changed=0, unchanged=0)
    assert second == ImportCounts(added=1, changed=1, unchanged=1)
    assert third == ImportCounts(added=0, changed=0, unchanged=2)
    assert await SqlOrders(database.reading).find("KD-2") == moved


async def test_an_import_larger_than_a_batch_is_complete(database):
    orders = [Order(number=f"N-{number}", status="processing") for number in range(1201)]
    async with database.writing() as session:
        counts = await import_orders(session, orders)

    assert counts.added == 1201
