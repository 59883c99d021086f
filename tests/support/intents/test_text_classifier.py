import numpy as np
import pytest
from scipy.optimize import minimize

from support.intents.current import CurrentClassifier
from support.intents.examples import load_intents
from support.intents.hinge import COST, Rows, fit_hinge
from support.intents.text_classifier import UNKNOWN, TextClassifier

TEXTS = [
    f"{verb} the {thing}"
    for thing in ("parcel", "invoice", "tent", "kayak")
    for verb in ("track", "send", "see", "get")
]
LABELS = np.repeat(np.arange(4), 4)


def test_the_machines_reach_the_minimum_of_their_loss():
    features = TextClassifier.fit(TEXTS, LABELS, n_labels=4).features
    rows, target = Rows(features.rows(TEXTS), None), np.eye(4)[LABELS]
    kernel, sign = rows.kernel(rows), 2 * target[:, 1] - 1

    def loss(alpha):
        scores = kernel @ alpha
        return alpha @ scores / 2 + COST * (np.maximum(0, 1 - sign * scores) ** 2).sum()

    found = fit_hinge(rows.table(), target)[:, 1]
    assert loss(found) == pytest.approx(minimize(loss, np.zeros(16), options={"gtol": 1e-8}).fun, rel=1e-4)
    assert rows.weights(found[:, None]).scores(rows)[:, 0] == pytest.approx(kernel @ found, abs=1e-6)


def test_a_row_of_weight_two_counts_as_two_rows():
    features = TextClassifier.fit(TEXTS, LABELS, n_labels=4).features
    twice = [*TEXTS, TEXTS[0]]
    once, both = Rows(features.rows(TEXTS), None), Rows(features.rows(twice), None)
    weighted = fit_hinge(once.table(), np.eye(4)[LABELS], np.where(np.arange(16) == 0, 2.0, 1.0))
    repeated = fit_hinge(both.table(), np.eye(4)[[*LABELS, LABELS[0]]])
    assert once.weights(weighted).scores(once) == pytest.approx(both.weights(repeated).scores(once), abs=5e-3)


def test_an_example_that_was_left_out_is_judged_by_a_model_without_it():
    texts, labels = [*TEXTS, "zebra quagga"], np.append(LABELS, 3)
    left_out = TextClassifier.fit(texts, labels, n_labels=4).left_out
    seen = TextClassifier.fit(texts, labels, n_labels=4).read(["zebra quagga"])
    assert left_out.probabilities[-1, 3] < seen.probabilities[0, 3]
    assert left_out.known[-1] < seen.known[0]


def test_many_examples_are_calibrated_on_one_fold(monkeypatch):
    monkeypatch.setattr("support.intents.text_classifier._ALL_FOLDS", 3)
    model = TextClassifier.fit(TEXTS, LABELS, n_labels=4)
    assert model.left_out is None
    known = model.read(["see the tent please", "qwerty zxcvb"]).known
    assert known[0] > known[1]


def test_vectors_are_taken_where_they_tell_labels_apart_and_left_aside_where_not():
    random = np.random.default_rng(1)
    told = np.eye(4, dtype=np.float32)[LABELS]
    noise = random.normal(size=(16, 4)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    by_words, meant, spoilt = (
        TextClassifier.fit(TEXTS, LABELS, n_labels=4, vectors=one) for one in (None, told, 3 * noise)
    )
    asked = ["see the tent please"]
    assert meant.read(asked, told[-1:]).probabilities[0, 3] > by_words.read(asked).probabilities[0, 3]
    assert spoilt.read(asked, noise[:1]).probabilities == pytest.approx(by_words.read(asked).probabilities)


def test_a_stranger_is_less_familiar_than_an_example():
    labels = np.append(LABELS, [UNKNOWN] * 3)
    model = TextClassifier.fit([*TEXTS, "sing a song", "what a sunny day", "tell jokes"], labels, n_labels=4)
    known = model.read(["see the tent please", "tell me a song about the sunny day"]).known
    assert known[0] > known[1]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_that_is_like_the_examples_makes_a_text_less_familiar(seed):
    random = np.random.default_rng(seed)
    texts = [" ".join(random.choice(list("abcdefgh"), 3)) + f" word{n % 5}" for n in range(12)]
    model = TextClassifier.fit(texts, np.repeat(np.arange(3), 4), n_labels=3).familiar.model
    assert model is not None
    for_known = model.weights[:, 1] * np.array([1, 1, -1, 1, 1])
    assert (for_known >= 0).all()


def test_strangers_to_the_topics_of_two_broad_labels_are_told_from_examples(monkeypatch):
    monkeypatch.setattr("support.intents.topics.TOPIC_SIZE", 4)
    random = np.random.default_rng(0)

    def of(topic: int) -> np.ndarray:
        vector = np.eye(8)[topic] + 0.2 * random.normal(size=8)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    topics = np.repeat(np.arange(6), 4)
    texts = [f"word{number % 7} thing{number % 5}" for number in range(len(topics))]
    learned, asked = np.array([of(topic) for topic in topics]), np.array([of(topic) for topic in (0, 5, 6, 7)])
    model = TextClassifier.fit(texts, topics // 3, n_labels=2, vectors=learned)
    known = model.read(["something else"] * 4, asked).known
    assert model.familiar.n_topics == 6
    assert known[:2].min() > known[2:].max()


def test_an_added_example_is_learned_and_forgotten_again():
    current = CurrentClassifier(load_intents())
    text = "фурфурация мельдония"
    before = current.classify(text)
    current.learn([("complaint", text)] * 3)
    assert current.classify(text).intent == "complaint"
    current.learn([])
    assert current.classify(text) == before
