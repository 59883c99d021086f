import pytest

from workers.engines.extractive import ExtractiveEngine
from workers.engines.quotation import MAX_CHARACTERS, MAX_LINES

DEADLINE = 4e9


@pytest.fixture
def answer(make_job):
    def generate(*passages, **fields):
        return ExtractiveEngine().generate(make_job(*passages, **fields), deadline=DEADLINE)

    return generate


def test_the_first_sentence_answers_and_the_answer_says_that_it_quotes(answer, make_passage):
    text = (
        "Доставка курьером по Москве стоит 300 ₽, а от 3 000 ₽ — бесплатно. Курьер звонит за час. "
        "Подъём на этаж крупной техники считается отдельно. Паспорт не нужен."
    )

    found = answer(make_passage(text), question="Сколько стоит доставка курьером?")

    assert found.text.startswith("Вот что об этом сказано в базе знаний:\n\n")
    assert "Доставка курьером по Москве стоит 300 ₽, а от 3 000 ₽ — бесплатно." in found.text
    assert found.text.endswith("[1]")
    assert "Паспорт" not in found.text
    assert found.citations == (1,)


def test_a_later_sentence_that_answers_is_found(answer, make_passage):
    text = (
        "Мы принимаем возврат в течение 14 дней. Сохраните чек и упаковку. "
        "Деньги за возвращённый товар приходят на карту через 3–10 дней."
    )

    found = answer(make_passage(text, heading="Возврат"), question="Когда придут деньги на карту после возврата?")

    assert "Деньги за возвращённый товар приходят на карту через 3–10 дней." in found.text


def test_a_sentence_that_leans_on_the_one_before_it_brings_it_along(answer, make_passage):
    text = "Гарантия на ноутбуки — два года. Экран гарантией покрыт. Она не распространяется на трещины корпуса."

    found = answer(make_passage(text, heading="Гарантия"), question="А если трещины на корпусе?")

    assert "Экран гарантией покрыт. Она не распространяется на трещины корпуса." in found.text


def test_a_list_is_quoted_with_the_line_that_introduces_it(answer, make_passage):
    text = "Заказать можно в любое время.\nСпособы оплаты:\n- картой на сайте\n- наличными курьеру\n- по счёту"

    found = answer(make_passage(text, heading="Оплата"), question="Какие есть способы оплаты?")

    assert "Способы оплаты:\n- картой на сайте\n- наличными курьеру\n- по счёту [1]" in found.text


def test_table_rows_stay_lines_and_only_the_row_asked_for_is_quoted(answer, make_passage):
    text = (
        "Город: Москва; срок: 1 день; цена: 300 ₽\nГород: Казань; срок: 4 дня; цена: 500 ₽\n"
        "Город: Омск; срок: 6 дней; цена: 700 ₽"
    )

    found = answer(make_passage(text), question="За сколько привезёте в Казань?")

    assert "Казань; срок: 4 дня" in found.text
    assert "Омск" not in found.text


def test_a_question_answer_pair_gives_its_answer(answer, make_passage):
    pair = make_passage("Да, до момента отправки.", heading="Вопросы", question="Можно ли изменить адрес доставки?")

    found = answer(pair, question="Хочу поменять адрес доставки")

    assert found.text.endswith("Да, до момента отправки. [1]")


def test_two_questions_give_two_short_paragraphs_each_with_its_source(answer, make_passage):
    delivery = make_passage("Доставка стоит 300 ₽.", part=0)
    returns = make_passage("Вернуть товар можно за 14 дней.", number=2, heading="Возврат", part=1)

    found = answer(
        delivery,
        returns,
        question="Сколько стоит доставка? И как вернуть товар?",
        parts=("Сколько стоит доставка?", "как вернуть товар?"),
        answerable=(0.9, 0.9),
    )

    assert found.text.split("\n\n")[1:] == ["Доставка стоит 300 ₽. [1]", "Вернуть товар можно за 14 дней. [2]"]
    assert found.citations == (1, 2)


def test_two_questions_with_one_answer_get_it_once(answer, make_passage):
    found = answer(
        make_passage("Доставка стоит 300 ₽ и занимает день."),
        parts=("Сколько стоит доставка?", "сколько занимает доставка?"),
        answerable=(0.9, 0.9),
    )

    assert found.text.count("300 ₽") == 1


def test_a_section_is_never_dumped(answer, make_passage):
    sentence = "Доставка стоит разных денег в разных городах и зависит от веса, размера и срочности заказа"
    long = " ".join(f"{sentence} номер {n}." for n in range(30))

    found = answer(make_passage(long))

    assert len(found.text) < MAX_CHARACTERS + 100


def test_one_endless_sentence_is_cut_at_a_word(answer, make_passage):
    found = answer(make_passage("доставка " * 300))

    assert found.text.endswith("доставка… [1]")
    assert len(found.text) < MAX_CHARACTERS + 100


def test_a_page_in_another_language_is_quoted_with_a_note(answer, make_passage):
    found = answer(make_passage("Delivery to Kazakhstan takes six days.", heading="Delivery"), question="Казахстан?")

    assert "только на английском" in found.text
    assert "Delivery to Kazakhstan takes six days. [1]" in found.text


def test_an_english_customer_reads_english_around_the_quotation(answer, make_passage):
    found = answer(
        make_passage("Courier delivery costs $5. It is free from $50.", heading="Delivery"),
        question="How much is delivery?",
        language="en",
    )

    assert found.text.startswith("Here is what our help pages say:")


def test_markdown_signs_are_not_shown(answer, make_passage):
    found = answer(make_passage("Доставка **бесплатна**, см. [условия](https://shop.example/d)."))

    assert "Доставка бесплатна, см. условия (https://shop.example/d)." in found.text


def test_without_passages_there_is_no_answer(answer):
    assert answer().text == "NO_ANSWER"


def test_a_better_matching_passage_of_the_first_article_is_quoted(answer, make_passage):
    first = make_passage("Оплата курьеру картой доступна всем.", heading="Доставка › Оплата", blend=0.8)
    second = make_passage("Доставка в Сочи стоит 400 ₽.", number=2, heading="Доставка › Сочи", blend=0.75)

    found = answer(first, second, question="Сколько стоит доставка в Сочи?")

    assert found.citations == (2,)


def test_matching_words_do_not_outvote_the_search_on_the_article(answer, make_passage):
    first = make_passage("Компании платят по счёту.", source="ru/companies.md", heading="Компаниям", blend=0.8)
    second = make_passage("Подарки и безнал.", number=2, source="ru/gifts.md", heading="Безнал", blend=0.75)

    assert answer(first, second, question="А безнал есть?").citations == (1,)


def test_a_price_is_quoted_where_a_price_is_asked_for(answer, make_passage):
    text = "Доставка курьером возможна в любой день. Доставка курьером стоит 390 ₽."

    assert "390 ₽" in answer(make_passage(text), question="Сколько стоит доставка курьером?").text


def test_an_article_that_tells_no_price_gives_way_to_one_that_does(answer, make_passage):
    near = make_passage("Курьер приезжает до 21 часа.", heading="Доставка курьером", source="a.md", blend=0.9)
    told = make_passage("Доставка по Москве стоит 300 ₽.", number=2, heading="Цены", source="b.md", blend=0.5)

    assert answer(near, told, question="Сколько стоит доставка курьером?").citations == (2,)
    assert answer(near, told, question="Есть ли доставка курьером?").citations == (1,)


def test_the_articles_first_sentence_beats_a_special_case_that_search_ranks_higher(answer, make_passage):
    case = make_passage("Delivery to remote areas takes 20 days.", heading="Delivery › Remote areas", blend=0.87)
    lead = make_passage("Delivery takes from 1 to 14 days.", number=2, heading="Delivery", blend=0.81)

    found = answer(case, lead, question="How long does delivery take?", language="en")

    assert found.citations == (2,)


def test_a_table_is_quoted_with_the_sentence_that_announces_it(answer, make_passage):
    text = (
        "Гарантийный срок зависит от вида товара.\nТовар: Обувь; Гарантия: 6 месяцев\n"
        "Товар: Палатки; Гарантия: 2 года\nТовар: Фонари; Гарантия: 1 год"
    )

    found = answer(make_passage(text, heading="Гарантия"), question="От чего зависит гарантийный срок?")

    assert "зависит от вида товара.\nТовар: Обувь; Гарантия: 6 месяцев" in found.text
    assert "Фонари; Гарантия: 1 год [1]" in found.text


def test_the_row_that_names_what_the_sentence_leaves_open_is_added(answer, make_passage):
    text = (
        "Delivery to pick-up points abroad is free from 15,000 ₽.\nCountry: Belarus; Price: 690 ₽; Time: 5 days\n"
        "Country: Armenia; Price: 890 ₽; Time: 7 days"
    )

    found = answer(make_passage(text, heading="Abroad"), question="How much is delivery to Armenia?", language="en")

    assert "Armenia; Price: 890 ₽" in found.text
    assert "Belarus" not in found.text


def test_a_long_table_is_never_quoted_whole(answer, make_passage):
    rows = "\n".join(f"Товар: номер {n}; Гарантия: {n} лет" for n in range(1, 20))

    found = answer(make_passage(f"Срок зависит от товара.\n{rows}", heading="Гарантия"), question="Какая гарантия?")

    assert found.text.count("Товар:") <= MAX_LINES


def test_pairs_of_one_file_do_not_vouch_for_each_other(answer, make_passage):
    pairs = [
        make_passage(f"Спальник {n} с молнией.", number=n, source="ru/faq.csv", question="Какая молния?", blend=0.9)
        for n in (1, 2)
    ]
    article = make_passage("Спальник хранят без чехла.", number=3, source="ru/down.md", heading="Уход", blend=0.88)

    assert answer(*pairs, article, question="Как хранить спальник?").citations == (3,)
