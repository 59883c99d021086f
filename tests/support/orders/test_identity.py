import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support.orders.identity import Evidence, extract_evidence, normalize_phone, proves
from support.orders.models import Order

ORDER = Order(number="KD-1", status="shipped", phone="+7 (916) 123-45-67", email="Anna@Example.org")
PHONES = st.from_regex(r"\+[1-9][0-9]{9,14}", fullmatch=True)


@pytest.mark.parametrize(
    "text",
    [
        "+79161234567",
        "8 916 123 45 67",
        "9161234567",
        "мой телефон 8(916)123-45-67, жду",
        "007 916 123 45 67",
        "anna@example.org",
        "Почта: ANNA@example.org.",
    ],
)
def test_the_orders_own_phone_or_email_proves_it_however_it_is_typed(text):
    evidence = extract_evidence(text)

    assert evidence is not None
    assert proves(ORDER, evidence)


@pytest.mark.parametrize("text", ["+79161234568", "1234567", "161234567", "nna@example.org", "anna@example.or"])
def test_anything_else_proves_nothing(text):
    evidence = extract_evidence(text)

    assert evidence is None or not proves(ORDER, evidence)


@pytest.mark.parametrize("text", ["", "KD-10427", "заказ 10427", "у меня нет телефона", "1234"])
def test_a_message_without_phone_and_email_holds_no_evidence(text):
    assert extract_evidence(text) is None


def test_a_message_with_many_phones_is_one_try():
    evidence = extract_evidence("+79160000001, +79160000002, +79161234567")

    assert evidence == Evidence(phone="79160000001")


def test_a_foreign_number_typed_with_its_trunk_prefix_is_the_same():
    order = Order(number="1", status="shipped", phone="+44 20 7946 0958")

    assert proves(order, Evidence(phone=normalize_phone("020 7946 0958")))


def test_a_shared_contact_proves_with_and_without_a_plus():
    assert proves(ORDER, Evidence.from_contact("79161234567"))
    assert proves(ORDER, Evidence.from_contact("+79161234567"))


def test_a_chinese_contact_is_not_read_as_a_russian_number():
    order = Order(number="1", status="shipped", phone="+7 613 800 13 80")

    assert not proves(order, Evidence.from_contact("86138001380"))


def test_an_order_without_contacts_is_proved_by_nothing():
    assert not proves(Order(number="1", status="shipped"), Evidence())
    assert not proves(None, Evidence(phone="79161234567"))


@given(PHONES, PHONES)
def test_a_strangers_phone_never_proves(own, other):
    assume(own[-10:] != other[-10:])
    order = Order(number="1", status="shipped", phone=own)

    assert not proves(order, Evidence.from_contact(other))
    evidence = extract_evidence(other)
    assert evidence is None or not proves(order, evidence)


@given(st.emails(), st.emails())
def test_a_strangers_email_never_proves(own, other):
    assume(own.casefold() != other.casefold())
    evidence = extract_evidence(other)

    assert (
        evidence is None
        or evidence.email == own.casefold()
        or not proves(Order(number="1", status="", email=own), evidence)
    )


@given(PHONES)
def test_the_own_phone_always_proves(phone):
    assert proves(Order(number="1", status="", phone=phone), Evidence.from_contact(phone))


@given(st.text(max_size=200))
def test_any_text_is_searched_for_evidence_without_an_error(text):
    extract_evidence(text)
