"""Does every message go where it belongs?"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from evaluation.baskets import ROUTES, RoutingMessage
from evaluation.figures import Share
from evaluation.report import Failure, RoutingReport, by_language
from evaluation.timings import Stopwatch
from support.intents.classifier import IntentClassifier

UNSURE: Final = "unsure"


def measure_routing(
    messages: Sequence[RoutingMessage], classifier: IntentClassifier, stopwatch: Stopwatch
) -> RoutingReport:
    """Classify every message."""
    taken: list[str] = []
    for message in messages:
        with stopwatch.stage("classify"):
            classification = classifier.classify(message.text)
        taken.append(classification.route.value if classification.sure else UNSURE)
    return compare_routes(messages, taken)


def compare_routes(messages: Sequence[RoutingMessage], taken: Sequence[str]) -> RoutingReport:
    """Hold the routes taken against the right ones."""
    pairs = list(zip(messages, taken, strict=True))
    counts: Counter[tuple[str, str]] = Counter((message.route, route) for message, route in pairs)
    return RoutingReport(
        accuracy=by_language(((message.language, message.route == route) for message, route in pairs), Share.of),
        unsure=sum(route == UNSURE for route in taken),
        confusion={right: {route: counts[right, route] for route in (*ROUTES, UNSURE)} for right in ROUTES},
        failures=tuple(
            Failure(id=message.id, language=message.language, text=message.text, wanted=message.route, got=route)
            for message, route in pairs
            if message.route != route
        ),
    )
