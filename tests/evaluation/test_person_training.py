from evaluation import person_training
from support.intents.person_model import parts

ASKS = ("позовите оператора", "Где мой заказ? Позовите оператора", "get me a human", "Late again. get me a human")
OTHERS = (
    "где мой заказ?",
    "Late again.",
    "оператор связи",
    "human hair",
    "позовите на распродажу",
    "get me a discount",
)


def test_of_a_request_that_part_is_learnt_that_asks():
    model = person_training.learn(
        [(parts(text), text in ASKS, 1.0) for text in (*ASKS, *OTHERS) for _ in range(20)],
    )

    assert min(map(model.probability, ASKS)) > max(map(model.probability, OTHERS))
    assert model.probability("Сколько стоит доставка? Late again. позовите оператора") > 0.5
    assert model.probability("Где мой заказ? Late again.") < 0.5


def test_made_messages_are_the_same_each_time_and_hold_no_unfilled_slot():
    made = person_training.made(1)

    assert made == person_training.made(1)
    assert len({text for text, _, _ in made}) > 500
    assert not [text for text, _, _ in made if "{" in text]
