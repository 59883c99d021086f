"""The classifier that is in use, which is exchanged whole when administrators add or remove examples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from knowledge.language import detect
from support.intents.classifier import Classification, IntentClassifier, examples_of
from support.intents.examples import Intent

FindVector = Callable[[str, str], NDArray[np.float32] | None]
"""Model revision and text → float32[d], or None for "not now"; it must not take long."""


def _none(_revision: str, _text: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class _Fits:
    by_words: IntentClassifier
    by_meaning: IntentClassifier | None = None
    revision: str = ""
    """Of the sentence model whose vectors ``by_meaning`` has seen."""


class CurrentClassifier:
    """Classifies with the newest fit; whoever classifies meanwhile ends with the former."""

    def __init__(self, intents: Sequence[Intent], find: FindVector = _none) -> None:
        """Fit by words; by meaning as soon as ``learn_meaning`` has vectors, for texts whose vector ``find`` knows."""
        self.intents = tuple(intents)
        """As the file has them: buttons and routes know no others."""
        self._learned = self.intents
        self._find = find
        self._fits = _Fits(IntentClassifier.fit(intents))

    def classify(self, text: str) -> Classification:
        """Decide what one message is about."""
        fits = self._fits
        vector = None if fits.by_meaning is None else self._find(fits.revision, text)
        if fits.by_meaning is None or vector is None:
            return fits.by_words.classify(text)
        return fits.by_meaning.classify(text, vector)

    @property
    def examples(self) -> list[str]:
        """All texts learned from, in the order in which ``learn_meaning`` takes their vectors."""
        return examples_of(self._learned)

    def learn(self, added: Sequence[tuple[str, str]]) -> None:
        """Fit on the file's examples and the added ones, each an intent's name and a text; half a second."""
        self._learned = tuple(_with(intent, added) for intent in self.intents)
        self._fits = _Fits(IntentClassifier.fit(self._learned))

    def learn_meaning(self, revision: str, vectors: NDArray[np.float32]) -> None:
        """Fit on the same examples with their vectors, float32[n_examples, d]; another half second."""
        by_meaning = IntentClassifier.fit(self._learned, vectors)
        self._fits = replace(self._fits, by_meaning=by_meaning, revision=revision)


def _with(intent: Intent, added: Sequence[tuple[str, str]]) -> Intent:
    texts = [text for name, text in added if name == intent.name]
    russian = tuple(text for text in texts if detect(text) == "ru")
    english = tuple(text for text in texts if detect(text) != "ru")
    return replace(intent, ru=intent.ru + russian, en=intent.en + english)
