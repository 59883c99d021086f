"""Trains the no-answer model on questions made from the base itself.

Positive: what a chunk says, with words left out, named by another word of the same concept, and told with everyday
words around it. Negative: the same questions while everything that names their subject is hidden, the same with a
subject that the base does not know, and a fixed set that no company's base answers.
"""

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.concepts import concepts_of, everyday_words, other_names
from knowledge.index import Index
from knowledge.no_answer import NoAnswerModel, features
from knowledge.passages import Chunk
from knowledge.ranking import largeness, rank
from knowledge.sentences import SentenceEmbedder
from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import stem, words

MAX_CHUNKS = 240
"""Questions are made from at most so many chunks, spread evenly, so that training takes about a second."""

_FILE = Path(__file__).with_name("training_questions.toml")
_SEED = 20
_FEWEST_WORDS = 2
_MOST_WORDS = 4
_RENAMED = 0.9
_LEFT_OUT = 0.3
_LEFT_OUT_RARE = 0.6
"""Customers seldom know an article's own words: those outside everyday concepts are left out more often."""
_MAX_TOLD = 1
_HIDDEN = (0.1, 1.0)
"""Importance in a small and in a large base, as below. At 1 in a small one the bot is surer of having nothing: 53 of
200 questions of our basket are answered instead of 84, and 1 of 40 that have no answer instead of 4."""
_OF_ANOTHER = (1.0, 0.1)
"""A large base is asked about things that it mentions, a small one about things that it does not."""
_MOST_HIDDEN = 0.3
"""A word that more of the base speaks of is no subject that could be hidden."""
_FIXED = (12.0, 3.0)
"""Few questions, but the only ones that people wrote."""
_BESIDE = 0.1
"""Share of good questions with a word that nobody could know: a name, a place, a brand."""


@dataclass(frozen=True, slots=True)
class _Example:
    query: str
    language: str
    hidden: str | None
    """Chunks that hold this stem are hidden."""
    answerable: bool
    importance: tuple[float, float] = (1.0, 1.0)
    """In a small and in a large base."""


def train(index: Index, model: SentenceEmbedder | None = None) -> NoAnswerModel:
    """Fit the model for this index; deterministic. ``model``: the pretrained one that the index was built with."""
    rows: list[dict[str, float]] = []
    used: list[_Example] = []
    written_in = {language: index.columns.written_in(language) for language in index.columns.languages}
    examples = list(_examples(index))
    vectors = _vectors(index, examples, model)
    for example in examples:
        asked = vectors.get(example.query)
        among = written_in[example.language].copy()
        fewest = 1.0
        if example.hidden is not None:
            fewest = (1 - _MOST_HIDDEN) * among.sum()
            among[index.lexical.holders(example.hidden)] = False
        if among.sum() >= fewest:
            rows.append(features(index, example.query, rank(index, example.query, among=among, asked=asked), among))
            used.append(example)
    large = largeness(len(index.chunks))
    # A smooth step: a base hardly above a small one is judged as one.
    share = large**2 * (3 - 2 * large)
    return NoAnswerModel.fit(rows, [e.answerable for e in used], [e.importance for e in used], largeness=share)


def _vectors(index: Index, examples: list[_Example], model: SentenceEmbedder | None) -> dict[str, NDArray[np.float32]]:
    """Embed the questions in languages that the model knows; in the others a vector would change nothing."""
    if model is None or index.meaning is None:
        return {}
    shares = index.meaning.shares
    texts = list(dict.fromkeys(example.query for example in examples if shares.get(example.language)))
    return dict(zip(texts, model.embed_questions(texts), strict=True))


def _examples(index: Index) -> Iterator[_Example]:
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    chance = random.Random(_SEED)  # noqa: S311  # reproducible training, no secret
    step = -(-len(index.chunks) // MAX_CHUNKS)
    for chunk in index.chunks[::step]:
        subjects = told["subjects"][chunk.language].split()
        for spoken in _spoken(chunk, chance):
            beside = [chance.choice(subjects)] if chance.random() < _BESIDE else []
            query = " ".join(spoken + beside)
            yield _Example(query, chunk.language, None, answerable=True)
            hidden = stem(words(_subject(index, spoken))[-1])
            yield _Example(query, chunk.language, hidden, answerable=False, importance=_HIDDEN)
            other = _about_another(index, spoken, chance.choice(subjects))
            yield _Example(other, chunk.language, None, answerable=False, importance=_OF_ANOTHER)
    for language in index.columns.languages:
        for question in told[language]:
            yield _Example(question, language, None, answerable=False, importance=_FIXED)


def _spoken(chunk: Chunk, chance: random.Random) -> Iterator[list[str]]:
    """Ways in which a customer may ask for the chunk, as words."""
    heading = chunk.question or " ".join((chunk.title, *chunk.breadcrumb[-1:]))
    sentence = chunk.text.split("\n", 1)[0].split(". ", 1)[0]
    for text in (heading, f"{heading} {sentence}"):
        meant = list(dict.fromkeys(word for word in words(text) if word not in STOP_WORDS))
        kept = [word for word in meant if chance.random() > (_LEFT_OUT if concepts_of(word) else _LEFT_OUT_RARE)]
        if len(kept) < _FEWEST_WORDS:
            kept = meant
        chance.shuffle(kept)
        spoken = [_renamed(word, chunk.language, chance) for word in kept[:_MOST_WORDS]]
        extra = everyday_words(chunk.language)
        spoken += chance.sample(extra, chance.randint(0, _MAX_TOLD))
        if spoken:
            yield spoken


def _renamed(word: str, language: str, chance: random.Random) -> str:
    names = [name for concept in concepts_of(word) for name in other_names(concept, language)]
    return chance.choice(names) if names and chance.random() < _RENAMED else word


def _subject(index: Index, spoken: list[str]) -> str:
    """Return the rarest word."""
    return max(spoken, key=lambda word: (index.lexical.weight(stem(word)), word))


def _about_another(index: Index, spoken: list[str], subject: str) -> str:
    rarest = _subject(index, spoken)
    return " ".join(subject if word == rarest else word for word in spoken)
