"""Does every message go where it belongs?"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from evaluation.baskets import ROUTES, Question, RoutingMessage
from evaluation.figures import Share
from evaluation.report import Failure, RoutingReport, by_language
from evaluation.timings import Stopwatch
from support.intents.classifier import IntentClassifier

UNSURE: Final = "unsure"


def measure_routing(
    messages: Sequence[RoutingMessage],
    questions: Sequence[Question],
    classifier: IntentClassifier,
    stopwatch: Stopwatch,
) -> RoutingReport:
    """Classify every message, and every question."""

    def route(text: str) -> str:
        with stopwatch.stage("classify"):
            classification = classifier.classify(text)
        return classification.route.value if classification.sure else UNSURE

    asked = [(question.language, route(question.question)) for question in questions]
    return compare_routes(messages, [route(message.text) for message in messages], asked)


def compare_routes(
    messages: Sequence[RoutingMessage], taken: Sequence[str], asked: Sequence[tuple[str, str]]
) -> RoutingReport:
    """Hold the routes taken against the right ones; ``asked``: language and route of each question."""
    pairs = list(zip(messages, taken, strict=True))
    counts: Counter[tuple[str, str]] = Counter((message.route, route) for message, route in pairs)
    return RoutingReport(
        accuracy=by_language(((message.language, message.route == route) for message, route in pairs), Share.of),
        questions_recognised=by_language(((language, route == "question") for language, route in asked), Share.of),
        unsure=sum(route == UNSURE for route in taken),
        confusion={right: {route: counts[right, route] for route in (*ROUTES, UNSURE)} for right in ROUTES},
        failures=tuple(
            Failure(id=message.id, language=message.language, text=message.text, wanted=message.route, got=route)
            for message, route in pairs
            if message.route != route
        ),
    )
