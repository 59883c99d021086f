import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.orders.fields import COLUMNS, FieldError, order_from, value_at
from support.orders.http import address_of
from support.orders.masks import email, masked, name, phone
from support.orders.models import Order
from support.orders.numbers import foreign_spellings, normalize, same_number

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b.c", "status"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*COLUMNS, "a"]), JSON), st.sampled_from(["status", "a.b", "a.b.c", "a.status"]))
def test_whatever_a_service_answers_is_an_order_or_an_error_in_words(record, path):
    try:
        order = order_from(record, {"items": path}, "KD-1")
    except FieldError:
        return
    assert normalize(order.number) == order.number
    assert order.status
    assert order.phone or order.email


@given(st.text(max_size=40))
def test_no_number_leads_to_another_host_or_path(text):
    for number in foreign_spellings(text):
        url = httpx.URL(address_of("https://shop.example/api/{number}/state?full=1", number))
        assert url.host == "shop.example"
        assert url.path.startswith("/api/")
        assert url.path.endswith("/state")
        assert url.query == b"full=1"
        assert same_number(number, text) or not any(character.isdecimal() for character in number)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b", 1),
        ("a.b.c", None),
        ("x.y", "whole name first"),
        ("lines.title", ["Лампа", "Шнур"]),
        ("lines.none", None),
        ("none.b", None),
    ],
)
def test_a_dotted_place_goes_into_objects_and_lists(path, value):
    record = {"a": {"b": 1}, "x.y": "whole name first", "lines": [{"title": "Лампа"}, {"title": "Шнур"}, {}]}

    assert value_at(record, path) == value


def test_masked_fields_can_be_recognised_and_not_read():
    assert (phone("+7 916 123-45-67"), phone("12345"), phone("")) == ("+7 *** ***-45-67", "***", "")
    assert (email("anna@mail.ru"), email("no address"), email("")) == ("a***@mail.ru", "***", "")
    assert name("Анна  Петрова") == "А*** П***"
    order = Order(number="KD-1", status="shipped", phone="+79161234567", email="anna@mail.ru", customer_name="Анна")
    assert "1234567" not in str(masked(order))
