import pytest

from workers.expectation import Kind, expected, speaks_of_a_case, subject


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Сколько стоит доставка?", Kind.PRICE),
        ("How much is delivery?", Kind.PRICE),
        ("Какой срок гарантии?", Kind.DURATION),
        ("How long does it take?", Kind.DURATION),
        ("До скольки вы работаете?", Kind.CLOCK),
        ("What time do you open?", Kind.CLOCK),
        ("Какая скидка?", Kind.DISCOUNT),
        ("Сколько баллов дают?", Kind.COUNT),
        ("Где вы находитесь?", Kind.PLACE),
        ("What is your phone number?", Kind.CONTACT),
        ("Как вернуть товар?", Kind.STEPS),
        ("How do I return it?", Kind.STEPS),
    ],
)
def test_the_form_of_a_question_tells_what_would_answer_it(question, kind):
    assert kind in expected(question).kinds


def test_how_long_asks_for_no_steps_and_a_plain_question_for_nothing_special():
    assert Kind.STEPS not in expected("How long does it take?").kinds
    assert expected("Есть ли рассрочка?").kinds == frozenset()


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        ("Сколько стоит?", "Доставка стоит 1 200 ₽.", "Доставка есть везде."),
        ("How long?", "It takes 5 working days.", "It is free."),
        ("Во сколько закрываетесь?", "Открыто до 21:00.", "Открыто ежедневно."),
        ("Сколько баллов дают?", "За отзыв дают 100 баллов.", "Баллы дают за 5 отзывов."),
        ("Как связаться с вами?", "Пишите на help@shop.example.", "Пишите нам."),
    ],
)
def test_a_figure_of_the_wanted_kind_is_told_from_other_lines(question, answer, other):
    assert expected(question).figure_in(answer)
    assert not expected(question).figure_in(other)


def test_places_and_steps_are_told_by_their_words():
    assert expected("Где вы?").wording_in("Мы на улице Ленина, 5.")
    assert expected("Как вернуть?").wording_in("Нажмите «Вернуть».")
    assert expected("How do I return it?").wording_in("1. A label")
    assert not expected("Где вы?").wording_in("Мы рады вам.")


def test_words_that_only_ask_are_no_subject_unless_there_is_nothing_else():
    assert subject("Сколько стоит доставка?") == {"доставк"}
    assert subject("Сколько стоит?") == {"сто"}


def test_a_special_case_is_told_from_a_rule():
    assert speaks_of_a_case("Если курьер никого не застал, позвоните.")
    assert speaks_of_a_case("What happens if I am late?")
    assert not speaks_of_a_case("Tell us if you move.")
