"""Trains the model of knowledge/injection_model.py and writes its weights.

``python -m evaluation.injection_training --attacks attacks.jsonl --everyday messages.jsonl …`` is how those in the
package were made: of our own texts, a collection of attacks and messages of public intent sets. None of their words are
in the package: an n-gram is hashed into one of 8192 slots, and many share each.
"""

import argparse
import random
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_array

from evaluation import json_lines
from evaluation.attack_rows import load as load_attacks
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
_PENALTY: Final = 1.0
_MOST_PARTS: Final = 8
_LOOKALIKE: Final = 6.0
"""Weight of a benign text with an attack's words, against one of everyday's."""
_REAL: Final = 3.0
"""Weight of an attack of a collection, against one that was put together."""
_MOST_EVERYDAY: Final = 6000
"""Messages of intent sets that are learnt from."""


def fit(more: Iterable[tuple[str, bool]] = (), everyday: Sequence[str] = ()) -> InjectionModel:
    """Learn from our own texts, from (text, attack) rows of a collection, whose benign ones look like attacks, and from
    everyday messages; deterministic, a few seconds.
    """
    told = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    examples = [(text, True, 1.0) for language in ("en", "ru") for text in _made(told["attacks"][language])]
    examples += [(text, True, 1.0) for language in ("en", "ru") for text in told["attacks"][language]["whole"]]
    examples += [(text, False, _LOOKALIKE) for language in ("en", "ru") for text in told["benign"][language]["texts"]]
    examples += [(text, False, 1.0) for text in _everyday()]
    examples += [(text, attack, _REAL if attack else _LOOKALIKE) for text, attack in more]
    draw = random.Random(_SEED)  # noqa: S311  # nothing secret
    examples += [(text, False, 1.0) for text in draw.sample(everyday, min(len(everyday), _MOST_EVERYDAY))]
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


def main() -> None:
    """Write the weights."""
    parser = argparse.ArgumentParser(description="Train the model that tells messages to a model from others.")
    parser.add_argument(
        "--attacks", type=Path, help="A file as of otvet eval attacks; payloads in articles are left out."
    )
    parser.add_argument("--everyday", type=Path, nargs="*", default=[], help='Files of {"text"} rows.')
    told = parser.parse_args()
    rows_of_attacks = load_attacks(told.attacks) if told.attacks else ()
    more = [(row.text, bool(row.attack)) for row in rows_of_attacks if not row.kind.startswith("indirect")]
    everyday = sorted({text for file in told.everyday for text in read_everyday(file)})
    FILE.write_text(fit(more, everyday).to_json(), encoding="utf-8")


def read_everyday(file: Path) -> list[str]:
    """Return the texts of {"text"} rows, each once."""
    return sorted({row.get("text", "") for _, row in json_lines.read(file, "an object with text")} - {""})


if __name__ == "__main__":
    main()
