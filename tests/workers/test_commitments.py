import pytest

from evaluation.yielding import phrasings
from support.jobs import CheckName
from workers import checks
from workers.promptbook import template

RULE = "Доставка бесплатна от 7 000 ₽. Деньги возвращаются в течение 10 дней после приёма. Скидка 10 % — по промокоду."
EN_RULE = "Delivery is free over 7,000 roubles. Refunds take 10 days after the return. Discounts need a promo code."


@pytest.mark.parametrize("name", list(phrasings("ru")))
def test_no_russian_promise_passes_over_a_rule_about_the_same_thing(make_job, make_passage, name):
    assert checks.run(make_job(make_passage(RULE)), f"{phrasings('ru')[name]} [1]")


@pytest.mark.parametrize("name", list(phrasings("en")))
def test_no_english_promise_passes_over_a_rule_about_the_same_thing(make_job, make_passage, name):
    assert checks.run(make_job(make_passage(EN_RULE), language="en"), f"{phrasings('en')[name]} [1]")


@pytest.mark.parametrize(
    "text",
    [
        "Доставка бесплатна от 7 000 ₽ [1].",
        "Деньги возвращаются в течение 10 дней [1].",
        "Да, бесплатна от 7 000 ₽ [1].",
    ],
)
def test_the_rule_itself_passes(make_job, make_passage, text):
    assert checks.run(make_job(make_passage(RULE)), text) == ()


def test_the_prompt_is_never_told(make_job, make_passage):
    told = template("ru", "system").splitlines()[0]

    assert CheckName.PROMPT_REVEALED in [one.name for one in checks.run(make_job(make_passage(RULE)), f"{told} [1]")]
