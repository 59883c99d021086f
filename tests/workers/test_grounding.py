from hypothesis import given
from hypothesis import strategies as st

from workers.grounding.features import FALLS, RISES, measure
from workers.grounding.model import grounded, shipped

SOURCE = (
    "Курьер привозит заказ за 3 дня по Москве. Доставка стоит 300 ₽. Вернуть товар можно в течение 14 дней.\n"
    "Подарочные карты обменять на деньги нельзя."
)
SENTENCES = ("Курьер привозит заказ за 3 дня по Москве.", "Вернуть товар можно в течение 14 дней.")


@given(st.sampled_from(SENTENCES), st.integers(1000, 999_999))
def test_another_number_in_a_quoted_sentence_never_raises_the_score(sentence: str, number: int) -> None:
    changed = " ".join(str(number) if word.isdigit() else word for word in sentence.split())

    assert changed != sentence
    assert grounded("", SOURCE, changed)[0] < grounded("", SOURCE, sentence)[0]


def test_an_invented_sentence_scores_below_a_retold_one() -> None:
    source = "A courier brings parcels to Kazan in four days and costs nothing above 5,000 roubles."
    retold, _ = grounded("", source, "The courier brings parcels to Kazan in four days.")
    invented, _ = grounded("", source, "I think our drones love landing on neighbours' roofs.")

    assert retold > 0.6
    assert invented < 0.2


def test_a_turned_negation_is_seen_where_every_word_is_known() -> None:
    features = measure("", SOURCE, "Подарочные карты обменять на деньги можно.")

    assert (features["negation_parity"], features["opposites"]) == (1, 1)


def test_a_claim_is_judged_by_its_worst_clause_and_a_clause_by_the_sentences_that_say_most_of_it() -> None:
    whole = measure("", SOURCE, "Доставка стоит 300 ₽, вернуть товар можно в течение 14 дней.")
    half = measure("", SOURCE, "Доставка стоит 300 ₽, наши дроны любят соседние крыши.")

    assert (whole["clause_min"], whole["wide_unknown"], half["clause_min"]) == (1, 0, 0)
    assert half["rare_unknown"] > 0


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_text_gets_a_probability(question: str, context: str, answer: str) -> None:
    assert 0 <= grounded(question, context, answer)[0] <= 1


def test_no_weight_goes_against_its_feature() -> None:
    weights = dict(zip(shipped().names, shipped().weights, strict=True))

    assert weights.keys() == RISES | FALLS <= measure("", SOURCE, SOURCE).keys()
    assert min(weights[name] for name in RISES) >= 0 >= max(weights[name] for name in FALLS)
