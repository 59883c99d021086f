import numpy as np
import pytest

from support.intents.current import CurrentClassifier
from support.intents.examples import load_intents
from support.intents.ridge import Ridge, Rows
from support.intents.text_classifier import UNKNOWN, TextClassifier

TEXTS = [
    f"{verb} the {thing}"
    for thing in ("parcel", "invoice", "tent", "kayak")
    for verb in ("track", "send", "see", "get")
]
LABELS = np.repeat(np.arange(4), 4)


def test_what_a_left_out_row_scores_is_what_a_model_without_it_says():
    features = TextClassifier.fit(TEXTS, LABELS, n_labels=4).features
    rows, target = Rows(features.rows(TEXTS), None), np.eye(4)[LABELS]
    for group in (np.arange(16), LABELS):
        left_out = Ridge.fit(rows, target).left_out(group)
        held = group == group[5]
        without = Ridge.fit(rows.take(~held), target[~held]).weights.scores(rows.take(held))
        assert left_out[held] == pytest.approx(without, abs=1e-8)


def test_a_large_fit_is_the_same_as_a_small_one(monkeypatch):
    features = TextClassifier.fit(TEXTS, LABELS, n_labels=4).features
    rows, target = Rows(features.rows(TEXTS), None), np.eye(4)[LABELS]
    direct = Ridge.fit(rows, target).weights.scores(rows)
    monkeypatch.setattr("support.intents.ridge.DIRECT", 3)
    assert Ridge.fit(rows, target).weights.scores(rows) == pytest.approx(direct, abs=1e-4)


def test_a_stranger_is_less_familiar_than_an_example():
    labels = np.append(LABELS, [UNKNOWN] * 3)
    model = TextClassifier.fit([*TEXTS, "sing a song", "what a sunny day", "tell jokes"], labels, n_labels=4)
    known = model.read(["see the tent please", "tell me a song about the sunny day"]).known
    assert known[0] > known[1]


def test_an_added_example_is_learned_and_forgotten_again():
    current = CurrentClassifier(load_intents())
    text = "фурфурация мельдония"
    before = current.classify(text)
    current.learn([("complaint", text)] * 3)
    assert current.classify(text).intent == "complaint"
    current.learn([])
    assert current.classify(text) == before
