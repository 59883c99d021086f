"""Trains the model of knowledge/injection_model.py: ``python -m evaluation.injection_training`` writes its weights."""

import random
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_array

from evaluation.baskets import OWN_BASKET
from evaluation.baskets import load as load_basket
from knowledge.injection_model import FILE, SIZE, InjectionModel, rows
from knowledge.logistic import LogisticRegression
from knowledge.sources import read_sources
from support.intents.examples import load_intents
from support.settings import PACKAGE_ROOT

TEXTS: Final = Path(__file__).with_name("injection_texts.toml")
_SEED: Final = 7
_MADE: Final = 900
"""Attacks put together a language."""
_PENALTY: Final = 0.3
_MOST_PARTS: Final = 8
_LOOKALIKE: Final = 6.0
"""Weight of a benign text with an attack's words, against one of everyday's."""


def fit(more: Iterable[tuple[str, bool]] = ()) -> InjectionModel:
    """Learn from our own texts, and from (text, attack) rows of somebody else's; deterministic, a few seconds."""
    told = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    examples = [(text, True, 1.0) for language in ("en", "ru") for text in _made(told["attacks"][language])]
    examples += [(text, False, _LOOKALIKE) for language in ("en", "ru") for text in told["benign"][language]["texts"]]
    examples += [(text, False, 1.0) for text in _everyday()]
    examples += [(text, attack, 1.0) for text, attack in more]
    table = [rows(text) for text, _, _ in examples]
    places = np.concatenate([place for place, _ in table])
    values = np.concatenate([value for _, value in table])
    starts = np.concatenate([[0], np.cumsum([len(place) for place, _ in table])])
    labels = np.array([attack for _, attack, _ in examples], dtype=np.int64)
    weight = np.array([importance for _, _, importance in examples])
    weight *= (weight.sum() / 2 / np.bincount(labels, weight))[labels]
    matrix = csr_array((values, places, starts), shape=(len(table), SIZE))
    fitted = LogisticRegression.fit(matrix, labels, n_classes=2, penalty=_PENALTY, row_weights=weight)
    return InjectionModel(fitted.weights[:, 1] - fitted.weights[:, 0], float(fitted.bias[1] - fitted.bias[0]))


def _made(told: dict[str, Any]) -> list[str]:
    """Put parts together, short attacks as often as long ones."""
    draw = random.Random(_SEED)  # noqa: S311  # nothing secret
    made = []
    for _ in range(_MADE):
        parts = draw.sample(told["parts"], min(int(2 ** draw.uniform(0, 3.2)), _MOST_PARTS))
        who = draw.choice(told["who"])
        text = " ".join(parts).replace("{who}", who)
        made.append(text.upper() if draw.random() < 0.05 else text)  # noqa: PLR2004  # some shout
    return made


def _everyday() -> list[str]:
    """Return what customers write and articles say: our basket, the intents' examples, the demo shop."""
    basket = load_basket(OWN_BASKET)
    texts = [asked.question for asked in basket.questions]
    texts += [hopeless.question for hopeless in basket.unanswerable]
    texts += [message.text for message in basket.routing]
    texts += [example for intent in load_intents(None) for example in intent.examples]
    shop = read_sources(PACKAGE_ROOT / "otvet" / "demo_shop" / "knowledge")
    texts += [block.text for article in shop.documents for section in article.sections for block in section.blocks]
    return texts


if __name__ == "__main__":
    FILE.write_text(fit().to_json(), encoding="utf-8")
