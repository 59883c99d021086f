"""The classifier that is in use, which is exchanged whole when administrators add or remove examples."""

from collections.abc import Sequence
from dataclasses import replace

from knowledge.language import detect
from support.intents.classifier import Classification, IntentClassifier
from support.intents.examples import Intent


class CurrentClassifier:
    """Classifies with the newest fit; whoever classifies meanwhile ends with the former."""

    def __init__(self, intents: Sequence[Intent]) -> None:
        self.intents = tuple(intents)
        """As the file has them: buttons and routes know no others."""
        self._fitted = IntentClassifier.fit(intents)

    def classify(self, text: str) -> Classification:
        """Decide what one message is about."""
        return self._fitted.classify(text)

    def learn(self, added: Sequence[tuple[str, str]]) -> None:
        """Fit on the file's examples and the added ones, each an intent's name and a text; half a second."""
        self._fitted = IntentClassifier.fit([_with(intent, added) for intent in self.intents])


def _with(intent: Intent, added: Sequence[tuple[str, str]]) -> Intent:
    texts = [text for name, text in added if name == intent.name]
    russian = tuple(text for text in texts if detect(text) == "ru")
    english = tuple(text for text in texts if detect(text) != "ru")
    return replace(intent, ru=intent.ru + russian, en=intent.en + english)
