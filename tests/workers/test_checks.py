import pytest

from support.jobs import CheckName
from workers import checks

SOURCE = (
    "Доставка курьером стоит 300 ₽, от 3 000 ₽ — бесплатно. Срок 3–5 дней, скидка 15 % по коду SALE15. "
    "Подробнее: https://shop.example/delivery, help@shop.example, 8 800 555-35-35. Акция до 15 января."
)


@pytest.fixture
def failed(make_job, make_passage):
    def run(text, source=SOURCE, **fields):
        return [check.name for check in checks.run(make_job(make_passage(source), **fields), text)]

    return run


@pytest.mark.parametrize(
    "text",
    [
        "Доставка стоит 300 рублей [1].",
        "Бесплатно от 3000 ₽ [1].",
        "Привезём за 3-5 дней [1].",
        "Скидка 15% по коду sale15 [1].",
        "Звоните: +7 (800) 555-35-35 [1].",
        "Смотрите shop.example/delivery или пишите help@shop.example [1].",
        "Акция действует до 15.01 [1].",
        "1. Доставка стоит 300 ₽ [1].\n2. Срок — до 5 дней [1].",
    ],
)
def test_what_stands_in_the_cited_passage_passes(failed, text):
    assert failed(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Доставка стоит 350 ₽ [1].", CheckName.NUMBER_UNSUPPORTED),
        ("Бесплатно от 30 000 ₽ [1].", CheckName.NUMBER_UNSUPPORTED),
        ("Привезём за 3–5 часов [1].", CheckName.NUMBER_UNSUPPORTED),
        ("Доставка 300 % [1].", CheckName.NUMBER_UNSUPPORTED),
        ("Привезём за 2–5 дней [1].", CheckName.NUMBER_UNSUPPORTED),
        ("Акция до 16 января [1].", CheckName.NUMBER_UNSUPPORTED),
        ("Акция до 15 февраля [1].", CheckName.NUMBER_UNSUPPORTED),
        ("Смотрите https://evil.example/delivery [1].", CheckName.LINK_UNSUPPORTED),
        ("Пишите на boss@shop.example [1].", CheckName.LINK_UNSUPPORTED),
        ("Звоните 8 800 555-35-36 [1].", CheckName.CODE_UNSUPPORTED),
        ("Код скидки — SALE50 [1].", CheckName.CODE_UNSUPPORTED),
        ("Доставка стоит 300 ₽.", CheckName.CITATION_MISSING),
        ("Доставка стоит 300 ₽ [1][4].", CheckName.CITATION_UNKNOWN),
        ("Delivery by courier is for every customer of ours [1].", CheckName.LANGUAGE_WRONG),
        ("Мы вернём деньги за доставку [1].", CheckName.PROMISE_UNSUPPORTED),
        ("Гарантируем доставку [1].", CheckName.PROMISE_UNSUPPORTED),
    ],
)
def test_what_stands_in_no_cited_passage_fails(failed, text, name):
    assert name in failed(text)


@pytest.mark.parametrize("text", ["NO_ANSWER", " NO_ANSWER.\n", "Извините, NO_ANSWER"])
def test_a_literal_no_answer_is_no_answer(failed, text):
    assert failed(text) == [CheckName.NO_ANSWER]


@pytest.mark.parametrize("text", ["", "  \n", "[1]", "Вот что об этом сказано в базе знаний: [1]"])
def test_an_answer_without_words_is_empty(failed, text):
    assert failed(text) == [CheckName.EMPTY]


def test_only_cited_passages_count(make_job, make_passage):
    job = make_job(make_passage("Доставка стоит 300 ₽."), make_passage("Подъём стоит 500 ₽.", number=2))

    assert checks.run(job, "Подъём стоит 500 ₽ [2].") == ()
    assert [c.detail for c in checks.run(job, "Подъём стоит 500 ₽ [1].")] == ["500"]


def test_a_quotation_in_another_language_is_fine_after_a_note_in_the_customers(failed):
    note = "Эта статья есть только на английском, поэтому привожу её без перевода:"
    source = "Delivery to Kazakhstan takes six days and is paid in advance by card."

    assert failed(f"{note}\n{source} [1]", source=source) == []
    assert failed(f"{source} [1]", source=source) == [CheckName.LANGUAGE_WRONG]


def test_an_english_promise_is_found_too(failed):
    assert failed("You will get a discount [1].", source="Delivery is quick.", language="en") == [
        CheckName.PROMISE_UNSUPPORTED
    ]


def test_the_extractive_engine_never_fails_a_check_on_its_own_quotation(make_job, make_passage):
    from workers.engines.extractive import ExtractiveEngine

    job = make_job(make_passage(SOURCE))

    assert checks.run(job, ExtractiveEngine().generate(job, deadline=4e9).text) == ()
