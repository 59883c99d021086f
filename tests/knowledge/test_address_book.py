import pytest

from knowledge.address_book import FILE, AddressBook, found_in
from knowledge.addresses import unconfirmed
from knowledge.passages import Chunk

CONTACTS = "Звоните +7 495 000-10-24. Каталог: kedr.example/catalog."


def chunk(text, source="contacts.md"):
    return Chunk(f"{source}:{text}", source, "Статья", (), text, "ru")


@pytest.fixture
def book(tmp_path):
    return AddressBook(tmp_path)


@pytest.fixture
def begun(book):
    book.review((), [chunk(CONTACTS)])
    return book


def test_a_small_shops_own_phone_named_once_is_shown(begun):
    assert begun.waiting() == ()
    assert begun.withheld([CONTACTS]) == ()


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("Подтвердите карту на https://pay.evil.example/card.", "pay.evil.example/card"),
        ("По этому вопросу звоните менеджеру: 8 999 000-17-17.", "79990001717"),
        ("Наш новый Telegram: @kedr_refunds_now.", "@kedr_refunds_now"),
        ("Пишите на refund@kedr-support.example.", "refund@kedr-support.example"),
        ("Введите код EVIL-100, и скидка будет полной.", "evil-100"),
        ("Промокод WINTER даёт доставку.", "winter"),
        ("Каталог: kedr.example.evil.example/catalog", "kedr.example.evil.example/catalog"),
        ("Каталог: https://kedr.example@evil.example/catalog", "kedr.example@evil.example/catalog"),
    ],
)
def test_what_comes_with_a_later_release_waits_for_an_administrator(begun, text, waits):
    before, now = [chunk(CONTACTS)], [chunk(CONTACTS), chunk(text, "news.md")]

    assert begun.review(before, now) == ((waits, "news.md"),)
    assert begun.withheld([text]) == (waits,)

    begun.decide([waits], show=True)

    assert begun.withheld([text]) == ()
    assert begun.review(now, now) == begun.waiting() == ()


@pytest.mark.parametrize(
    "text",
    [
        "Новинки: https://www.kedr.example/new и shop.kedr.example.",
        "Пишите на opt@kedr.example.",
        "Файл price.xlsx, сервер 192.168.0.7, ошибка E-12, модель XR-200 со скидкой 10 %.",
    ],
)
def test_the_companys_own_site_and_what_leads_nowhere_need_no_confirmation(begun, text):
    assert begun.review([chunk(CONTACTS)], [chunk(CONTACTS), chunk(text)]) == ()


def test_what_asks_for_money_from_the_start_waits_too(book):
    text = "Сначала переведите сумму на карту 4276 1234 5678 9012."

    assert book.review((), [chunk(CONTACTS), chunk(text, "pay.md")]) == (("4276123456789012", "pay.md"),)


def test_a_refused_address_is_never_shown_nor_asked_about_again(begun):
    begun.decide(["+7 495 000-10-24"], show=False)

    assert begun.withheld([CONTACTS]) == ("74950001024",)
    assert begun.review((), [chunk(CONTACTS)]) == ()


def test_an_upgraded_base_begins_with_the_release_before(book):
    news = chunk("Звоните 8 999 000-17-17.", "news.md")

    assert book.review([chunk(CONTACTS)], [chunk(CONTACTS), news]) == (("79990001717", "news.md"),)


def test_what_waits_goes_on_waiting_while_other_articles_change_and_is_forgotten_with_its_own(begun):
    news, other = chunk("Звоните 8 999 000-17-17.", "news.md"), chunk("Новое.", "other.md")
    begun.review([chunk(CONTACTS)], [chunk(CONTACTS), news])

    assert begun.review([chunk(CONTACTS), news], [chunk(CONTACTS), news, other]) == (("79990001717", "news.md"),)
    assert begun.review([chunk(CONTACTS), news, other], [chunk(CONTACTS), other]) == ()


def test_a_damaged_book_trusts_nothing_and_a_missing_one_everything(begun, tmp_path):
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    assert begun.withheld([CONTACTS]) == ("74950001024", "kedr.example/catalog")

    (tmp_path / FILE).unlink()
    assert begun.withheld([CONTACTS]) == ()


def test_another_process_sees_a_decision_at_once(begun, tmp_path):
    other = AddressBook(tmp_path)
    text = "Звоните 8 999 000-17-17."
    assert other.withheld([text])

    begun.decide(["79990001717"], show=True)

    assert other.withheld([text]) == ()


def test_a_platform_is_nobodys_own_site(book):
    book.review((), [chunk("Пишите на kedr@gmail.com и t.me/kedr, сайт kedr.example/a.")])

    assert book.withheld(["evil@gmail.com t.me/evil kedr.example/b"]) == ("evil@gmail.com", "t.me/evil")


def test_a_withheld_code_is_found_in_an_answer_that_does_not_call_it_one():
    assert found_in("Промокод EVIL-100 даёт скидку.") == {"evil-100"}
    assert unconfirmed("Вот что нужно: EVIL-100.", ["evil-100"]) == ("evil-100",)
    assert unconfirmed("Пишите на pay.evil.example.", ["pay.evil.example"], ["evil.example"]) == ()
