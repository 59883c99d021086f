"""Trains the model of support/intents/person_model.py and writes its weights.

``python -m evaluation.person_training --lists tests/support/intents/persons.toml --everyday messages.jsonl …`` is how
those in the package were made: of our own texts, lists of requests and look-alikes, and messages of public intent sets.
None of the latter's words are in the package: what a word stands for, or how it is spelt, is hashed into one of 32,768
slots.
"""

import argparse
import json
import random
import tomllib
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_array

from evaluation.baskets import OWN_BASKET
from evaluation.baskets import load as load_basket
from knowledge.keyboard import CYRILLIC_TO_LATIN, LATIN_TO_CYRILLIC
from knowledge.logistic import LogisticRegression
from knowledge.sources import read_sources
from support.intents.examples import Route, load_intents
from support.intents.person_model import FILE, SIZE, PersonModel, parts, row
from support.settings import PACKAGE_ROOT

TEXTS: Final = Path(__file__).with_name("person_texts.toml")
_SEED: Final = 7
_MADE: Final = 12
"""Messages that are made of each template."""
_PENALTY: Final = 0.5
_ROUNDS: Final = 2
"""Times that the part of a request that asks is looked for anew."""
_LISTED: Final = 3.0
"""Weight of a message that somebody wrote, against one that was made."""
_OWN: Final = 3.0
"""Weight of what our own customers and articles say, against an everyday message of others."""
_MOST_EVERYDAY: Final = 18_000
_SHARES: Final = {"typos": 0.4, "bare": 0.4, "story": 0.3, "latin": 0.04, "layout": 0.04, "joined": 0.05}
_LATIN: Final = dict(zip("абвгдезийклмнопрстуфыэю", [*"abvgdeziyklmnoprstufye", "yu"], strict=True)) | {
    "ж": "zh", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ь": "", "ъ": "", "я": "ya", "ё": "e",
}  # fmt: skip
_NEIGHBOURS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")

Example = tuple[str, bool, float]


def fit(listed: Iterable[tuple[str, bool]], everyday: Sequence[str]) -> PersonModel:
    """Learn from (text, asks for a person) pairs that people wrote, from messages that were made, and from everyday
    messages, which ask for nobody; deterministic, a minute or two.
    """
    calls = [intent for intent in load_intents(None) if intent.route is Route.OPERATOR]
    listed = [*listed, *((example, True) for intent in calls for example in intent.examples)]
    examples = [(text, asks, _LISTED) for text, asks in listed]
    examples += made()
    draw = random.Random(_SEED)  # noqa: S311  # nothing secret
    examples += [(text, False, _OWN) for text in ours()]
    examples += [(text, False, 1.0) for text in draw.sample(everyday, min(len(everyday), _MOST_EVERYDAY))]
    return learn([(parts(text), asks, weight) for text, asks, weight in examples])


def learn(read: Sequence[tuple[list[Any], bool, float]]) -> PersonModel:
    """Fit on the parts of messages: none of one that asks for nobody does, and one of a request does – which, is told
    by the model so far.
    """
    read = [one for one in read if one[0]]
    owner = np.repeat(np.arange(len(read)), [len(found) for found, _, _ in read])
    table = [row(part) for found, _, _ in read for part in found]
    places = np.concatenate([place for place, _ in table])
    values = np.concatenate([value for _, value in table])
    starts = np.concatenate([[0], np.cumsum([len(place) for place, _ in table])])
    matrix = csr_array((values, places, starts), shape=(len(table), SIZE))
    asks = np.array([wanted for _, wanted, _ in read])
    weight = np.array([importance for _, _, importance in read])
    weight[asks] *= weight[~asks].sum() / weight[asks].sum() / 2
    chosen = np.ones(len(table), dtype=bool)
    model = PersonModel(np.zeros(SIZE), 0.0)
    for _ in range(_ROUNDS):
        of = owner[chosen]
        each = weight[of] / np.bincount(of, minlength=len(read))[of]
        each = np.where(asks[of], each, weight[of])
        fitted = LogisticRegression.fit(
            matrix[chosen], asks[of].astype(np.int64), n_classes=2, penalty=_PENALTY, row_weights=each
        )
        model = PersonModel(fitted.weights[:, 1] - fitted.weights[:, 0], float(fitted.bias[1] - fitted.bias[0]))
        scores = np.asarray(matrix @ model.weights)
        best = np.full(len(read), -np.inf)
        np.maximum.at(best, owner, scores)
        chosen = ~asks[owner] | (scores >= best[owner])
    return model


def made(n: int = _MADE) -> list[Example]:
    """Return messages made of the templates, told as people tell them."""
    told = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    draw = random.Random(_SEED)  # noqa: S311  # nothing secret
    around: dict[str, list[str]] = {"ru": [], "en": []}
    for text in ours():
        around["ru" if any("а" <= letter <= "я" for letter in text.lower()) else "en"].append(text)
    examples: list[Example] = []
    for language, table in told.items():
        for kind in ("asks", "others"):
            for template in table[kind]:
                texts = {_filled(template, table["slots"], draw) for _ in range(n if "{" in template else n // 3)}
                examples += [(_told(text, draw, around[language]), kind == "asks", 1.0) for text in sorted(texts)]
    return examples


def ours() -> list[str]:
    """Return what customers write and articles say that asks for nobody: basket, the intents' examples, the shop."""
    basket = load_basket(OWN_BASKET)
    texts = [asked.question for asked in basket.questions]
    texts += [hopeless.question for hopeless in basket.unanswerable]
    intents = [intent for intent in load_intents(None) if intent.route is not Route.OPERATOR]
    texts += [example for intent in intents for example in intent.examples]
    shop = read_sources(PACKAGE_ROOT / "otvet" / "demo_shop" / "knowledge")
    texts += [block.text for article in shop.documents for section in article.sections for block in section.blocks]
    return texts


def _filled(template: str, slots: dict[str, list[str]], draw: random.Random) -> str:
    while "{" in template:
        start, end = template.index("{"), template.index("}")
        template = template[:start] + draw.choice(slots[template[start + 1 : end]]) + template[end + 1 :]
    return template


def _told(text: str, draw: random.Random, around: list[str]) -> str:
    """Return the message as somebody may type it."""
    if draw.random() < _SHARES["typos"]:
        text = _with_typos(text, draw)
    if draw.random() < _SHARES["story"]:
        other, between = draw.choice(around)[:200], draw.choice([" ", ". ", "! ", ", ", "\n"])
        text = f"{other}{between}{text}" if draw.random() < 0.6 else f"{text}{between}{other}"  # noqa: PLR2004
    if draw.random() < _SHARES["bare"]:
        text = "".join(letter for letter in text if letter.isalnum() or letter in " -")
    if draw.random() < _SHARES["joined"] and text.count(" "):
        at = draw.choice([place for place, letter in enumerate(text) if letter == " "])
        text = text[:at] + text[at + 1 :]
    chance = draw.random()
    if chance < _SHARES["layout"]:
        return text.translate(CYRILLIC_TO_LATIN if any("а" <= letter <= "я" for letter in text) else LATIN_TO_CYRILLIC)
    if chance < _SHARES["layout"] + _SHARES["latin"]:
        return "".join(_LATIN.get(letter, letter) for letter in text.lower())
    return text


def _with_typos(text: str, draw: random.Random) -> str:
    """Drop, swap, double or mistake letters of a word or two, seldom the first."""
    words = text.split(" ")
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        places = [place for place, word in enumerate(words) if len(word) >= 4]  # noqa: PLR2004
        if not places:
            return text
        place = draw.choice(places)
        word = words[place]
        at = draw.randrange(1, len(word) - 1)
        words[place] = draw.choice((
            word[:at] + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[: at + 1] + word[at:],
            word[:at] + _neighbour(word[at], draw) + word[at + 1 :],
            _as_heard(word),
        ))  # fmt: skip
    return " ".join(words)


def _neighbour(letter: str, draw: random.Random) -> str:
    line = next((keys for keys in _NEIGHBOURS if letter in keys), "")
    at = line.find(letter)
    return draw.choice([*line[max(0, at - 1) : at], *line[at + 1 : at + 2]]) if line else letter


def _as_heard(word: str) -> str:
    for right, wrong in (
        ("о", "а"),
        ("е", "и"),
        ("жи", "жы"),
        ("ться", "тся"),
        ("ee", "ea"),
        ("ea", "ee"),
        ("or", "er"),
        ("th", "f"),
    ):
        if right in word:
            return word.replace(right, wrong, 1)
    return word


def everyday_texts(files: Iterable[Path]) -> list[str]:
    """Return half of the distinct messages of intent sets, those with a label of calling a person left out: the other
    half is there to measure on.
    """
    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    texts = sorted({one.get("text") or one.get("question") or "" for one in rows if not _calls(one)} - {""})
    return [text for text in texts if is_learnt_from(text)]


def is_learnt_from(text: str) -> bool:
    """Whether an everyday message belongs to the half that is learnt from."""
    return zlib.crc32(text.encode()) & 1 == 1


def _calls(one: dict[str, Any]) -> bool:
    label = str(one.get("label", "")).lower()
    return label == "1" or any(word in label for word in ("human", "agent", "call", "contact", "handoff", "operator"))


def main() -> None:
    """Write the weights."""
    parser = argparse.ArgumentParser(
        description="Train the model that tells requests for a person from other messages."
    )
    parser.add_argument("--lists", type=Path, help="A file of *_asks and *_others, texts with a message a line.")
    parser.add_argument("--everyday", type=Path, nargs="*", default=[], help='Files of {"text"} rows.')
    told = parser.parse_args()
    lists: dict[str, str] = tomllib.loads(told.lists.read_text(encoding="utf-8")) if told.lists else {}
    listed = [(text, name.endswith("asks")) for name, texts in lists.items() for text in texts.strip().splitlines()]
    FILE.write_text(fit(listed, everyday_texts(told.everyday)).to_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
