from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluation.masking import read, score
from support.masking import found, is_masked, mask


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Мой телефон +7 (916) 123-45-67", "Мой телефон +7 *** ***-45-67"),
        ("звоните 89161234567 вечером", "звоните +7 *** ***-45-67 вечером"),
        ("call +44 20 7946 0958", "call +44 *** ***-09-58"),
        ("пишите на anna.petrova@mail.ru", "пишите на a***@mail.ru"),
        ("карта 4276 3800 1234 5677", "карта •••• 5677"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN DE •••• 3000"),
        ("паспорт 4508 123456", "паспорт •••• 56"),
        ("на ул. Ленина, д. 5, кв. 17", "на ул. Л***, ***"),
        ("at 12 Baker Street", "at *** B*** Street"),
        ("Меня зовут Светлана Ковальчук", "Меня зовут С*** К***"),
        ("My name is john smith", "My name is j*** s***"),
        ("забрала Марина Сергеевна", "забрала М*** С***"),
        ("Получатель: Иванов И.И.", "Получатель: И*** И*** И***"),
    ],
)
def test_what_is_personal_stays_recognisable_and_no_more(text, shown):
    assert mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Где заказ KD-10412 на 12 490,50 ₽ от 12.11.2026?",
        "Заказ № 1000456, трек 80089474612345",
        "Купила в Мария-Ра диван Анна за 45000 рублей",
        "Ваш пункт выдачи на улице Ленина, 12 открыт?",
        "Доставляете до метро Пушкинская и в Нижний Новгород?",
        "Do you sell Calvin Klein in Paris in May?",
        "Отправлю 2026-11-26 в 18:30, это 3–5 дней",
        "https://shop.example/returns?id=12345",
        "Оплата по счёту 40702810900000012345",
    ],
)
def test_orders_sums_dates_places_and_products_stay(text):
    assert mask(text) == text
    assert not is_masked(text)


def test_what_stands_in_the_companys_own_texts_stays():
    passage = "Звоните 8 800 555-35-35, спросите Ольгу Викторовну."
    draft = "Позвоните 8 800 555-35-35 и спросите Ольгу Викторовну. Ваш номер +7 916 123-45-67 записан."
    assert mask(draft, known=[passage]) == draft.replace("+7 916 123-45-67", "+7 *** ***-45-67")


def test_who_must_read_a_contact_out_of_a_message_is_shown_it():
    text = "я Анна Петрова, 8 916 123 45 67, a@b.ru"
    assert mask(text, contacts=False) == "я А*** П***, 8 916 123 45 67, a@b.ru"


PIECES = st.sampled_from(
    [
        "Анна Петрова",
        "+7 916 123-45-67",
        "a.b@mail.ru",
        "4276 3800 1234 5677",
        "ул. Ленина, 5",
        "KD-10412",
        "John Smith",
        "заказ",
        "№ 12345",
        "***",
        "меня зовут",
        "«",
        "\n",
        "д. 5, кв. 7",
    ]
)


LABELS = st.sampled_from(
    [
        *("Recipient:", "Addressee:", "Cardholder is", "My name is", "Regards,", "Mr", "I am", "Phone:", "Card:"),
        *("Passport:", "Postcode:", "Получатель:", "Отправитель", "Клиент:", "Меня зовут", "ФИО:", "С уважением,"),
        *("Контактное лицо:", "Телефон:", "Карта", "Паспорт:", "Адрес:", "Домофон:", "для", "я", "моя жена"),
    ]
)
VALUES = st.sampled_from(
    [
        *("john smith", "J. Smith", "Emma", "Anna-Maria Lopez", "J*** S***", "12 Main Street", "SW1A 1AA"),
        *("анна петрова", "Петров И. С.", "Артём", "А*** П***", "A", "4510 123456", "anna собака mail точка ru"),
    ]
)
LINES = st.lists(
    st.tuples(LABELS, st.lists(PIECES | VALUES | st.text(max_size=6), min_size=1, max_size=3).map(" ".join)), max_size=3
).map(lambda lines: "\n".join(" ".join(line) for line in lines))


@given(LINES | st.lists(PIECES | st.text(max_size=12), max_size=12).map(" ".join))
@example("Recipient: John Smith")
@example("Получатель: John Smith")
def test_masking_twice_is_masking_once(text):
    assert mask(mask(text)) == mask(text)


def test_what_was_masked_after_a_label_keeps_its_form():
    assert mask("Recipient: John Smith") == "Recipient: J*** S***"


@given(st.text(max_size=300))
def test_no_text_breaks_it_and_pieces_never_overlap(text):
    spans = found(text)
    assert all(0 <= one.start < one.end <= len(text) for one in spans)
    assert all(before.end <= after.start for before, after in pairwise(spans))


@pytest.mark.parametrize(("language", "recall", "precision"), [("ru", 0.95, 0.95), ("en", 0.85, 0.95)])
def test_the_measured_sentences_are_masked_as_well_as_the_benchmark_says(language, recall, precision):
    total = score(read(language), found)
    assert total.recall >= recall
    assert total.precision >= precision
