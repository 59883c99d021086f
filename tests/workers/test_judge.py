import pytest

from support.jobs import Doubt, DoubtName
from workers.doubts import of_sentence
from workers.engines.extractive import ExtractiveEngine
from workers.judge import judge, score

QUESTION = "Сколько стоит доставка курьером?"
SOURCE = "Доставка курьером по Москве стоит 300 ₽. Курьер приезжает с 9 до 21 часа."
FEATURES = ["answerable", "covered", "grounded", "grounded_min", "backed", "named", "figure", "standing"]


@pytest.fixture
def judged(make_job, make_passage):
    def run(text, answerable=(0.9,), **fields):
        job = make_job(make_passage(SOURCE), question=QUESTION, answerable=answerable, **fields)
        return judge(job, text, (1,))

    return run


def test_a_grounded_answer_to_an_answerable_question_passes_the_default_threshold(judged):
    assert judged("Доставка курьером по Москве стоит 300 ₽ [1].").score > 0.8


def test_weak_retrieval_keeps_even_a_quotation_below_the_default_threshold(judged):
    assert judged("Доставка курьером по Москве стоит 300 ₽ [1].", answerable=(0.1,)).score < 0.5


def test_a_quotation_without_the_price_that_was_asked_for_stays_below_the_default_threshold(judged):
    verdict = judged("Курьер приезжает с 9 до 21 часа [1].", answerable=(0.99,))

    assert verdict.features["figure"] == 0
    assert verdict.score < 0.75
    assert verdict.doubts[0].name is DoubtName.FIGURE


def test_the_least_answerable_of_several_questions_counts(judged):
    text = "Доставка курьером по Москве стоит 300 ₽ [1]."
    parts = {"parts": (QUESTION, QUESTION)}

    assert judged(text, answerable=(0.95, 0.2), **parts).score == judged(text, answerable=(0.2, 0.2), **parts).score


def test_invented_words_cost_the_answer_its_score(judged):
    invented = "Наш робот привозит посылки вертолётом прямо на балкон соседнего дома [1]."

    assert judged(invented).score < 0.2


def test_one_invented_sentence_does_not_drown_among_good_ones(judged):
    good = "Доставка курьером по Москве стоит 300 ₽ [1]. Курьер приезжает с 9 до 21 часа [1]."

    assert judged(f"{good} Посылку можно оставить соседям снизу [1].").score < judged(good).score - 0.2


def test_a_failed_check_makes_the_score_zero_and_says_why(judged):
    verdict = judged("Доставка курьером стоит 100 ₽ [1].")

    assert verdict.score == 0
    assert [check.detail for check in verdict.failed] == ["100"]


def test_a_passage_that_search_ranked_low_lowers_the_score(make_job, make_passage):
    far = make_passage(SOURCE, number=2, blend=0.3)
    job = make_job(make_passage("Другое.", blend=1.0), far, question=QUESTION)

    assert judge(job, f"{SOURCE} [2]", (2,)).features["standing"] == pytest.approx(0.3)


def test_a_quotation_is_fully_grounded(make_job, make_passage):
    job = make_job(make_passage(SOURCE), question=QUESTION)
    answer = ExtractiveEngine().generate(job, deadline=4e9)

    verdict = judge(job, answer.text, answer.citations)

    assert verdict.features["grounded"] == verdict.features["backed"] == 1
    assert verdict.score > 0.8


@pytest.mark.parametrize("name", FEATURES)
def test_the_score_rises_with_every_feature(name):
    middle = dict.fromkeys(FEATURES, 0.6)

    assert score(middle | {name: 0.9}) > score(middle) > score(middle | {name: 0.2})


def test_an_answer_about_another_town_than_the_one_asked_about_stays_below_the_threshold(make_job, make_passage):
    source = "В Тбилиси посылка идёт 6 дней."
    fields = {"question": "Сколько дней идёт посылка в Новосибирск?", "answerable": (0.7,)}

    assert judge(make_job(make_passage(source), **fields), f"{source} [1]", (1,)).score < 0.5


def test_a_name_in_another_case_is_the_same_name(make_job, make_passage):
    job = make_job(make_passage("В Казани есть склад."), question="Есть ли склад в Казань?")

    assert judge(job, "В Казани есть склад. [1]", (1,)).features["named"] == 1


def test_an_opinion_that_was_not_heard_costs_more_than_a_firm_yes_and_less_than_a_no():
    features = dict.fromkeys(FEATURES, 0.9)
    yes, no = (score(features | {"supported": p, "relevant": p}) for p in (1.0, 0.0))

    assert no < score(features | {"unheard": 1.0}) < yes == score(features)


def test_a_low_score_names_what_took_most_and_where(judged):
    invented = judged("Наш робот привозит посылки вертолётом прямо на балкон соседнего дома [1].").doubts

    assert (invented[0].name, invented[0].detail[:9]) == ("sentence", "Наш робот")
    assert not judged("Доставка курьером по Москве стоит 300 ₽ [1].").doubts


@pytest.mark.parametrize(
    ("sentence", "name", "detail"),
    [("Курьер приезжает за 7 минут.", "number", "7"), ("Курьер по городу Казань стоит 300 ₽.", "name", "казань"),
     ("Доставка курьером по Москве не стоит 300 ₽.", "negation", "Доставка курьером по Москве не стоит 300 ₽."),
     ("The courier costs 300 ₽.", "language", "The courier costs 300 ₽.")],
)  # fmt: skip
def test_a_doubtful_sentence_is_told_by_what_its_source_lacks(sentence, name, detail):
    assert of_sentence(sentence, SOURCE) == Doubt(name=name, detail=detail)


def test_a_name_of_the_question_that_no_source_knows_is_named(make_job, make_passage):
    job = make_job(make_passage(SOURCE), question="Сколько стоит доставка курьером в Новосибирск?")

    found = judge(job, "Доставка курьером по Москве стоит 300 ₽ [1].", (1,)).doubts
    assert Doubt(name="name_asked", detail="Новосибирск") in found
