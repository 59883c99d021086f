"""What a message is about: rules, then a classifier trained on examples, honest about doubt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from support.intents.examples import Intent, IntentsError, Route
from support.intents.features import MAX_CHARACTERS, fold
from support.intents.person_model import bundled as person_model
from support.intents.rules import MAYBE, RuleHit, apply_rules, find_order_number, wants_nobody
from support.intents.text_classifier import TextClassifier
from support.suspicion import is_to_a_model

# Of the examples that a model without a tenth of them is sure about, so many must be right: the lowest threshold holds.
_PRECISION = 0.95
_MARGIN = 0.12
_STRANGE = 0.02
"""Of the examples that are routed right, so many are less familiar than a message must be."""
_THRESHOLDS = np.arange(0.30, 0.81, 0.02)
# A question less likely than this is not worth a search.
_WORTH_A_SEARCH = 0.15
# Between these and anything else a wrong guess costs the customer something: better ask.
_ACTED_UPON = frozenset({Route.ORDER_STATUS, Route.OPERATOR, Route.COMPLAINT})
_PERSON = "operator"
"""The bundled intent of calling a person; a company's own intents may call one for other reasons."""
_UNTHINKABLE = 0.05
"""Nobody is called for what asks for a person no likelier than this."""
_CALLS_SOMEBODY = frozenset({Route.OPERATOR, Route.COMPLAINT})
# The cues, by their names in cues.toml, without which a message is not mere politeness.
_POLITE_CUES = ("hello", "thanks", "bye", "you", "chat", "robot")


@dataclass(frozen=True, slots=True)
class Classification:
    """What a message is about, and how that was decided."""

    intent: str
    route: Route
    confidence: float
    """Probability of the route, 0..1."""
    source: Literal["rule", "model", "language_model"]
    ranking: tuple[tuple[str, float], ...]
    """Every route's likeliest intent with the route's probability, likeliest first."""
    sure: bool
    """False: ask the customer, offering the first two of the ranking."""
    order_number: str | None
    why: str
    """One plain English sentence for logs and the sandbox; never holds the customer's words."""


@dataclass(frozen=True, slots=True)
class IntentClassifier:
    """Fitted on the intents' examples; immutable and safe to share between tasks."""

    intents: tuple[Intent, ...]
    model: TextClassifier
    threshold: float
    """Confidence a route needs, 0..1, calibrated on what each example would be taken for if it were not known."""
    familiar: float
    """How much a message must be like the examples, 0..1, to be acted upon."""

    @classmethod
    def fit(cls, intents: Sequence[Intent], vectors: NDArray[np.float32] | None = None) -> Self:
        """Train on the examples; deterministic, about half a second.

        ``vectors``: float32[n_examples, d] of a sentence model, in the order of ``examples_of``.

        Raises:
            IntentsError: there are fewer than two intents.
        """
        if len(intents) < 2:  # noqa: PLR2004  # a choice needs two
            raise IntentsError("At least two intents are needed to tell them apart.")
        texts = examples_of(intents)
        labels = np.array([number for number, intent in enumerate(intents) for _ in intent.examples])
        model = TextClassifier.fit(texts, labels, n_labels=len(intents), vectors=vectors)
        return cls(tuple(intents), model, *_calibrate(model, labels, intents))

    def classify(self, text: str, vector: NDArray[np.float32] | None = None) -> Classification:
        """Decide what one message is about; ``vector``, float32[d], if and only if it was fitted with vectors."""
        likely = person_model().probability(text)
        hit = apply_rules(text, likely)
        text = text[:MAX_CHARACTERS]
        number = find_order_number(text)
        if hit:
            return self._by_rule(hit, number)
        readings = self.model.read([text], None if vector is None else vector[None])
        ranking, familiar = self._rank(readings.probabilities[0]), float(readings.known[0]) >= self.familiar
        if self.model.features.is_gibberish(text):
            wanted = [Route.QUESTION, Route.OPERATOR, *Route]
            ranking = tuple(sorted(ranking, key=lambda entry: wanted.index(self._intent(entry[0]).route)))
            first, sure, why = ranking[0], False, "Not sure: it does not look like words."
        else:
            first, sure, why = self._decide(text, ranking, number, familiar=familiar, likely=likely)
        ordered = (first, *(entry for entry in ranking if entry != first))
        calls = sure and self._intent(first[0]).route in _CALLS_SOMEBODY
        if likely >= MAYBE and not calls and not is_to_a_model(text):
            ordered, sure, why = self._with_a_person(ordered), False, f"Not sure: it asks for a person at {likely:.2f}."
        elif likely < MAYBE and sure and first[0] == _PERSON and not self._is_example(text):
            sure, why = False, f"Not sure: {first[0]} at {first[1]:.2f}, but it asks for a person at {likely:.2f} only."
        first = ordered[0]
        intent = self._intent(first[0])
        return Classification(intent.name, intent.route, first[1], "model", ordered, sure, number, why)

    def _with_a_person(self, ranking: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
        """Put the call of a person among the two that are offered."""
        place = next((at for at, entry in enumerate(ranking) if self._intent(entry[0]).route is Route.OPERATOR), None)
        if place is None:
            return ranking
        name = _PERSON if any(intent.name == _PERSON for intent in self.intents) else ranking[place][0]
        rest = (*ranking[:place], *ranking[place + 1 :])
        at = min(place, 1)
        return (*rest[:at], (name, ranking[place][1]), *rest[at:])

    def _by_rule(self, hit: RuleHit, number: str | None) -> Classification:
        same_route = [intent for intent in self.intents if intent.route is hit.route]
        intent = next((intent for intent in same_route if intent.name == hit.intent), same_route[0])
        ranking = ((intent.name, 1.0),)
        return Classification(intent.name, hit.route, 1.0, "rule", ranking, True, number, f"Rule: {hit.why}.")

    def _rank(self, probabilities: NDArray[np.float64]) -> tuple[tuple[str, float], ...]:
        totals: dict[Route, float] = {}
        best: dict[Route, tuple[float, str]] = {}
        for intent, probability in zip(self.intents, probabilities, strict=True):
            totals[intent.route] = totals.get(intent.route, 0.0) + float(probability)
            best[intent.route] = max(best.get(intent.route, (0.0, "")), (float(probability), intent.name))
        return tuple((best[route][1], totals[route]) for route in sorted(totals, key=lambda route: -totals[route]))

    def _decide(
        self, text: str, ranking: tuple[tuple[str, float], ...], number: str | None, *, familiar: bool, likely: float
    ) -> tuple[tuple[str, float], bool, str]:
        """Return the chosen entry of the ranking, whether it is sure, and why."""
        first, second = ranking[0], ranking[1]
        clear = first[1] >= self.threshold and first[1] - second[1] >= _MARGIN
        if clear and familiar and self._has_grounds(text, first, likely):
            return first, True, f"Model: {first[0]} at {first[1]:.2f}, threshold {self.threshold:.2f}."
        question = next((entry for entry in ranking if self._intent(entry[0]).route is Route.QUESTION), first)
        if not self.model.features.says(text) and number is None:
            return question, True, "Nothing in it speaks for an action, so the knowledge base is asked."
        if not self._has_grounds(text, first, likely):
            ranking = (*ranking[1:], first)
            first, second = ranking[0], ranking[1]
        if {self._intent(name).route for name, _ in (first, second)} & _ACTED_UPON:
            if number and self._intent(first[0]).route is Route.ORDER_STATUS and first[1] - second[1] >= _MARGIN:
                return first, True, f"Model: {first[0]} at {first[1]:.2f}, and the message holds an order number."
            return first, False, f"Not sure: {first[0]} at {first[1]:.2f}, {second[0]} at {second[1]:.2f}."
        # Whether the knowledge base has an answer is found out by searching it, better than by guessing here.
        question = next((entry for entry in ranking if self._intent(entry[0]).route is Route.QUESTION), first)
        if question[1] < _WORTH_A_SEARCH:
            return first, True, f"Model: {first[0]} at {first[1]:.2f}; nothing that needs an action is likely."
        return question, True, f"Model: no clear {first[0]} at {first[1]:.2f}, so the knowledge base is asked."

    def _has_grounds(self, text: str, first: tuple[str, float], likely: float) -> bool:
        """Whether mere politeness is said in so many words, and a person is one who could be called.

        A bare «cushions» is likelier a question, and so is «my mobile operator».
        """
        match self._intent(first[0]).route:
            case Route.GREETING:
                return self.model.features.says(text, *_POLITE_CUES)
            case Route.OPERATOR:
                asks = likely >= _UNTHINKABLE or first[0] != _PERSON or self._is_example(text)
                return asks and not wants_nobody(text)
            case _:
                return True

    def _is_example(self, text: str) -> bool:
        """Whether it was taught, as by an administrator who corrected a wrong guess."""
        return fold(text.strip()) in (fold(example) for intent in self.intents for example in intent.examples)

    def _intent(self, name: str) -> Intent:
        return next(intent for intent in self.intents if intent.name == name)


def examples_of(intents: Sequence[Intent]) -> list[str]:
    """Return all examples, intent after intent."""
    return [example for intent in intents for example in intent.examples]


def _calibrate(model: TextClassifier, labels: NDArray[np.int64], intents: Sequence[Intent]) -> tuple[float, float]:
    """Return the lowest confidence above which enough of the left-out examples are routed right, and their familiarity.

    The latter is what nearly all of those that are routed right have.
    """
    if model.left_out is None:
        return float(_THRESHOLDS[-1]), 0.0
    routes = list(Route)
    route_of = np.array([routes.index(intent.route) for intent in intents])
    by_route = model.left_out.probabilities @ np.eye(len(routes))[route_of]
    confidence, right = by_route.max(axis=1), by_route.argmax(axis=1) == route_of[labels]
    familiar = float(np.quantile(model.left_out.known[right], _STRANGE)) if right.any() else 0.0
    for threshold in _THRESHOLDS:
        accepted = confidence >= threshold
        if accepted.any() and right[accepted].mean() >= _PRECISION:
            return float(threshold), familiar
    return float(_THRESHOLDS[-1]), familiar
